"""Kind ``time``: a time of day on either clock, in figures and in words."""

from collections.abc import Iterator

from langcache.templating.kinds import Form, plain
from langcache.templating.kinds.clock import Clock, clock_of
from langcache.templating.kinds.clock_styles import STYLES, write, writings
from langcache.templating.kinds.figures import bare, write_counted
from langcache.templating.kinds.numerals import spell
from langcache.templating.slots import Personal, written

_HALVES = ("am", "pm", "AM", "PM", "a.m.", "p.m.")
_PERIODS = ("in the morning", "in the afternoon", "in the evening", "at night")
_TODAYS = ("tonight", "this morning", "this afternoon", "this evening")


class Time:
    """Times of day. The English words are recognised in every locale."""

    parts = False

    def recognise(self, slot: Personal) -> Iterator[Form]:
        """The value as it is, then in every style; and what would contradict the next user's half of the day."""
        clock = clock_of(slot.value)
        if clock is None:
            yield from bare(slot) or plain.KIND.recognise(slot)
            return
        own = written(slot.value)
        yield Form(own, "", sure=True)
        seen: set[str] = set()
        for style, text in writings(clock):
            if text not in seen:
                seen.add(text)
                yield Form(text, style, sure=True, locatable="|" not in style)
        for text in _contradictions(clock, own):
            if text not in seen:
                yield Form(text, None, why="time part", locatable=False)

    def render(self, slot: Personal, style: str) -> str:
        """The time in a style; raises ``Refused`` if the value is no time or has seconds that would be lost."""
        clock = clock_of(slot.value)
        text = write(clock, style) if clock is not None and style in _STYLES else write_counted(slot, style)
        return plain.KIND.render(slot, style) if text is None else text

    def residue(self, slot: Personal) -> Iterator[Form]:
        """The digits in one piece or with a dot, "half six", and a time with seconds without them."""
        clock = clock_of(slot.value)
        if clock is None:
            return
        yield Form(f"{clock.hour:02}{clock.minute:02}", None)
        face = f"{clock.hour12}:{clock.minute:02}"
        yield from (Form(text, None) for text in (f"{face}ish", f"T{clock.hour:02}:{clock.minute:02}"))
        if clock.minute:
            yield Form(face.replace(":", "."), None, why="ambiguous value")
        if clock.minute == 30:
            yield Form(f"half {spell(clock.hour12)}", None)
        if clock.second:
            minute = clock._replace(second=0)
            yield from (Form(write(minute, style) or "", None) for style in ("HH:mm", "h:mm am", "h:mmam"))


_STYLES = frozenset(STYLES)


def _contradictions(clock: Clock, own: str) -> Iterator[str]:
    """The time with a word after it that says more than a gap could: ``18:30 pm``, ``6 tonight``."""
    minute = clock._replace(second=0)
    short, long, padded, plain_hour = (write(minute, style) or "" for style in ("h am", "h:mm am", "HH:mm", "H:mm"))
    faces = dict.fromkeys([own, short[:-3], long[:-3], padded, plain_hour])
    for face in faces:
        if ":" in face or face == short[:-3]:
            yield from (f"{face} {word}" for word in (*_PERIODS, *_TODAYS))
        if ":" in face:
            yield from (f"{face} {half}" for half in _HALVES)
    yield from (f"{text} {word}" for text in (short, long, short.upper()) for word in _TODAYS)


KIND = Time()
