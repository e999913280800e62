"""Tasks for other programs: CSV, JSON and Markdown."""

import csv
import io
import json
from collections.abc import Callable, Iterable

from todo.model import Task

COLUMNS = ("id", "title", "done", "priority", "due", "tags")


def to_csv(tasks: Iterable[Task]) -> str:
    """One row per task; tags separated by spaces."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for task in tasks:
        writer.writerow({**task.to_dict(), "tags": " ".join(sorted(task.tags))})
    return text.getvalue()


def to_json(tasks: Iterable[Task]) -> str:
    """A list of objects."""
    return json.dumps([task.to_dict() for task in tasks], indent=2, ensure_ascii=False) + "\n"


def to_markdown(tasks: Iterable[Task]) -> str:
    """A task list as GitHub shows it."""
    return "".join(f"- [{'x' if task.done else ' '}] {_escaped(task.title)}{_details(task)}\n" for task in tasks)


def _details(task: Task) -> str:
    due = [f"due {task.due.isoformat()}"] if task.due else []
    details = [*due, *(f"#{tag}" for tag in sorted(task.tags))]
    return f" ({', '.join(details)})" if details else ""


def _escaped(title: str) -> str:
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>" else letter for letter in title)


FORMATS: dict[str, Callable[[Iterable[Task]], str]] = {"csv": to_csv, "json": to_json, "markdown": to_markdown}
