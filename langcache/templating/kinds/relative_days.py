"""Days as people say them from where they stand: today, tomorrow, next Monday."""

import re
from collections.abc import Iterator
from datetime import date

from langcache.templating.kinds import Form
from langcache.templating.kinds.days import WEEKDAYS, Day, shifted, write

_NAMED = {0: "today", 1: "tomorrow", 2: "the day after tomorrow", -1: "yesterday", -2: "the day before yesterday"}
_OFFSETS = {name.removeprefix("the "): offset for offset, name in _NAMED.items()}
_WEEKDAY = re.compile(r"(?:(?:next|this|coming|this coming|on) )?([a-z]+)")
# How many days ahead each may mean, and up to when somebody may still mean it.
_WEEKDAY_STYLES = {"next EEEE": (7, 14), "this coming EEEE": (6, 7), "coming EEEE": (6, 7), "this EEEE": (6, 7)}
_IN_DAYS = "is in # days"
# One who says "the day after tomorrow" is not made to say "tomorrow": half of it would still stand there.
_NAMED_BY = {"relative": (-1, 0, 1), "relative the": (-2, 0, 2), "relative short": (-2, 0, 2)}
_TODAY_IS_NOW = (
    *("this morning", "this afternoon", "this evening", "tonight", "today is"),
    *("This morning", "This afternoon", "This evening", "Tonight", "Today is"),
)
# Here "today" is the hour of talking and not the value, whoever the reader is: written back as it stands.
IDIOMS = (
    "help you with today", "help you today", "assist you with today", "assist you today", "do for you today",
    "else today", "else for today", "else for you today", "how are you today", "today's world",
)  # fmt: skip
STYLES = frozenset({*_NAMED_BY, _IN_DAYS, *_WEEKDAY_STYLES, *IDIOMS})


def resolve(text: str, reference: date) -> Day | None:
    """The day that relative words mean, seen from *reference*; "next Friday" is the first one after it."""
    said = " ".join(text.lower().split())
    offset = _OFFSETS.get(said.removeprefix("the "))
    if offset is None:
        match = _WEEKDAY.fullmatch(said)
        days = [name.lower() for name in WEEKDAYS]
        if match is None or match[1] not in days:
            return None
        offset = (days.index(match[1]) - reference.weekday() - 1) % 7 + 1
    return shifted(reference, offset)


def write_relative(day: Day, style: str, reference: date | None) -> str | None:
    """A day in a relative style; as a plain date where that style does not reach; ``None`` if it cannot be told."""
    when = _when(day, reference)
    if reference is None or when is None:
        return None
    offset = (when - reference).days
    if offset in _NAMED_BY.get(style, ()):
        return _NAMED[offset].removeprefix("the ") if style == "relative short" else _NAMED[offset]
    if style in _WEEKDAY_STYLES and 1 <= offset <= _WEEKDAY_STYLES[style][0]:
        return style.replace("EEEE", WEEKDAYS[when.weekday()])
    if style == _IN_DAYS:
        return f"is in {offset} days" if offset > 1 else None
    return _absolute(day, reference)


def _absolute(day: Day, reference: date) -> str | None:
    return write(day, "MMMM do" if day.year in (None, reference.year) else "MMMM do, y")


def relative_forms(day: Day, reference: date | None) -> Iterator[Form]:
    """The relative ways to say a day; all of them unfillable where no reference tells them apart."""
    when = _when(day, reference)
    if reference is None or when is None:
        yield from _untold(day)
        return
    offset = (when - reference).days
    if offset in _NAMED:
        yield from _named(_NAMED[offset])
    if offset == 0:
        yield from (Form(text, None, why="relative date", locatable=False) for text in _TODAY_IS_NOW)
    if offset > 1:
        yield Form(f"is in {offset} days", _IN_DAYS, sure=True, locatable=False)
        yield Form(f"in {offset} days", None, why="relative date", locatable=False)
    yield from _weekdays(WEEKDAYS[when.weekday()], offset)


def _weekdays(name: str, offset: int) -> Iterator[Form]:
    for style, (told, perhaps) in _WEEKDAY_STYLES.items():
        text = style.replace("EEEE", name)
        if 1 <= offset <= told:
            yield Form(text, style, sure=True, locatable=False)
        elif 0 <= offset <= perhaps:
            yield Form(text, None, why="relative date", locatable=False)
    if abs(offset) <= 7:  # alone it may as well be any week's
        yield Form(name, None, why="relative date", locatable=False)


def _when(day: Day, reference: date | None) -> date | None:
    """The date of a day; without a year the one nearest to the reference."""
    if day.date is not None or reference is None:
        return day.date
    years = (reference.year - 1, reference.year, reference.year + 1)
    dates = [found for year in years if (found := day._replace(year=year).date) is not None]
    return min(dates, key=lambda found: abs((found - reference).days))


def _named(name: str) -> Iterator[Form]:
    yield Form(name, "relative the" if name.startswith("the ") else "relative", sure=True, locatable=False)
    if name.startswith("the "):
        yield Form(name.removeprefix("the "), "relative short", sure=True, locatable=False)
    if name == "today":
        yield from idioms()


def idioms() -> Iterator[Form]:
    """Phrases in which "today" is not the value."""
    yield from (Form(text, text, sure=True, locatable=False) for text in IDIOMS)


def _untold(day: Day) -> Iterator[Form]:
    names = [WEEKDAYS[day.date.weekday()]] if day.date is not None else WEEKDAYS
    texts = [*_OFFSETS, *(style.replace("EEEE", name) for name in names for style in _WEEKDAY_STYLES)]
    texts += names if day.date is not None else ()
    yield from (Form(text, None, why="relative date", locatable=False) for text in texts)
    yield from idioms()


def said_relatively(value: object) -> bool:
    """Whether a value is itself a relative word."""
    return isinstance(value, str) and len(value) < 40 and resolve(value, date(2000, 1, 1)) is not None
