"""The list itself: adding, finishing, editing and removing tasks."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from todo.model import Task


class NoSuchTaskError(Exception):
    """No task has this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no task {number}")


class TodoList:
    """Tasks by number; a number is never given twice."""

    def __init__(self, tasks: Iterable[Task] = ()) -> None:
        self._tasks = {task.id: task for task in tasks}

    def __iter__(self) -> Iterator[Task]:
        return iter(list(self._tasks.values()))

    def __len__(self) -> int:
        return len(self._tasks)

    def get(self, number: int) -> Task:
        """The task with this number."""
        if number not in self._tasks:
            raise NoSuchTaskError(number)
        return self._tasks[number]

    def add(self, title: str, **details: Any) -> Task:
        """A new task under the next number."""
        task = Task(max(self._tasks, default=0) + 1, title.strip(), **details)
        self._tasks[task.id] = task
        return task

    def edit(self, number: int, **changes: Any) -> Task:
        """The task with some of its fields changed."""
        task = replace(self.get(number), **changes)
        self._tasks[number] = task
        return task

    def complete(self, number: int) -> Task:
        """Mark as done."""
        return self.edit(number, done=True)

    def reopen(self, number: int) -> Task:
        """Mark as not done."""
        return self.edit(number, done=False)

    def remove(self, number: int) -> Task:
        """Take it off the list."""
        task = self.get(number)
        del self._tasks[number]
        return task
