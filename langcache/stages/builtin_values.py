"""Python's own values that JSON lacks, as data and back: dates and times, decimals, ids, sets, dicts with any keys.

A pipeline's steps hand these to each other all the time. Of exactly these types: a subclass may hold more.
"""

import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from langcache.errors import UnstorableError

__all__ = ["KINDS", "pack_builtin", "unpack_builtin"]

Leaf = Callable[[Any], Any]


def pack_builtin(value: Any, leaf: Leaf) -> tuple[str, Any] | None:
    """``(kind, data)``, with everything inside passed through *leaf*; None if it is none of these."""
    kind = type(value)
    if kind is dict:
        return "pairs", [[leaf(key), leaf(item)] for key, item in value.items()]
    if kind is set or kind is frozenset:
        # Sorted, since each process has them in another order: equal sets are one output.
        return kind.__name__, sorted((leaf(item) for item in value), key=json.dumps)
    if kind is datetime or kind is time:
        return kind.__name__, [value.replace(tzinfo=None, fold=0).isoformat(), value.fold, _zone(value.tzinfo)]
    write = _WRITE.get(kind)
    return None if write is None else (kind.__name__.lower(), write(value))


def unpack_builtin(kind: str, data: Any, leaf: Leaf) -> Any:
    """What `pack_builtin` wrote as one of `KINDS`.

    Raises:
        UnstorableError: this machine does not know the time zone.
        ValueError, TypeError: it did not write this.
    """
    if kind == "pairs":
        return {leaf(key): leaf(item) for key, item in data}
    if kind in ("set", "frozenset"):
        return (set if kind == "set" else frozenset)(leaf(item) for item in data)
    if kind in ("datetime", "time"):
        reading, fold, zone = data
        made = datetime.fromisoformat(reading) if kind == "datetime" else time.fromisoformat(reading)
        return made.replace(fold=fold, tzinfo=_tzinfo(zone))
    return _READ[kind](data)


def _zone(zone: tzinfo | None) -> Any:
    if zone is None:
        return None
    if type(zone) is timezone:
        return zone.utcoffset(None).total_seconds()
    if type(zone) is ZoneInfo and zone.key is not None:
        return zone.key
    raise UnstorableError(f"a time in a {type(zone).__qualname__} cannot be stored")


def _tzinfo(zone: Any) -> tzinfo | None:
    if not isinstance(zone, str):
        return None if zone is None else timezone(timedelta(seconds=zone))
    try:
        return ZoneInfo(zone)
    except Exception:  # a missing tzdata is a KeyError, an odd folder in its place one of many
        raise UnstorableError(f"this machine does not know the time zone {zone!r}") from None


_WRITE: Final[dict[type, Callable[[Any], Any]]] = {
    date: date.isoformat,
    timedelta: lambda value: [value.days, value.seconds, value.microseconds],
    Decimal: str,
    UUID: str,
}
_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "date": date.fromisoformat,
    "timedelta": lambda data: timedelta(*data),
    "decimal": Decimal,
    "uuid": UUID,
}

KINDS: Final = frozenset({"pairs", "set", "frozenset", "datetime", "time", *_READ})
