"""Values as people read them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from langcache.runtime.features import typed

__all__ = [
    "count",
    "day",
    "features",
    "hour",
    "moment",
    "money",
    "percent",
    "seconds",
    "short_key",
    "size",
    "span",
    "sum_of_money",
]

_SPANS = (("day", 86_400.0), ("hour", 3_600.0), ("minute", 60.0))
KEY_SHOWN = 12
"""Digits of a key in a table; enough for `show`, and all of them are in JSON and CSV."""


def money(amount: Decimal | None) -> str:
    """Dollars: to the cent; below one dollar with as many digits more as it takes to see them."""
    if amount is None:
        return "unknown"
    size_usd = abs(amount)
    digits = 2 if size_usd >= 1 or size_usd == round(size_usd, 2) else 4 if size_usd >= Decimal("0.001") else 6
    return f"{'-' if amount < 0 else ''}${size_usd:,.{digits}f}"


def sum_of_money(amount: Decimal | None, unpriced: int) -> str:
    """A sum that lacks *unpriced* requests says so."""
    return f"≥ {money(amount)}" if unpriced and amount is not None else money(amount)


def percent(share: float) -> str:
    """A share of one."""
    return f"{share:.1%}"


def count(number: int) -> str:
    """With separators."""
    return f"{number:,}"


def size(size_bytes: float) -> str:
    """Bytes in the nearest decimal unit."""
    for unit in ("B", "kB", "MB", "GB"):
        if size_bytes < 1000:
            return f"{size_bytes:.0f} B" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.1f} TB"


def seconds(took_s: float) -> str:
    """A latency."""
    number, unit = (took_s, "s") if took_s >= 1 else (took_s * 1e3, "ms")
    return f"{number:.{0 if number >= 100 else 1 if number >= 10 else 2}f} {unit}"


def span(length_s: float) -> str:
    """A longer time, in its largest unit."""
    for unit, unit_s in _SPANS:
        if length_s >= unit_s:
            number = round(length_s / unit_s, 1)
            return f"{number:g} {unit}{'' if number == 1 else 's'}"
    return f"{length_s:.0f} s"


def moment(at: float) -> str:
    """A point in time, UTC."""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError):  # an entry that never expires
        return "never"


def day(at: float) -> str:
    """The day of a point in time, UTC."""
    return moment(at).partition(" ")[0]


def hour(at: float) -> str:
    """The hour of a point in time, UTC, without its year."""
    return moment(at).partition("-")[2]


def short_key(key: str) -> str:
    """The beginning of a key."""
    return key[:KEY_SHOWN]


def features(values: Mapping[str, Any]) -> str:
    """Features as they are typed."""
    return ", ".join(f"{name}={typed(value)}" for name, value in values.items()) or "–"
