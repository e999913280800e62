"""Other spellings of numbers and dates that must not be left behind: 200000 as ``200k``, 3.42 as ``3,42``."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from langcache.templating.traces import notations, roundings

_NUMBER = re.compile(r"[-+]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?")
_THOUSANDS = (".", " ", "\u00a0", "\u2009", "\u202f", "'", "’")
"""What stands between thousands in other countries' figures: full stops, all kinds of blanks, apostrophes."""
_HUGE = 10**30  # beyond it int to text becomes slow
_DIGITS = 28
"""Digits that decimal arithmetic is exact in by default."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_SCALES = (
    (1_000_000_000, ("b", "bn", " billion")),
    (1_000_000, ("m", "mn", "mm", " million", " mil", " mn")),
    (1_000, ("k", " k", " thousand", " grand")),
)
# Not strftime's names: those follow the process's locale.
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


def number_of(value: object) -> Decimal | None:
    """The number a scalar is, or is the text of; ``None`` for anything else and for booleans."""
    if isinstance(value, Decimal) and not value.is_finite():
        return None  # it cannot even be compared
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return _in_digits(Decimal(str(value))) if -_HUGE < value < _HUGE else None  # which not-a-number fails, too
    if not isinstance(value, str) or len(value) > 40 or not _NUMBER.fullmatch(value.strip()):
        return None
    return _in_digits(Decimal(value.strip().replace(",", "")))


def _in_digits(number: Decimal) -> Decimal | None:
    """The number, unless it has so many digits that nobody writes them, and that reckoning with it is not exact."""
    exponent = number.as_tuple().exponent
    within = isinstance(exponent, int) and exponent >= -_DIGITS and number.adjusted() < _DIGITS
    return number if within and len(number.as_tuple().digits) <= _DIGITS else None


def date_of(value: object) -> date | None:
    """The day a scalar is, or is the ISO text of; ``None`` for anything else."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _DATE.fullmatch(value.strip()):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            return None
    return None


def respelled(value: object) -> Iterator[str]:
    """The other ways a number or a day is commonly written; nothing for other values."""
    number, day = number_of(value), date_of(value)
    if number is not None:
        yield from _numbers(number)
    if day is not None:
        yield from _dates(day)


def _numbers(number: Decimal) -> Iterator[str]:
    plain = f"{number.normalize():f}"
    yield plain
    yield f"{number:f}"
    yield f"{number:,f}"
    if "." in plain:
        yield plain.replace(".", ",")
    if number == number.to_integral_value():
        yield f"{number:.2f}"
        yield from (f"{number:,.0f}".replace(",", sign) for sign in _THOUSANDS) if abs(number) >= 1000 else ()
    for scale, names in _SCALES:
        scaled = f"{(number / scale).normalize():f}"
        if abs(number) >= scale / 10 and len(scaled.partition(".")[2]) <= 3:
            yield from (scaled + name for name in names)
    yield from notations(number)
    yield from roundings(number)


def _dates(day: date) -> Iterator[str]:
    month, short = _MONTHS[day.month - 1], _MONTHS[day.month - 1][:3]
    yield day.isoformat()
    for name in {month, short}:
        for number in (str(day.day), f"{day.day:02}", _ordinal(day.day)):
            yield from (f"{name} {number}", f"{number} {name}", f"{number} of {name}")
    for sep in "/.-":
        yield sep.join((f"{day.month:02}", f"{day.day:02}", f"{day.year}"))
        yield sep.join((f"{day.day:02}", f"{day.month:02}", f"{day.year}"))
        yield sep.join((f"{day.month}", f"{day.day}", f"{day.year}"))
        yield sep.join((f"{day.day}", f"{day.month}", f"{day.year}"))


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
