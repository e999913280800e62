"""Finding tasks."""

from argparse import Namespace
from collections.abc import Iterator
from datetime import date
from typing import Any

from todo.commands.basic import show
from todo.filters import matching
from todo.ordering import most_urgent_first
from todo.tasks import TodoList


def register(commands: Any) -> None:
    """Add this command to the parser."""
    # Nothing starts an option here, so that -milk is a word of the query.
    find = commands.add_parser(
        "find", help="find tasks: is:open tag:home due:<friday -milk", prefix_chars="\0", add_help=False
    )
    find.add_argument("query", nargs="*")
    find.set_defaults(run=find_tasks)


def find_tasks(todo: TodoList, given: Namespace) -> Iterator[str]:
    """``todo find``."""
    found = matching(most_urgent_first(todo), " ".join(given.query), date.today())
    yield from map(show, found)
    yield f"{len(found)} of {len(todo)} tasks"
