"""A time of day as a value: read from what apps and people write.

Words without am or pm ("half past six") are no value: nobody knows which half of the day is meant.
"""

import re
from datetime import datetime, time
from typing import NamedTuple

_CLOCK = re.compile(
    r"(?:at )?(?P<h>\d{1,2})(?:[:.h](?P<m>\d\d)(?::(?P<s>\d\d)(?:\.0+)?)?)?\s?"
    r"(?P<half>[ap]\.?m\.?|noon|midnight|hrs|hours|h)?",
    re.IGNORECASE,
)
_NAMED = {"noon": (12, 0), "midday": (12, 0), "midnight": (0, 0)}


class Clock(NamedTuple):
    """A time of day."""

    hour: int
    minute: int
    second: int = 0

    @property
    def hour12(self) -> int:
        """The hour on a clock's face."""
        return self.hour % 12 or 12

    @property
    def afternoon(self) -> bool:
        """Whether it is noon or later."""
        return self.hour >= 12


def clock_of(value: object) -> Clock | None:
    """The time of day that a value is or says; ``None`` for anything else, and for a bare number."""
    if isinstance(value, (time, datetime)):
        return Clock(value.hour, value.minute, value.second)
    if not isinstance(value, str) or not 3 <= len(value) <= 40:
        return None
    text = " ".join(value.replace("’", "'").split())
    if text.lower() in _NAMED:
        return Clock(*_NAMED[text.lower()])
    match = _CLOCK.fullmatch(text)
    return _numeric(match) if match else None


def _numeric(match: re.Match[str]) -> Clock | None:
    half = (match["half"] or "").lower().replace(".", "")
    if not half and not match["m"]:
        return None
    hour = int(match["h"])
    if half in ("am", "pm", "noon", "midnight"):
        hour = _of_half(hour, half)
    return _checked(hour, int(match["m"] or 0), int(match["s"] or 0))


def _of_half(hour: int, half: str) -> int:
    """The hour of 24 that an hour of 12 is; 99 for a contradiction."""
    if half in ("noon", "midnight"):
        return 99 if hour != 12 else 12 if half == "noon" else 0
    if half == "am":
        return hour % 12 if hour <= 12 else 99
    return hour + 12 if 1 <= hour < 12 else hour or 99


def _checked(hour: int, minute: int, second: int) -> Clock | None:
    return Clock(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None
