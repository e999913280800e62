"""Kind ``datetime``: a day and a time of day, found together as apps write them, or each for itself."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from langcache.templating.kinds import Form, Kind, plain
from langcache.templating.kinds.clock import clock_of
from langcache.templating.kinds.clock_styles import write as write_clock
from langcache.templating.kinds.date import KIND as DATE
from langcache.templating.kinds.days import day_of, write as write_day
from langcache.templating.kinds.locales import locale_of
from langcache.templating.kinds.relative_days import said_relatively
from langcache.templating.kinds.time import KIND as TIME
from langcache.templating.slots import Personal, written

_ISO = re.compile(r"(?P<day>\d{4}-\d\d-\d\d)[T ](?P<clock>\d\d:\d\d(?::\d\d)?)(?:[.,]\d+)?\s?(?:Z|UTC|[+-]\d\d:?\d\d)?")
_BETWEEN = re.compile(r",? at |,? on |, | ")
# In prose a day and its time are two gaps; here no word ends between them.
_TOGETHER = {"T": "HH:mm:ss", "T short": "HH:mm"}


class DateTime:
    """Days with a time, or either alone. Options: those of ``date``."""

    parts = False

    def recognise(self, slot: Personal) -> Iterator[Form]:
        """The value as it is, in ISO 8601, and its day and its time in every style of their kinds."""
        found = _parts(slot)
        if not found:
            yield from plain.KIND.recognise(slot)
            return
        own = written(slot.value)
        seen = {own}
        yield Form(own, "", sure=len(own) > 5)
        for style in _TOGETHER:
            text = _together(slot, style)
            if text and text not in seen:
                seen.add(text)
                yield Form(text, style, sure=True)
        for name, part in found.items():
            # The part in a style comes before the part verbatim: the next user's may be stored otherwise.
            forms = sorted(_KINDS[name].recognise(part), key=lambda form: form.style == "")
            yield from (form if form.style is None else form._replace(style=f"{name}:{form.style}") for form in forms)

    def render(self, slot: Personal, style: str) -> str:
        """The value, its day or its time in a style; raises ``Refused`` where it has none."""
        name, _, inner = style.partition(":")
        part = _parts(slot).get(name)
        if part is not None:
            return _KINDS[name].render(part, inner) if inner else written(part.value)
        text = _together(slot, style) if style in _TOGETHER else None
        return plain.KIND.render(slot, style) if text is None else text

    def residue(self, slot: Personal) -> Iterator[Form]:
        """What of its day and its time must not be left."""
        for name, part in _parts(slot).items():
            yield from _KINDS[name].residue(part)


_KINDS: dict[str, Kind] = {"day": DATE, "clock": TIME}


def _parts(slot: Personal) -> dict[str, Personal]:
    """The day and the time of a value, as slots of their own kinds; those that it has."""
    value = slot.value
    if isinstance(value, datetime):
        return {"day": replace(slot, value=value.date()), "clock": replace(slot, value=value.time())}
    if not isinstance(value, str) or len(value) > 60:
        return {"day": slot} if day_of(value) else {}
    if match := _ISO.fullmatch(value.strip()):
        return {name: replace(slot, value=text) for name, text in match.groupdict().items()}
    for split in _BETWEEN.finditer(value):
        for day, clock in (
            (value[: split.start()], value[split.end() :]),
            (value[split.end() :], value[: split.start()]),
        ):
            if clock_of(clock) and _is_day(day, slot):
                return {"day": replace(slot, value=day), "clock": replace(slot, value=clock)}
    return {"day": slot} if _is_day(value, slot) else {"clock": slot} if clock_of(value) else {}


def _is_day(text: str, slot: Personal) -> bool:
    return day_of(text, locale_of(slot)) is not None or said_relatively(text)


def _together(slot: Personal, style: str) -> str | None:
    found = _parts(slot)
    day = day_of(found["day"].value, locale_of(slot)) if "day" in found else None
    clock = clock_of(found["clock"].value) if "clock" in found else None
    if day is None or clock is None:
        return None
    first, last = write_day(day, "y-MM-dd"), write_clock(clock, _TOGETHER[style])
    return f"{first}T{last}" if first and last else None


KIND = DateTime()
