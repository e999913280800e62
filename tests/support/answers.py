"""Answers of every type that can be stored, for hypothesis."""

import dataclasses
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, RootModel, field_validator

T = TypeVar("T")


class Priority(Enum):
    HIGH = "high"
    LOW = 2


@dataclasses.dataclass
class Step:
    title: str
    after: "list[Step]" = dataclasses.field(default_factory=list)


class Task(BaseModel):
    model_config = ConfigDict(frozen=True)
    title: str = Field(alias="Task Title", max_length=1000)
    due: date | None = None
    at: datetime | None = None
    cost: Decimal = Decimal(0)
    ident: UUID | None = None
    priority: Priority = Priority.HIGH
    step: Step | None = None
    notes: dict[str, Any] = {}

    @field_validator("title", mode="before")
    @classmethod
    def _no_tabs(cls, value: Any) -> Any:
        return value.replace("\t", " ") if isinstance(value, str) else value


class Box(BaseModel, Generic[T]):
    inside: T
    others: list[T] = []


class Tasks(RootModel[list[Task]]):
    pass


@dataclasses.dataclass(frozen=True)
class Plan:
    tasks: tuple[Task, ...]
    box: Annotated[Box[int] | None, "anything"] = None


text = st.text(st.characters(codec="utf-8", exclude_characters="\t"), max_size=8)
plain = st.none() | st.booleans() | st.integers() | text
steps = st.recursive(
    st.builds(Step, text), lambda inner: st.builds(Step, text, st.lists(inner, max_size=2)), max_leaves=4
)
tasks = st.fixed_dictionaries(
    {"Task Title": text},
    optional={
        "due": st.dates(),
        "at": st.datetimes().map(lambda moment: moment.replace(fold=0)),  # ISO 8601 has no fold
        "cost": st.decimals(allow_nan=False, allow_infinity=False, places=3),
        "ident": st.uuids(),
        "priority": st.sampled_from(Priority),
        "step": steps,
        "notes": st.dictionaries(text, plain, max_size=2),
    },
).map(lambda given: Task(**given))
objects = st.one_of(
    tasks,
    steps,
    st.lists(tasks, max_size=2).map(Tasks),
    st.builds(Box[int], inside=st.integers(), others=st.lists(st.integers(), max_size=2)),
    st.builds(Box[Task], inside=tasks),
    st.builds(Plan, st.lists(tasks, max_size=2).map(tuple), st.none() | st.builds(Box[int], inside=st.integers())),
)
keys = text | st.sampled_from(["$t", "$d", "$u", "$f", "$c", "$x", "$", "v"])
answers = st.recursive(
    plain | st.floats(allow_nan=False) | objects,
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=6,
)
"""Anything that can be stored."""
