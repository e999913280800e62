"""A day of the calendar as a value: read from what apps and people write, written by a CLDR pattern."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from langcache.templating.kinds.locales import cldr, english, month_first
from langcache.templating.kinds.numerals import ordinal

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NUMBERS = {name[:n].lower(): at for at, name in enumerate(MONTHS, 1) for n in (3, len(name))} | {"sept": 9}
_FILLERS = {name[:n].lower() for name in WEEKDAYS for n in (3, len(name))} | {
    "the",
    "of",
    "on",
    "tues",
    "thurs",
    "thur",
}
_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
_NUMERIC = re.compile(r"(\d{1,2})([-/.])(\d{1,2})(?:\2(\d{4}))?")
_WORD = re.compile(r"[a-z]+|\d+(?:st|nd|rd|th)?")
_TOKEN = re.compile(r"'[^']*'|EEEE|EEE|MMMM|MMM|MM|M|do|dd|d|yy|y")


class Day(NamedTuple):
    """A day, with or without its year."""

    year: int | None
    month: int
    day: int

    @property
    def date(self) -> date | None:
        """The day as a date, if its year is known."""
        try:
            return date(self.year, self.month, self.day) if self.year is not None else None
        except ValueError:  # the 29th of February of another year
            return None


def day_of(value: object, locale: str = "en") -> Day | None:
    """The day that a value is or says; ``None`` for anything else, and for words like "tomorrow"."""
    if isinstance(value, date):
        return Day(value.year, value.month, value.day)
    if not isinstance(value, str) or not 3 <= len(value) <= 60:
        return None
    text = value.strip()
    if match := _ISO.fullmatch(text):
        return _checked(match[1], match[3], match[4])
    if match := _NUMERIC.fullmatch(text):
        return numeric(match, swapped=not (match[2] != "." and month_first(locale)))
    return _worded(text.lower())


def other_reading(value: object, locale: str) -> Day | None:
    """What a numeric date would be with day and month exchanged, if that is another day."""
    match = _NUMERIC.fullmatch(value.strip()) if isinstance(value, str) and len(value) < 20 else None
    if match is None:
        return None
    first, second = numeric(match, swapped=False, strict=True), numeric(match, swapped=True, strict=True)
    return {first: second, second: first}.get(day_of(value, locale)) if first != second else None


def numeric(match: re.Match[str], *, swapped: bool, strict: bool = False) -> Day | None:
    """A numeric date, month first unless *swapped*; read the only possible way round unless *strict*."""
    month, day = (match[3], match[1]) if swapped else (match[1], match[3])
    found = _checked(match[4], month, day)
    return found if found or strict else _checked(match[4], day, month)


def write(day: Day, pattern: str, locale: str = "en") -> str | None:
    """A day in a CLDR pattern (plus ``do``, the English ordinal); ``None`` if that needs an unknown year."""
    if not english(locale):
        return next(writings(day, [pattern], locale))
    try:
        return _compiled(pattern).format_map(_Fields(day))
    except KeyError:
        return None


def writings(day: Day, patterns: Iterable[str], locale: str = "en") -> Iterator[str | None]:
    """A day in each of many patterns, as `write` does it."""
    if english(locale):
        found = _Fields(day)
        for pattern in patterns:
            try:
                yield _compiled(pattern).format_map(found)
            except KeyError:
                yield None
        return
    from babel.dates import format_date

    data, when = cldr(locale), day.date or date(2000, day.month, day.day)
    for pattern in patterns:
        told = day.date is not None or not ("y" in pattern or "E" in pattern)
        yield format_date(when, pattern, locale=data) if told else None


class _Fields(dict[str, str]):
    """What the letters of a pattern stand for, worked out as they are asked for."""

    def __init__(self, day: Day) -> None:
        super().__init__()
        self._day = day

    def __missing__(self, letters: str) -> str:
        text = self[letters] = _WRITERS[letters](self._day)
        return text


def _dated(write: Callable[[date], str]) -> Callable[[Day], str]:
    """A writer that asks for the year, which a day may lack."""

    def written(day: Day) -> str:
        found = day.date
        if found is None:
            raise KeyError("y")
        return write(found)

    return written


_WRITERS: dict[str, Callable[[Day], str]] = {
    "MMMM": lambda day: MONTHS[day.month - 1],
    "MMM": lambda day: MONTHS[day.month - 1][:3],
    "MM": lambda day: f"{day.month:02}",
    "M": lambda day: str(day.month),
    "do": lambda day: ordinal(day.day),
    "dd": lambda day: f"{day.day:02}",
    "d": lambda day: str(day.day),
    "EEEE": _dated(lambda found: WEEKDAYS[found.weekday()]),
    "EEE": _dated(lambda found: WEEKDAYS[found.weekday()][:3]),
    "yy": _dated(lambda found: f"{found.year % 100:02}"),
    "y": _dated(lambda found: f"{found.year:04}"),
}


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> str:
    return _TOKEN.sub(lambda match: _quoted(match[0]) if match[0][0] == "'" else f"{{{match[0]}}}", pattern)


def _quoted(text: str) -> str:
    """What a quoted piece of a pattern stands for; two quotes are an apostrophe."""
    return text.strip("'") or "'"


def _worded(text: str) -> Day | None:
    if re.search(r"[^a-z0-9\s,.-]", text):
        return None
    words = [word for word in _WORD.findall(text) if word not in _FILLERS]
    months = [_NUMBERS[word] for word in words if word in _NUMBERS]
    years = [word for word in words if word.isdigit() and len(word) == 4]
    days = [word.rstrip("stndrh") for word in words if word[0].isdigit() and word not in years]
    if len(months) != 1 or len(days) != 1 or len(years) > 1 or len(words) != len(years) + 2:
        return None
    return _checked(years[0] if years else None, str(months[0]), days[0])


def _checked(year: str | None, month: str, day: str) -> Day | None:
    try:
        date(int(year or 2000), int(month), int(day))
    except ValueError:
        return None
    return Day(int(year) if year else None, int(month), int(day))


def reference_of(option: object) -> date | None:
    """The day that relative words count from: a date or a callable that gives one."""
    found = option() if callable(option) else option
    return found.date() if isinstance(found, datetime) else found if isinstance(found, date) else None


def shifted(day: date, days: int) -> Day | None:
    """The day so many days later; ``None`` beyond the calendar."""
    try:
        return day_of(day + timedelta(days))
    except OverflowError:
        return None
