"""What an input says, however deep: its texts and its numbers, dates and other plain values."""

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from enum import Enum
from typing import Any

from pydantic import BaseModel

__all__ = ["leaves"]


def leaves(value: Any) -> Iterator[Any]:
    """The texts and plain values in containers, models, dataclasses and LangChain's objects, keys included."""
    if isinstance(value, Enum):
        yield from leaves(value.value)
    elif isinstance(value, Mapping):
        yield from leaves([*value.keys(), *value.values()])
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, BaseModel) or (is_dataclass(value) and not isinstance(value, type)):
        yield from leaves(vars(value))
    elif value is not None and not isinstance(value, bool):
        yield value
