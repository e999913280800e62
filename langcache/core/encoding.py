"""One canonical, type-tagged, length-prefixed encoding of plain values, and its digest.

Two values share an encoding only if they are equal *and* of the same kind: ``1``, ``1.0``, ``"1"`` and
``True`` all differ, and no joining of neighbours can imitate another shape. The scheme follows netstrings
(D. J. Bernstein, 1997) with a type tag in front; ``tests/golden/encoding.json`` holds vectors that must never
change within one `SCHEME`.
"""

import dataclasses
import struct
from collections.abc import Callable, Iterable, Mapping, Set as AbstractSet
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from hashlib import blake2b
from pathlib import PurePath
from typing import Any
from uuid import UUID

from langcache.errors import UnkeyableError

__all__ = ["SCHEME", "Encoder", "canonical", "digest"]

SCHEME = 1
"""Part of every key: a change of the encoding makes old entries unreachable instead of wrong."""

DIGEST_BYTES = 20

_PERSON = b"langcache:%d" % SCHEME

Encoder = Callable[[Any], Any]
"""Turns an object this module does not know into one it does; raises `UnkeyableError` if it cannot."""


def digest(data: bytes) -> str:
    """The BLAKE2b (RFC 7693) digest of *data*, personalised by the `SCHEME`: 40 hexadecimal digits, 160 bits."""
    return blake2b(data, digest_size=DIGEST_BYTES, person=_PERSON).hexdigest()


def canonical(value: Any, other: Encoder | None = None) -> bytes:
    """Encode *value*; *other* is asked about objects of foreign types.

    Knows ``None``, bool, int, float, str, bytes, list, tuple, mappings, sets, enums, dates, times, `Decimal`,
    `UUID`, paths, pydantic models and dataclasses. Mapping and set order does not matter.

    Raises:
        UnkeyableError: the value, or something inside it, has no canonical form (or contains itself).
    """
    out: list[bytes] = []
    try:
        _encode(value, out.append, other)
    except RecursionError:
        raise UnkeyableError("a value that contains itself has no canonical form") from None
    return b"".join(out)


def _first(pair: tuple[bytes, Any]) -> bytes:
    return pair[0]


def _frame(tag: bytes, body: bytes) -> bytes:
    return b"%b%d:%b" % (tag, len(body), body)


def _encode(value: Any, emit: Callable[[bytes], None], other: Encoder | None) -> None:
    kind = type(value)
    if kind is str:
        body = value.encode("utf-8", "surrogatepass")
        emit(b"s%d:" % len(body))
        emit(body)
    elif value is None:
        emit(b"n0:")
    elif kind is bool:
        emit(b"b1:1" if value else b"b1:0")
    elif kind is int:
        emit(_frame(b"i", b"%x" % value))  # decimal text is limited to 4300 digits, and slow
    elif kind is dict:
        _encode_mapping(value, emit, other)
    elif kind is list or kind is tuple:
        emit(b"%b%d:" % (b"l" if kind is list else b"t", len(value)))
        for item in value:
            _encode(item, emit, other)
    else:
        _encode_rare(value, emit, other)


def _encode_mapping(value: Mapping[Any, Any], emit: Callable[[bytes], None], other: Encoder | None) -> None:
    pairs = sorted(((canonical(key, other), item) for key, item in value.items()), key=_first)
    emit(b"d%d:" % len(pairs))
    for key, item in pairs:
        emit(key)
        _encode(item, emit, other)


def _encode_rare(value: Any, emit: Callable[[bytes], None], other: Encoder | None) -> None:
    if isinstance(value, Enum):
        # Name and value: unnamed flags have no name, and an edited value may change what a prompt says.
        _encode_tagged(b"e", type(value), [value.name, value.value], emit, other)
        return
    for kind, tag, write in _SCALARS:
        if isinstance(value, kind):
            emit(_frame(tag, write(value)))
            return
    if isinstance(value, Mapping):
        _encode_mapping(value, emit, other)
    elif isinstance(value, AbstractSet):
        items = sorted(canonical(item, other) for item in value)
        emit(b"S%d:" % len(items))
        emit(b"".join(items))
    elif isinstance(value, str | int | float | list | tuple):
        _encode(_plain(value), emit, other)
    else:
        _encode_object(value, emit, other)


def _encode_object(value: Any, emit: Callable[[bytes], None], other: Encoder | None) -> None:
    if other is not None:
        known = other(value)
        if known is not NotImplemented:
            _encode_tagged(b"o", type(value), known, emit, other)
            return
    fields = fields_of(value)
    if fields is None:
        raise UnkeyableError(
            f"a value of type {type(value).__qualname__} has no canonical form, so no key can stand for it: hand in "
            "plain data, a dataclass or a pydantic model"
        )
    _encode_tagged(b"o", type(value), fields, emit, other)


def fields_of(value: Any) -> dict[str, Any] | None:
    """What a dataclass or a pydantic model holds, by name, extras included; None for anything else."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _fields(value, [f.name for f in dataclasses.fields(value)])
    if hasattr(type(value), "model_fields"):
        return {**_fields(value, type(value).model_fields), **(getattr(value, "model_extra", None) or {})}
    return None


def _fields(value: Any, names: Iterable[str]) -> dict[str, Any]:
    """The fields that are set; one built without validation may lack some."""
    return {name: getattr(value, name) for name in names if hasattr(value, name)}


def _encode_tagged(tag: bytes, kind: type, body: Any, emit: Callable[[bytes], None], other: Encoder | None) -> None:
    emit(_frame(tag, f"{kind.__module__}:{kind.__qualname__}".encode()))
    _encode(body, emit, other)


def _plain(value: Any) -> Any:
    """A subclass instance of a builtin, as that builtin."""
    if isinstance(value, str):
        return str.__str__(value)
    kinds: tuple[Any, ...] = (int, float, list, tuple)
    return next(kind(value) for kind in kinds if isinstance(value, kind))


def _float(value: float) -> bytes:
    return struct.pack(">d", value if value == value else float("nan"))


def _clock_reading(value: datetime | time) -> bytes:
    return f"{value.isoformat()}{_zone(value)}{'f' if value.fold else ''}".encode("utf-8", "surrogatepass")


def _zone(value: datetime | time) -> str:
    """The zone's name as RFC 9557 writes it, if there is more to it than the offset: London is not Abidjan in July."""
    zone = value.tzinfo
    name = getattr(zone, "key", None) or getattr(zone, "zone", None)  # as zoneinfo and pytz call it
    if not name and zone is not None and value.utcoffset() is None:
        name = repr(zone)  # a time has no offset where that depends on the day
    return f"[{name}]" if name else ""


_SCALARS: tuple[tuple[type | tuple[type, ...], bytes, Callable[[Any], bytes]], ...] = (
    (float, b"f", _float),
    ((bytes, bytearray, memoryview), b"y", bytes),
    (datetime, b"T", _clock_reading),
    (date, b"D", lambda v: v.isoformat().encode()),
    (time, b"h", _clock_reading),
    (timedelta, b"p", lambda v: b"%d,%d,%d" % (v.days, v.seconds, v.microseconds)),
    (Decimal, b"m", lambda v: str(v).encode()),
    (UUID, b"u", lambda v: v.bytes),
    (PurePath, b"P", lambda v: str(v).encode("utf-8", "surrogatepass")),
)
