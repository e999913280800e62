"""In which order tasks are best done."""

from collections.abc import Iterable
from datetime import date

from todo.model import Priority, Task

RANK = {Priority.HIGH: 0, Priority.NORMAL: 1, Priority.LOW: 2}


def urgency(task: Task) -> tuple[bool, int, date, int]:
    """Open before done, then by priority, then by due date (none comes last), then as they were added."""
    return task.done, RANK[task.priority], task.due or date.max, task.id


def most_urgent_first(tasks: Iterable[Task]) -> list[Task]:
    """Sorted by `urgency`."""
    return sorted(tasks, key=urgency)


def next_task(tasks: Iterable[Task]) -> Task | None:
    """What to do now; None if nothing is open."""
    return next((task for task in most_urgent_first(tasks) if not task.done), None)
