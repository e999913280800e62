"""The kind of a slot, where its annotation makes it obvious."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, get_args, get_origin

__all__ = ["kind_of_annotation"]

_OBVIOUS: Mapping[Any, str] = {
    datetime: "datetime",
    date: "date",
    time: "time",
    timedelta: "duration",
    Decimal: "number",
    "EmailStr": "email",
    "NameEmail": "email",
    "AnyUrl": "url",
    "AnyHttpUrl": "url",
    "HttpUrl": "url",
}
"""Pydantic's types by name: they need not be importable, nor have one base in every version."""


def kind_of_annotation(kinds: tuple[Any, ...]) -> str:
    """The kind of a slot annotated with a union of *kinds*, ``None`` left out; ``"text"`` where nothing is obvious.

    A list is of kind ``"list"``, unless its items have an obvious kind of their own.
    """
    if len(kinds) != 1:
        return "text"
    kind = kinds[0]
    if (get_origin(kind) or kind) in (list, tuple, set, frozenset):
        inner = {kind_of_annotation((part,)) for part in get_args(kind) if part is not ...}
        return inner.pop() if len(inner) == 1 and inner != {"text"} else "list"
    return _OBVIOUS.get(kind) or _OBVIOUS.get(getattr(kind, "__name__", ""), "text")
