import csv
import json
from datetime import date

from todo.cli import main
from todo.export import to_csv, to_json, to_markdown
from todo.model import Task

TASKS = [
    Task(1, 'Say "hi", twice', due=date(2026, 1, 7), tags=frozenset({"fun", "a"})),
    Task(2, "Use *stars*", done=True),
]


def test_csv_keeps_quotes_and_commas():
    rows = list(csv.DictReader(to_csv(TASKS).splitlines()))
    assert [row["title"] for row in rows] == [task.title for task in TASKS]
    assert (rows[0]["due"], rows[0]["tags"], rows[1]["done"]) == ("2026-01-07", "a fun", "True")


def test_json_can_be_read_back():
    assert [Task.from_dict(item) for item in json.loads(to_json(TASKS))] == TASKS


def test_markdown_shows_stars_as_stars():
    assert to_markdown(TASKS) == '- [ ] Say "hi", twice (due 2026-01-07, #a, #fun)\n- [x] Use \\*stars\\*\n'


def test_the_command_writes_the_format_asked_for(tmp_path, capsys):
    def todo(*arguments):
        assert main(["--file", str(tmp_path / "todo.json"), *arguments]) == 0
        return capsys.readouterr().out

    todo("add", "Read")
    assert todo("export", "--format", "markdown") == "- [ ] Read\n"
    assert json.loads(todo("export"))[0]["title"] == "Read"
