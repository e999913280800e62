"""When tasks are due."""

from argparse import Namespace
from collections.abc import Iterator
from datetime import date
from typing import Any

from todo.commands.basic import show
from todo.dates import is_overdue, parse_due
from todo.ordering import most_urgent_first
from todo.tasks import TodoList


def register(commands: Any) -> None:
    """Add these commands to the parser."""
    due = commands.add_parser("due", help="say when a task is due; 'never' takes the date away")
    due.add_argument("number", type=int)
    due.add_argument("date")
    due.set_defaults(run=set_due)
    commands.add_parser("overdue", help="show what should have been done").set_defaults(run=show_overdue)


def set_due(todo: TodoList, given: Namespace) -> Iterator[str]:
    """``todo due``."""
    due = None if given.date == "never" else parse_due(given.date, date.today())
    yield show(todo.edit(given.number, due=due))


def show_overdue(todo: TodoList, given: Namespace) -> Iterator[str]:
    """``todo overdue``."""
    today = date.today()
    yield from (show(task) for task in most_urgent_first(todo) if is_overdue(task, today))
