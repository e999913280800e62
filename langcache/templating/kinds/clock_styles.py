"""The ways to write a time of day, each under a name that any other time can be written by."""

from collections.abc import Callable, Iterator

from langcache.templating.kinds.clock import Clock
from langcache.templating.kinds.numerals import spell

HALVES = ("am", "AM", "a.m.", "A.M.", "Am", "a.m")
_SHORT, _LONG, _PADDED, _DOTTED = "h", "h:mm", "hh:mm", "h.mm"
_TWELVE = (
    *((face, gap, half) for face in (_SHORT, _LONG) for gap in (" ", "") for half in HALVES),
    *((_PADDED, gap, half) for gap in (" ", "") for half in ("am", "AM")),
    *((face, gap, half) for face in (_SHORT, _LONG) for gap in ("\u202f", "\u00a0") for half in ("am", "AM", "a.m.")),
    *((_DOTTED, gap, half) for gap in (" ", "") for half in ("am", "AM", "a.m.")),
)
_TWENTYFOUR = (
    "HH:mm",
    "H:mm",
    "HH:mm:ss",
    "HH.mm",
    "HHhmm",
    "Hhmm",
    "HHmm hours",
    "HHmm hrs",
    "HH:mm hrs",
    "HH:mm hours",
    "HH:mm h",
)
_NOONS = {"noon": "midnight", "midday": "midnight", "12 noon": "12 midnight", "12:00 noon": "12:00 midnight"}
_MIDNIGHTS = {night: day for day, night in _NOONS.items() if day != "midday"}
_PERIOD = "h in the"
_READ: dict[str, Callable[[int], str]] = {"read": spell, "read 1": str}
_SPOKEN: dict[str, tuple[Callable[[int], str], str]] = {
    "spoken": (spell, "quarter"),
    "spoken 1": (str, "quarter"),
    "spoken a": (spell, "a quarter"),
    "spoken a 1": (str, "a quarter"),
}
_OF_HALF = ("bare", *_SPOKEN, *_READ)
# "6:30" and "half past six" do not tell the half of the day; the style does, for a next user in the other half.
STYLES: tuple[str, ...] = (
    *(face + gap + half for face, gap, half in _TWELVE),
    *_TWENTYFOUR,
    *_NOONS,
    *_MIDNIGHTS,
    _PERIOD,
    *(f"{style}|{half}" for style in _OF_HALF for half in ("am", "pm")),
    *(f"{style} {half}" for style in (*_SPOKEN, *_READ) for half in ("am", "a.m.")),
    *(f"{style} in the" for style in (*_SPOKEN, *_READ)),
)
_TWELVES = {face + gap + half: (face, gap, half) for face, gap, half in _TWELVE}


def write(clock: Clock, style: str) -> str | None:
    """A time in a style; ``None`` if the style cannot show it (it has seconds and the style has none)."""
    if clock.second and "ss" not in style:
        return None
    if style in _TWELVES:
        face, gap, half = _TWELVES[style]
        return _face(clock, face) + gap + _half(clock, half)
    if style in _TWENTYFOUR:
        return _twentyfour(clock, style)
    if style in _NOONS or style in _MIDNIGHTS:
        noon = style if style in _NOONS else _MIDNIGHTS[style]
        return {(12, 0): noon, (0, 0): _NOONS[noon]}.get(clock[:2]) or write(clock, "h am")
    if style == _PERIOD:
        return f"{_face(clock, _SHORT)} {period(clock)}"
    return _half_day(clock, style)


def period(clock: Clock) -> str:
    """The part of the day, as one adds it to the hour."""
    if clock.hour >= 21:
        return "at night"
    return "in the " + ("morning" if clock.hour < 12 else "afternoon" if clock.hour < 18 else "evening")


def _half_day(clock: Clock, style: str) -> str | None:
    base, _, half = style.partition("|")
    if half:
        text = _face(clock, _LONG) if base == "bare" else _words(clock, base)
        return text if half == _half(clock, "am") else f"{text} {_half(clock, 'am')}" if text else write(clock, "h am")
    base, _, half = style.rpartition(" ")
    if half == "the":
        text = _words(clock, base.removesuffix(" in"))
        return f"{text} {period(clock)}" if text else write(clock, _PERIOD)
    text = _words(clock, base)
    return f"{text} {_half(clock, half)}" if text else write(clock, f"h {half}")


def _face(clock: Clock, face: str) -> str:
    if face == _SHORT and not clock.minute:
        return str(clock.hour12)
    hour = f"{clock.hour12:02}" if face == _PADDED else str(clock.hour12)
    return f"{hour}{'.' if face == _DOTTED else ':'}{clock.minute:02}"


def _half(clock: Clock, half: str) -> str:
    return half.replace("a", "p").replace("A", "P") if clock.afternoon else half


def _twentyfour(clock: Clock, style: str) -> str:
    hour = f"{clock.hour:02}" if style.startswith("HH") else str(clock.hour)
    text = style.replace("HH", "H").replace("mm", f"{clock.minute:02}").replace("ss", f"{clock.second:02}")
    return text.replace("H", hour, 1)


def _words(clock: Clock, style: str) -> str | None:
    if style in _READ:
        return _read(clock, _READ[style])
    return _spoken(clock, *_SPOKEN[style])


def _read(clock: Clock, number: Callable[[int], str]) -> str | None:
    hour = number(clock.hour12)
    if not clock.minute:
        return f"{hour} o'clock"
    if number is str:
        return None
    return f"{hour} {'oh ' if clock.minute < 10 else ''}{spell(clock.minute)}"


def _spoken(clock: Clock, number: Callable[[int], str], quarter: str) -> str | None:
    if clock.minute % 5 or not clock.minute:
        return None
    side, hour, minutes = "past", clock.hour12, clock.minute
    if minutes > 30:
        side, hour, minutes = "to", clock.hour12 % 12 + 1, 60 - minutes
    part = {15: quarter, 30: "half"}.get(minutes) or spell(minutes)
    return f"{part} {side} {number(hour)}"


def writings(clock: Clock) -> Iterator[tuple[str, str]]:
    """Every style a time is recognised in, with the text."""
    for style in STYLES:
        if style.endswith(("|am", "|pm")) and style[-2:] != _half(clock, "am"):
            continue
        text = write(clock, style)
        if text is not None:
            yield style, text
