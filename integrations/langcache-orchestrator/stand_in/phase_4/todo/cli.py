"""The command line: finds the file, runs one command, saves what it changed."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from todo.commands import COMMANDS
from todo.storage import BrokenFileError, Storage
from todo.tasks import NoSuchTaskError, TodoList


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    given = parser().parse_args(arguments)
    storage = Storage(given.file)
    try:
        before = storage.load()
        todo = TodoList(before)
        for line in given.run(todo, given):
            print(line)
        if list(todo) != before:
            storage.save(todo)
    except (BrokenFileError, NoSuchTaskError, ValueError) as error:
        print(f"todo: {error}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """Every command, each registered by its own module."""
    made = argparse.ArgumentParser(prog="todo", description="A todo list for the command line.")
    made.add_argument("--file", type=Path, default=default_file(), help="where the tasks are kept")
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.register(commands)
    return made


def default_file() -> Path:
    """``TODO_FILE``, else a file in the home folder."""
    return Path(os.environ.get("TODO_FILE") or Path.home() / ".todo.json")
