from datetime import date

import pytest

from todo.cli import main
from todo.dates import is_overdue, parse_due
from todo.model import Task

WEDNESDAY = date(2026, 1, 7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("today", date(2026, 1, 7)),
        ("Tomorrow", date(2026, 1, 8)),
        ("friday", date(2026, 1, 9)),
        ("wednesday", date(2026, 1, 14)),
        ("+3d", date(2026, 1, 10)),
        ("+2w", date(2026, 1, 21)),
        ("2026-03-01", date(2026, 3, 1)),
    ],
)
def test_dates_are_read_as_people_type_them(text, expected):
    assert parse_due(text, WEDNESDAY) == expected


@pytest.mark.parametrize("text", ["", "someday", "+3y", "2026-02-30"])
def test_what_is_no_date_is_named(text):
    with pytest.raises(ValueError, match="is no date"):
        parse_due(text, WEDNESDAY)


def test_overdue_is_open_and_before_today():
    due = date(2026, 1, 6)
    assert is_overdue(Task(1, "Late", due=due), WEDNESDAY)
    assert not is_overdue(Task(1, "Done", done=True, due=due), WEDNESDAY)
    assert not is_overdue(Task(1, "Today", due=WEDNESDAY), WEDNESDAY)
    assert not is_overdue(Task(1, "Whenever"), WEDNESDAY)


def test_the_commands_set_and_show_it(tmp_path, capsys):
    def todo(*arguments):
        status = main(["--file", str(tmp_path / "todo.json"), *arguments])
        return status, capsys.readouterr().out.splitlines()

    todo("add", "Pay rent")
    assert todo("due", "1", "2020-01-31") == (0, ["  1 [ ] Pay rent due 2020-01-31"])
    assert todo("overdue") == (0, ["  1 [ ] Pay rent due 2020-01-31"])
    assert todo("due", "1", "someday") == (1, [])
    assert todo("due", "1", "never") == (0, ["  1 [ ] Pay rent"])
    assert todo("overdue") == (0, [])
