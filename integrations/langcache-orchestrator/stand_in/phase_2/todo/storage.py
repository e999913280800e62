"""Tasks in a JSON file, replaced as a whole so that a crash leaves the old or the new one."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from todo.model import Task

VERSION = 1


class BrokenFileError(Exception):
    """The file is there but holds no tasks."""


class Storage:
    """Where the tasks are kept."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> list[Task]:
        """Every task; none if there is no file yet."""
        if not self.path.exists():
            return []
        try:
            data = json.loads(self.path.read_text(encoding="utf-8"))
            if data["version"] != VERSION:
                raise BrokenFileError(f"{self.path} is of version {data['version']}, expected {VERSION}")
            return [Task.from_dict(item) for item in data["tasks"]]
        except (ValueError, KeyError, TypeError) as error:
            raise BrokenFileError(f"{self.path} holds no tasks: {error}") from error

    def save(self, tasks: Iterable[Task]) -> None:
        """Replace what is stored."""
        data = {"version": VERSION, "tasks": [task.to_dict() for task in tasks]}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_name(f"{self.path.name}.new")
        with new.open("w", encoding="utf-8") as file:
            json.dump(data, file, indent=2, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)
