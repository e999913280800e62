"""Adding, listing, finishing and removing."""

from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from todo.model import Priority, Task
from todo.tasks import TodoList


def register(commands: Any) -> None:
    """Add these commands to the parser."""
    add = commands.add_parser("add", help="add a task")
    add.add_argument("title")
    add.add_argument("--priority", choices=[priority.value for priority in Priority], default="normal")
    add.set_defaults(run=add_task)
    commands.add_parser("list", help="show every task").set_defaults(run=list_tasks)
    for name, run in (("done", finish), ("undo", reopen), ("remove", remove)):
        command = commands.add_parser(name, help=f"{name} a task")
        command.add_argument("number", type=int)
        command.set_defaults(run=run)


def add_task(todo: TodoList, given: Namespace) -> Iterator[str]:
    """``todo add``."""
    yield show(todo.add(given.title, priority=Priority(given.priority)))


def list_tasks(todo: TodoList, given: Namespace) -> Iterator[str]:
    """``todo list``."""
    yield from map(show, todo)


def finish(todo: TodoList, given: Namespace) -> Iterator[str]:
    """``todo done``."""
    yield show(todo.complete(given.number))


def reopen(todo: TodoList, given: Namespace) -> Iterator[str]:
    """``todo undo``."""
    yield show(todo.reopen(given.number))


def remove(todo: TodoList, given: Namespace) -> Iterator[str]:
    """``todo remove``."""
    yield f"removed: {todo.remove(given.number).title}"


def show(task: Task) -> str:
    """One line for one task."""
    parts = [f"{task.id:>3}", "[x]" if task.done else "[ ]", task.title]
    parts += [f"!{task.priority.value}"] if task.priority is not Priority.NORMAL else []
    parts += [f"due {task.due.isoformat()}"] if task.due else []
    return " ".join([*parts, *(f"#{tag}" for tag in sorted(task.tags))])
