"""Handing tasks to other programs."""

from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from todo.export import FORMATS
from todo.ordering import most_urgent_first
from todo.tasks import TodoList


def register(commands: Any) -> None:
    """Add this command to the parser."""
    export = commands.add_parser("export", help="write every task for another program")
    export.add_argument("--format", choices=sorted(FORMATS), default="json")
    export.set_defaults(run=export_tasks)


def export_tasks(todo: TodoList, given: Namespace) -> Iterator[str]:
    """``todo export``."""
    yield FORMATS[given.format](most_urgent_first(todo)).rstrip("\n")
