"""Kind ``duration``: a length of time in any usual mix of units, in figures and in words."""

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from langcache.templating.kinds import Form, plain
from langcache.templating.kinds.figures import bare, write_counted
from langcache.templating.kinds.lengths import PLAIN, STYLES, rates, write, writings
from langcache.templating.kinds.numerals import spell, unspell
from langcache.templating.slots import Personal, written

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_SHORT = {"s": 1, "sec": 1, "secs": 1, "m": 60, "min": 60, "mins": 60, "h": 3600, "hr": 3600, "hrs": 3600, "d": 86400}
_UNITS = _SECONDS | {f"{name}s": size for name, size in _SECONDS.items()} | _SHORT
_PIECE = re.compile(r"(\d+(?:\.\d+)?|[a-z]+(?:-[a-z]+)?)[\s-]*([a-z]+?)(?=[\s\d]|$)")
_HALF = re.compile(
    r"half an?[\s-](?P<one>[a-z]+)|(?P<more>[a-z0-9]+)(?: (?P<of>[a-z]+))? and a half(?: (?P<many>[a-z]+))?"
)
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)")
_ISO = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE)
_ABBREVIATED = 3
"""Letters up to which a form may as well be something else: ``2d``."""


class Duration:
    """Lengths of time, to the second. The words are English in every locale."""

    parts = False

    def recognise(self, slot: Personal) -> Iterator[Form]:
        """The value as it is, then in every mix of units that is exact."""
        seconds = seconds_of(slot.value)
        if seconds is None:
            yield from bare(slot) or plain.KIND.recognise(slot)
            return
        own = written(slot.value)
        yield Form(own, "", sure=True)
        seen = {own}
        for style, text in writings(seconds):
            if text not in seen:
                seen.add(text)
                yield Form(text, style, sure=len(text) > _ABBREVIATED)
        yield from (Form(text, None, why="ambiguous value") for text in rates(seconds))

    def render(self, slot: Personal, style: str) -> str:
        """The length in a style, or in the nearest that is exact; raises ``Refused`` if the value is none."""
        seconds = seconds_of(slot.value)
        if seconds is None and (text := write_counted(slot, style)):
            return text
        if seconds is None or style not in STYLES:
            return plain.KIND.render(slot, style)
        return write(seconds, style) or write(seconds, PLAIN)

    def residue(self, slot: Personal) -> Iterator[Form]:
        """Its hours and minutes as on a clock's face, which may as well be a time of day; all of it in seconds."""
        seconds = seconds_of(slot.value)
        if seconds is None:
            return
        if seconds > 60:
            yield from (Form(f"{figures} seconds", None) for figures in (str(seconds), f"{seconds:,}"))
        if seconds >= 3600 and seconds % 3600:
            yield from (Form(text, None) for text in _hours_and_minutes(seconds // 3600, seconds % 3600 // 60))


def _hours_and_minutes(hours: int, minutes: int) -> Iterator[str]:
    yield from (f"{hours}:{minutes:02}", f"{hours}h{minutes:02}")
    unit = "hour" if hours == 1 else "hours"
    for count in (spell(hours), *(("an",) if hours == 1 else ())):
        yield from (f"{count} {unit}{join}{spell(minutes)} minutes" for join in (" and ", " ", ", "))
    if minutes == 30 and hours == 1:
        yield "hour and a half"


def seconds_of(value: object) -> int | None:
    """The whole seconds that a value is or says; ``None`` for anything else, and for a number without a unit."""
    if isinstance(value, timedelta):
        return int(value.total_seconds()) if value >= timedelta(0) and not value.microseconds else None
    if not isinstance(value, str) or not 2 <= len(value) <= 60:
        return None
    text = value.strip()
    if match := _CLOCK.fullmatch(text):
        return int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])
    if (match := _ISO.fullmatch(text)) and any(match.groups()):
        return sum(int(count or 0) * size for count, size in zip(match.groups(), (86400, 3600, 60, 1), strict=True))
    return _said(text.lower())


def _said(text: str) -> int | None:
    if match := _HALF.fullmatch(text):
        size = _UNITS.get(match["one"] or match["of"] or match["many"] or "")
        count = Decimal(0) if match["one"] else _count(match["more"])
        return None if size is None or count is None else int((count + Decimal("0.5")) * size)
    text = text.replace(" and ", " ").replace(",", " ")
    total, at = Decimal(0), 0
    for match in _PIECE.finditer(text):
        size, count = _UNITS.get(match[2]), _count(match[1])
        if text[at : match.start()].strip() or size is None or count is None:
            return None
        total, at = total + count * size, match.end()
    return int(total) if at and not text[at:].strip() and total == total.to_integral_value() else None


def _count(text: str) -> Decimal | None:
    if text[0].isdigit():
        return Decimal(text)
    number = 1 if text in ("a", "an") else unspell(text)
    return None if number is None else Decimal(number)


KIND = Duration()
