"""What is added to one key's row: the counts, the times, and what the key stands for."""

import json
from dataclasses import dataclass, field
from hashlib import blake2b

from langcache.runtime.account.calendar import DAY_S, HOUR_S, MINUTE_S
from langcache.runtime.account.fold import Place
from langcache.runtime.account.sums import Tally, named
from langcache.storage.base import Cells
from langcache.storage.counters import Sum, add_up

__all__ = ["KeySum", "rank_of"]


@dataclass(slots=True)
class KeySum:
    """One key on one day, as cells.

    Attributes:
        cells: counts, and what the key stands for.
        times: of the sheet of the day alone: ``r<hour>`` requests, ``c<minute>`` calls of users, ``A<bucket>`` ages of
            lapsed answers, ``G<bucket>`` times between requests.
        requests: calls of users.
    """

    cells: Sum = field(default_factory=dict)
    times: Sum = field(default_factory=dict)
    requests: int = 0

    def add(self, place: Place, tally: Tally) -> None:
        """Add the key's requests of one minute."""
        minute, *names, _ = place
        of_day = minute % (DAY_S // MINUTE_S)
        requests = sum(tally.outcomes.values()) - tally.outcomes.get("helper", 0)
        self.requests += requests
        counts: Sum = {**tally.counts(), "of": json.dumps(names)}
        counts.update({name: n for name, n in (("created", tally.created), ("lapsed", sum(tally.ages.values()))) if n})
        if tally.parts is not None:
            counts["parts"] = json.dumps(dict(tally.parts))
        if tally.template is not None:
            counts["template"] = tally.template
        if requests:
            counts["last"] = str(int(tally.last_at or 0))
            add_up(self.times, {f"r{of_day * MINUTE_S // HOUR_S}": requests})
        add_up(self.times, {**named("A", tally.ages), **named("G", tally.gaps)})
        if tally.calls:
            add_up(self.times, {f"c{of_day}": tally.calls})
        add_up(self.cells, counts)

    def merge(self, other: "KeySum") -> None:
        """Add what *other* counted later."""
        add_up(self.cells, other.cells)
        add_up(self.times, other.times)
        self.requests += other.requests

    def of_day(self) -> Cells:
        """What is added to the sheet of the day."""
        return {**self.cells, **self.times}


def rank_of(key: str) -> float:
    """Where in [0, 1) *key* is, as if drawn by lot, and for every process the same."""
    return int.from_bytes(blake2b(key.encode(), digest_size=7).digest()) / 2.0**56
