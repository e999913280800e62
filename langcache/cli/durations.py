"""Durations as people write them."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

__all__ = ["Duration", "duration"]

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_ONE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([smhdw]?)")


def duration(value: Any) -> timedelta:
    """``90s``, ``15m``, ``12h``, ``30d``, ``2w``, or a number of seconds.

    Raises:
        ValueError: anything else, nothing longer than zero, or more than Python counts to.
    """
    if isinstance(value, timedelta):
        return value
    found = _ONE.fullmatch(str(value).strip().lower())
    if found is None or not float(found[1]) or isinstance(value, bool):
        raise ValueError(f"{value!r} is no duration; write one such as 90s, 15m, 12h, 30d or 2w")
    try:
        return timedelta(**{_UNITS[found[2] or "s"]: float(found[1])})
    except OverflowError:
        raise ValueError(f"{value!r} is longer than any duration; write one such as 30d or 520w") from None


Duration = Annotated[timedelta, BeforeValidator(duration)]
"""A field of settings that is read by `duration`."""
