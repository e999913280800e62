"""Where in the store an account is: which sheet holds what of which time, and for how long.

Every event is added to its minute, its hour and its day at once, so that nothing needs to be rolled up later: minutes
are forgotten after two days, hours and the details of keys after five weeks, days when the retention ends.

=================  ===========================================================  ============================
sheet              rows                                                         kept
=================  ===========================================================  ============================
``minutes/<day>``  of each minute                                               `MINUTE_DAYS`
``hours/<day>``    of each hour                                                 `HOUR_DAYS`
``days/<32 days>`` of each day                                                  the retention
``keys/<day>``     of each key, with its times                                  `HOUR_DAYS`
``keys8/<8 days>`` of each key                                                  the retention
=================  ===========================================================  ============================

Days are those of UTC, counted from the epoch; so are blocks of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["DAY_S", "HOUR_S", "MINUTE_S", "Period", "Retention", "day_of"]

MINUTE_S: Final = 60
HOUR_S: Final = 3_600
DAY_S: Final = 86_400

MINUTE_DAYS: Final = 2
HOUR_DAYS: Final = 35
BLOCK_DAYS: Final = 32
EIGHT: Final = 8


def day_of(at: float) -> int:
    """The day *at* is in."""
    return int(at // DAY_S)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long an account is kept.

    Attributes:
        days: so many days of it can be read.
        keys: keys told apart per day, and twice as many per eight days: a uniform sample of this size, and a quarter
            of it on top, of the busiest.
    """

    days: int = 400
    keys: int = 1024

    def sample(self, kind: str) -> int:
        """The size of the sample in sheets of this *kind*."""
        return 2 * self.keys if kind == "keys8" else self.keys

    def sheets(self, day: int) -> dict[str, float]:
        """The sheets an event of *day* is added to, by kind, and when each is gone."""
        return {kind: self._gone(kind, day) for kind in ("minutes", "hours", "days", "keys", "keys8")}

    def _gone(self, kind: str, day: int) -> float:
        kept = {"minutes": MINUTE_DAYS, "hours": HOUR_DAYS, "keys": HOUR_DAYS}.get(kind, self.days)
        last = {"days": (day // BLOCK_DAYS + 1) * BLOCK_DAYS, "keys8": (day // EIGHT + 1) * EIGHT}.get(kind, day + 1)
        return float((last + min(kept, self.days)) * DAY_S)


def sheet_of(kind: str, day: int) -> str:
    """The name of the sheet of this *kind* that *day* is in."""
    return f"{kind}/{day // {'days': BLOCK_DAYS, 'keys8': EIGHT}.get(kind, 1)}"


@dataclass(frozen=True, slots=True)
class Period:
    """The last days of UTC.

    Attributes:
        now: when it is read.
        days: how many, today included.
    """

    now: float
    days: int

    @property
    def today(self) -> int:
        """The last day."""
        return day_of(self.now)

    @property
    def first(self) -> int:
        """The first day."""
        return self.today - self.days + 1

    @property
    def since(self) -> float:
        """When it begins."""
        return float(self.first * DAY_S)

    def sheets(self, kind: str, most_days: int | None = None) -> list[str]:
        """The sheets of one *kind*, of the last *most_days* at most."""
        first = self.first if most_days is None else max(self.first, self.today - most_days + 1)
        return list(dict.fromkeys(sheet_of(kind, day) for day in range(first, self.today + 1)))

    def key_sheets(self) -> list[str]:
        """As few sheets as hold the keys of these days and no others: eight days at once where all eight are in it.

        Where the days themselves are forgotten already, the eight days around them take their place.
        """
        return list(dict.fromkeys(self._key_sheets()))

    def _key_sheets(self) -> Iterator[str]:
        for day in range(self.first, self.today + 1):
            whole = day // EIGHT * EIGHT >= self.first
            yield sheet_of("keys8" if whole or day <= self.today - HOUR_DAYS else "keys", day)
