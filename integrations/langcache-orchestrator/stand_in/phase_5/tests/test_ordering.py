from datetime import date

from todo.cli import main
from todo.model import Priority, Task
from todo.ordering import most_urgent_first, next_task

DONE = Task(1, "Done", done=True, priority=Priority.HIGH)
LOW = Task(2, "Low", priority=Priority.LOW, due=date(2026, 1, 1))
LATER = Task(3, "Later", due=date(2026, 2, 2))
SOON = Task(4, "Soon", due=date(2026, 1, 2))
SOMETIME = Task(5, "Sometime")
HIGH = Task(6, "High", priority=Priority.HIGH)


def test_open_then_priority_then_due_then_age():
    tasks = [DONE, LOW, LATER, SOON, SOMETIME, HIGH]
    assert most_urgent_first(tasks) == [HIGH, SOON, LATER, SOMETIME, LOW, DONE]


def test_what_is_done_is_never_next():
    assert next_task([DONE, LOW]) == LOW
    assert next_task([DONE]) is None


def test_the_commands_show_it(tmp_path, capsys):
    def todo(*arguments):
        assert main(["--file", str(tmp_path / "todo.json"), *arguments]) == 0
        return capsys.readouterr().out.splitlines()

    assert todo("next") == ["nothing to do"]
    todo("add", "Read")
    todo("add", "Call")
    todo("priority", "2", "high")
    assert todo("next") == ["  2 [ ] Call !high"]
    assert todo("agenda") == ["  2 [ ] Call !high", "  1 [ ] Read"]
