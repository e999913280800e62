"""What an input says, however deep: its texts and its numbers, dates and other plain values."""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from langcache.core.encoding import fields_of
from langcache.langchain.messages.plain import plain_message

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
    elif (plain := plain_message(value)) is not NotImplemented:
        yield from leaves(plain)
    elif (fields := fields_of(value)) is not None:
        yield from leaves(list(fields.values()))
    elif value is not None and not isinstance(value, bool):
        yield value
