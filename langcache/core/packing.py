"""Answers as plain JSON data and back, text leaf by text leaf.

Plain data only: no pickle, no importing of what stored bytes name. A class is rebuilt only if this process already
has it and its schema is the one that was stored; its own validation runs again.

JSON shape: text is a string, or ``{"$t": segments}`` if it has gaps; lists and plain dicts are themselves;
``{"$d": pairs}`` a dict with unusual keys; ``{"$u": items}`` a tuple; ``{"$f": text}`` a float JSON lacks;
``{"$c": [class, schema], "v": fields}`` a pydantic model or dataclass; ``{"$x": [kind, data]}`` a foreign type.
"""

import dataclasses
import math
import sys
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


_MOST_BITS = 3 * sys.int_info.default_max_str_digits
"""What Python surely writes in decimal digits without being told to: a digit is a little over three bits."""

Text = Callable[[str], Any]
Scalar = Callable[[Any], None]
Segments = Callable[[list[Any]], str]


def pack(
    value: Any, text: Text, scalar: Scalar, classes: Classes, foreign: Foreign | None = None, *, derived: bool = True
) -> Any:
    """Turn an answer into JSON data.

    Args:
        value: the answer.
        text: called with every text; returns it, or a list of segments.
        scalar: called with every number, to refuse one that is a personal value.
        classes: remembers the classes met.
        foreign: packs types unknown here.
        derived: also pack what a class works out of its other fields; not where those are filled anew.

    Raises:
        UnstorableError: the answer, or something in it, is no data.
    """
    try:
        return _Packer(text, scalar, classes, foreign, derived).leaf(value)
    except RecursionError:
        raise UnstorableError("an answer that contains itself cannot be stored") from None


class _Packer:
    def __init__(self, text: Text, scalar: Scalar, classes: Classes, foreign: Foreign | None, derived: bool) -> None:
        self._text, self._scalar, self._classes, self._foreign = text, scalar, classes, foreign
        self._derived = derived

    def leaf(self, item: Any) -> Any:
        kind = type(item)
        if kind is str:
            if not item.isascii():
                _check_unicode(item)
            found = self._text(item)
            return found if isinstance(found, str) else {"$t": found}
        if item is None or kind is bool:
            return item
        if kind is int:
            self._scalar(item)
            if item.bit_length() > _MOST_BITS:
                raise UnstorableError("a number of thousands of digits cannot be stored")
            return item
        if kind is float:
            self._scalar(item)
            return item if math.isfinite(item) else {"$f": repr(item)}
        if kind is list:
            return [self.leaf(part) for part in item]
        if kind is dict:
            return self._dict(item)
        return self._rare(item)

    def _dict(self, item: dict[Any, Any]) -> Any:
        if not all(type(key) is str for key in item):
            return self._rare(item)
        pairs = [[self.leaf(key), self.leaf(value)] for key, value in item.items()]
        if all(isinstance(key, str) and not key.startswith("$") for key, _ in pairs):
            return dict(pairs)
        return {"$d": pairs}

    def _rare(self, item: Any) -> Any:
        known = self._foreign.pack(item, self.leaf) if self._foreign is not None else None
        if known is not None:
            return {"$x": list(known)}
        if isinstance(item, str) and not isinstance(item, Enum):
            return self.leaf(str.__str__(item))  # LangChain's text accessor, and others that only add methods
        if type(item) is tuple:
            return {"$u": [self.leaf(part) for part in item]}
        if hasattr(type(item), "model_fields") or (dataclasses.is_dataclass(item) and not isinstance(item, type)):
            name, schema, fields = self._classes.take_apart(item, derived=self._derived)
            return {"$c": [name, schema], "v": self.leaf(fields)}
        if type(item) is dict:
            raise UnstorableError("a dict with keys that are not text cannot be stored")
        raise UnstorableError(f"an answer of type {type(item).__qualname__} cannot be stored")


def _check_unicode(text: str) -> None:
    """JSON reads two surrogates as one character, so text that holds any would come back changed."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnstorableError("a text with surrogates, which is no Unicode, cannot be stored") from None


def unpack(data: Any, text: Segments, classes: Classes, foreign: Foreign | None = None) -> Any:
    """Rebuild what `pack` made; *text* turns segments into the reader's text.

    Raises:
        CorruptEntry: the data was not made by `pack`.
        UnstorableError: it names a class this process lacks, or whose schema has changed.
        ValueError: a filled value does not pass its class's validation.
    """
    try:
        return _Unpacker(text, classes, foreign).leaf(data)
    except RecursionError:
        raise CorruptEntry("an entry nested too deeply") from None


class _Unpacker:
    def __init__(self, text: Segments, classes: Classes, foreign: Foreign | None) -> None:
        self._text, self._classes, self._foreign = text, classes, foreign

    def leaf(self, item: Any) -> Any:
        kind = type(item)
        if kind is list:
            return [self.leaf(part) for part in item]
        if kind is not dict:
            return item
        if _MARKS.isdisjoint(item):
            return {key: self.leaf(value) for key, value in item.items()}
        return self._marked(item)

    def _marked(self, item: dict[str, Any]) -> Any:
        match item:
            case {"$t": list(segments)}:
                return self._text(segments)
            case {"$d": list(pairs)}:
                return self._dict(pairs)
            case {"$u": list(items)}:
                return tuple(self.leaf(part) for part in items)
            case {"$f": str(number)} if number in ("nan", "inf", "-inf"):
                return float(number)
            case {"$c": [str(name), str(schema)], "v": fields}:
                return self._classes.put_together(name, schema, self.leaf(fields))
            case {"$x": [str(kind), inner]} if self._foreign is not None:
                return self._foreign.unpack(kind, inner, self.leaf)
        raise CorruptEntry("an entry of an unknown shape")

    def _dict(self, pairs: list[Any]) -> dict[str, Any]:
        found = {}
        for pair in pairs:
            if type(pair) is not list or len(pair) != 2 or type(key := self.leaf(pair[0])) is not str:
                raise CorruptEntry("an entry of an unknown shape")
            found[key] = self.leaf(pair[1])
        return found


_MARKS = frozenset({"$t", "$d", "$u", "$f", "$c", "$x"})
