"""Which keys are told apart: a uniform sample of them, and the busiest; so that an account is bounded.

The sample are the keys of the lowest ranks, by a hash: the same for all processes, whenever they look. So the number of
all keys can be told from it (bottom-k or KMV sketches: Bar-Yossef et al., RANDOM 2002; Beyer et al., SIGMOD 2007), also
over several sheets. With fewer keys than fit, the sample is all of them, and nothing is estimated.
"""

import heapq
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from langcache.runtime.account.key_sums import KeySum, rank_of
from langcache.storage.base import Cells

__all__ = ["ABOUT", "BELOW", "KeptKeys", "Look", "below_in", "look_at", "requests_in"]

ABOUT: Final = "about"
"""The row about the sheet itself; a key's begins with ``k``."""

BELOW: Final = "below"
_chance: Final = random.SystemRandom()
WAITING: Final = 4_096
"""Keys above the sample that one process counts, since they may become busy."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a sheet of keys says.

    Attributes:
        below: all keys of a lower rank are in the sheet; 1 if nothing was dropped.
        busy: requests of the least busy key above that rank that is kept for them.
        drop: the rows that are to go.
    """

    below: float = 1.0
    busy: int = 0
    drop: tuple[str, ...] = ()


def requests_in(cells: Cells) -> int:
    """How often users asked for the key of a row."""
    return sum(int(cells.get(name, 0)) for name in ("hit", "stale", "miss", "refresh", "refused"))


def below_in(rows: Mapping[str, Cells]) -> float:
    """The rank below which the sheet of *rows* holds every key."""
    return float(rows.get(ABOUT, {}).get(BELOW, 1.0))


def look_at(rows: Mapping[str, Cells], keys: int) -> Look:
    """What to keep of a sheet: *keys* of the lowest ranks, and a quarter as many of the busiest among the others."""
    ranked = sorted((rank_of(row[1:]), row) for row in rows if row != ABOUT)
    busiest = keys // 4
    if len(ranked) <= keys + busiest:
        return Look(below_in(rows))
    others = [row for _, row in ranked[keys:]]
    requests = {row: requests_in(rows[row]) for row in others}
    busy = set(heapq.nlargest(busiest, others, key=requests.__getitem__))
    least = min((requests[row] for row in busy), default=0)
    return Look(min(below_in(rows), ranked[keys][0]), least, tuple(row for row in others if row not in busy))


class KeptKeys:
    """Lets the keys of one day through that are to be kept, as far as this process knows.

    Args:
        keys: the size of the sample.
    """

    def __init__(self, keys: int) -> None:
        self._keys = keys
        self._written: set[str] = set()
        self._waiting: dict[str, KeySum] = {}
        self._below, self._busy = 1.0, 0
        # Begun at random, so that also of many short-lived processes some look at what they have left.
        # From a source of its own: in a thread beside a program that has seeded the common one, for itself.
        self._new = _chance.randrange(1 + keys // 4)

    @property
    def look_is_due(self) -> bool:
        """Whether so many keys were new that the sheet may hold too many."""
        return self._new > self._keys // 4

    def looked(self, day: Look, eight_days: Look) -> None:
        """Take over what looks at both sheets said: what either is to hold must get through."""
        self._new, self._below = 0, min(self._below, max(day.below, eight_days.below))
        self._busy = max(self._busy, day.busy)
        self._written.difference_update(row[1:] for row in day.drop)

    def through(self, sums: dict[str, KeySum]) -> dict[str, KeySum]:
        """Those of *sums* that are to be written, with what was held back of them before."""
        written = {key: total for key, held in sums.items() if (total := self._total(key, held)) is not None}
        self._new += len(written.keys() - self._written)
        self._written.update(written)
        if len(self._waiting) > WAITING:
            self._waiting = dict(heapq.nlargest(WAITING // 2, self._waiting.items(), key=lambda item: item[1].requests))
        return written

    def _total(self, key: str, held: KeySum) -> KeySum | None:
        if key in self._written or self._below >= 1.0 or rank_of(key) < self._below:
            return held
        total = self._waiting.setdefault(key, KeySum())
        total.merge(held)
        return self._waiting.pop(key) if total.requests > self._busy else None
