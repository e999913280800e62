from datetime import date

import pytest

from todo.cli import main
from todo.filters import matching
from todo.model import Priority, Task

TODAY = date(2026, 1, 7)
TASKS = [
    Task(1, "Buy milk", tags=frozenset({"shop"}), due=date(2026, 1, 6)),
    Task(2, "Buy a bicycle", priority=Priority.HIGH, tags=frozenset({"shop", "dream"})),
    Task(3, "Milk the cow", done=True, due=date(2026, 1, 5)),
]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [1, 2, 3]),
        ("milk", [1, 3]),
        ("is:open milk", [1]),
        ("is:done", [3]),
        ("is:overdue", [1]),
        ("tag:#Shop", [1, 2]),
        ("tag:shop -tag:dream", [1]),
        ("priority:high", [2]),
        ("due:never", [2]),
        ("due:2026-01-06", [1]),
        ("due:<today", [1, 3]),
        ("due:>2026-01-05", [1]),
        ("-milk", [2]),
    ],
)
def test_every_word_must_hold(query, expected):
    assert [task.id for task in matching(TASKS, query, TODAY)] == expected


@pytest.mark.parametrize("query", ["colour:red", "is:blue", "priority:extreme", "due:someday", "tag:a,b"])
def test_a_filter_that_cannot_be_read_is_an_error(query):
    with pytest.raises(ValueError, match=r"is no|not a valid"):
        matching(TASKS, query, TODAY)


def test_the_command_counts_what_it_found(tmp_path, capsys):
    def todo(*arguments):
        status = main(["--file", str(tmp_path / "todo.json"), *arguments])
        return status, capsys.readouterr().out.splitlines()

    todo("add", "Buy milk")
    todo("add", "Read")
    assert todo("find", "is:open", "milk") == (0, ["  1 [ ] Buy milk", "1 of 2 tasks"])
    assert todo("find", "-milk") == (0, ["  2 [ ] Read", "1 of 2 tasks"])
    assert todo("find", "is:blue") == (1, [])
