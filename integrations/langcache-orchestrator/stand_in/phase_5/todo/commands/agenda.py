"""What to do next, and how much it matters."""

from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from todo.commands.basic import show
from todo.model import Priority
from todo.ordering import most_urgent_first, next_task
from todo.tasks import TodoList


def register(commands: Any) -> None:
    """Add these commands to the parser."""
    commands.add_parser("next", help="show what to do now").set_defaults(run=show_next)
    commands.add_parser("agenda", help="show open tasks, most urgent first").set_defaults(run=show_agenda)
    priority = commands.add_parser("priority", help="set how much a task matters")
    priority.add_argument("number", type=int)
    priority.add_argument("priority", choices=[priority.value for priority in Priority])
    priority.set_defaults(run=set_priority)


def show_next(todo: TodoList, given: Namespace) -> Iterator[str]:
    """``todo next``."""
    task = next_task(todo)
    yield "nothing to do" if task is None else show(task)


def show_agenda(todo: TodoList, given: Namespace) -> Iterator[str]:
    """``todo agenda``."""
    yield from (show(task) for task in most_urgent_first(todo) if not task.done)


def set_priority(todo: TodoList, given: Namespace) -> Iterator[str]:
    """``todo priority``."""
    yield show(todo.edit(given.number, priority=Priority(given.priority)))
