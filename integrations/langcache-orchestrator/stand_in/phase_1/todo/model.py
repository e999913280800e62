"""What a task is, and how it is written down."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class Priority(StrEnum):
    """How much a task matters."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do; an edit makes a new one."""

    id: int
    title: str
    done: bool = False
    priority: Priority = Priority.NORMAL
    due: date | None = None
    tags: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise ValueError("a task needs a title")

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "id": self.id,
            "title": self.title,
            "done": self.done,
            "priority": self.priority.value,
            "due": self.due.isoformat() if self.due else None,
            "tags": sorted(self.tags),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Task":
        """What `to_dict` wrote."""
        return cls(
            id=data["id"],
            title=data["title"],
            done=data["done"],
            priority=Priority(data["priority"]),
            due=date.fromisoformat(data["due"]) if data["due"] else None,
            tags=frozenset(data["tags"]),
        )
