"""Tagging tasks."""

from argparse import REMAINDER, Namespace
from collections.abc import Iterator
from typing import Any

from todo.commands.basic import show
from todo.tags import changed, counted
from todo.tasks import TodoList


def register(commands: Any) -> None:
    """Add these commands to the parser."""
    tag = commands.add_parser("tag", help="change tags: +home -work")
    tag.add_argument("number", type=int)
    tag.add_argument("changes", nargs=REMAINDER)
    tag.set_defaults(run=change_tags)
    commands.add_parser("tags", help="show every tag in use").set_defaults(run=show_tags)


def change_tags(todo: TodoList, given: Namespace) -> Iterator[str]:
    """``todo tag``."""
    task = todo.get(given.number)
    yield show(todo.edit(task.id, tags=changed(task.tags, given.changes)))


def show_tags(todo: TodoList, given: Namespace) -> Iterator[str]:
    """``todo tags``."""
    yield from (f"{count:>3} #{tag}" for tag, count in counted(todo))
