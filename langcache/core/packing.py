"""Answers as plain JSON data and back, text leaf by text leaf.

Plain data only: no pickle, no importing of what stored bytes name. A class is rebuilt only if this process already
has it and its schema is the one that was stored; its own validation runs again.

JSON shape: text is a string, or ``{"$t": segments}`` if it has gaps; lists and plain dicts are themselves;
``{"$d": pairs}`` a dict with unusual keys; ``{"$u": items}`` a tuple; ``{"$f": text}`` a float JSON lacks;
``{"$c": [class, schema], "v": fields}`` a pydantic model or dataclass; ``{"$x": [kind, data]}`` a foreign type.
"""

import dataclasses
import math
from collections.abc import Callable
from enum import Enum
from typing import Any, Protocol

from langcache.core.classes import Classes
from langcache.errors import CorruptEntry, UnstorableError

__all__ = ["Foreign", "pack", "unpack"]


class Foreign(Protocol):
    """Packs types this layer does not know, such as chat messages."""

    def pack(self, value: Any, leaf: Callable[[Any], Any]) -> tuple[str, Any] | None:
        """``(kind, data)`` with every text inside passed through *leaf*, or None if unknown."""

    def unpack(self, kind: str, data: Any, leaf: Callable[[Any], Any]) -> Any:
        """Rebuild what `pack` made; raises `CorruptEntry` for data it did not make."""


Text = Callable[[str], Any]
Scalar = Callable[[Any], None]


def pack(value: Any, text: Text, scalar: Scalar, classes: Classes, foreign: Foreign | None = None) -> Any:
    """Turn an answer into JSON data.

    Args:
        value: the answer.
        text: called with every text; returns it, or a list of segments.
        scalar: called with every number, to refuse one that is a personal value.
        classes: remembers the classes met.
        foreign: packs types unknown here.

    Raises:
        UnstorableError: the answer, or something in it, is no data.
    """

    def leaf(item: Any) -> Any:
        kind = type(item)
        if kind is str:
            found = text(item)
            return found if isinstance(found, str) else {"$t": found}
        if item is None or kind is bool:
            return item
        if kind is int or kind is float:
            scalar(item)
            return item if kind is int or math.isfinite(item) else {"$f": repr(item)}
        if kind is list:
            return [leaf(part) for part in item]
        if kind is dict:
            return _pack_dict(item, leaf)
        return packed(item)

    def packed(item: Any) -> Any:
        known = foreign.pack(item, leaf) if foreign is not None else None
        if known is not None:
            return {"$x": list(known)}
        if isinstance(item, str) and not isinstance(item, Enum):
            return leaf(str.__str__(item))  # LangChain's text accessor, and others that only add methods
        if type(item) is tuple:
            return {"$u": [leaf(part) for part in item]}
        if hasattr(type(item), "model_fields") or (
            dataclasses.is_dataclass(item) and not isinstance(item, type)
        ):
            name, schema, fields = classes.take_apart(item)
            return {"$c": [name, schema], "v": leaf(fields)}
        raise UnstorableError(f"an answer of type {type(item).__qualname__} cannot be stored")

    try:
        return leaf(value)
    except RecursionError:
        raise UnstorableError("an answer that contains itself cannot be stored") from None


def _pack_dict(item: dict[Any, Any], leaf: Callable[[Any], Any]) -> Any:
    if not all(type(key) is str for key in item):
        raise UnstorableError("a dict with keys that are not text cannot be stored")
    pairs = [[leaf(key), leaf(value)] for key, value in item.items()]
    if all(isinstance(key, str) and not key.startswith("$") for key, _ in pairs):
        return dict(pairs)
    return {"$d": pairs}


def unpack(
    data: Any, text: Callable[[list[Any]], str], classes: Classes, foreign: Foreign | None = None
) -> Any:
    """Rebuild what `pack` made; *text* turns segments into the reader's text.

    Raises:
        CorruptEntry: the data was not made by `pack`.
        UnstorableError: it names a class this process lacks, or whose schema has changed.
        ValueError: a filled value does not pass its class's validation.
    """

    def leaf(item: Any) -> Any:
        kind = type(item)
        if kind is list:
            return [leaf(part) for part in item]
        if kind is not dict:
            return item
        if not any(mark in item for mark in _MARKS):
            return {key: leaf(value) for key, value in item.items()}
        return marked(item)

    def marked(item: dict[str, Any]) -> Any:
        match item:
            case {"$t": list(segments)}:
                return text(segments)
            case {"$d": list(pairs)}:
                return {leaf(key): leaf(value) for key, value in pairs}
            case {"$u": list(items)}:
                return tuple(leaf(part) for part in items)
            case {"$f": str(number)} if number in ("nan", "inf", "-inf"):
                return float(number)
            case {"$c": [str(name), str(schema)], "v": fields}:
                return classes.put_together(name, schema, leaf(fields))
            case {"$x": [str(kind), inner]} if foreign is not None:
                return foreign.unpack(kind, inner, leaf)
        raise CorruptEntry("an entry of an unknown shape")

    return leaf(data)


_MARKS = ("$t", "$d", "$u", "$f", "$c", "$x")
