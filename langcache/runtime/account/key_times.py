"""One key with its times, as a recommender replays it."""

from collections import defaultdict
from dataclasses import dataclass, field

from langcache.runtime.account.calendar import DAY_S, HOUR_S, MINUTE_S
from langcache.runtime.account.histogram import upper_bound
from langcache.runtime.account.key_rows import described, named
from langcache.runtime.account.keys import KeyAccount
from langcache.runtime.account.totals import money, number, outcomes_in
from langcache.storage.base import Cells
from langcache.storage.counters import Sum, add_up

__all__ = ["KeyTimes"]


@dataclass(slots=True)
class KeyTimes:
    """A key's rows, day by day.

    Attributes:
        cells: its counts, of all days.
        requested, called: beginning of the hour, of the minute, to how many.
        lapsed_ages, gaps: seconds to how many.
    """

    cells: Sum = field(default_factory=dict)
    requested: dict[float, int] = field(default_factory=dict)
    called: dict[float, int] = field(default_factory=dict)
    lapsed_ages: defaultdict[float, int] = field(default_factory=lambda: defaultdict(int))
    gaps: defaultdict[float, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, day: int, cells: Cells) -> None:
        """Add the row of one day."""
        start = float(day * DAY_S)
        counts: Sum = {}
        for name, value in cells.items():
            kind, place = name[0], name[1:]
            if not place.lstrip("-").isdecimal():
                counts[name] = value
            elif kind == "r":
                self.requested[start + int(place) * HOUR_S] = int(value)
            elif kind == "c":
                self.called[start + int(place) * MINUTE_S] = int(value)
            else:
                {"A": self.lapsed_ages, "G": self.gaps}[kind][upper_bound(int(place))] += int(value)
        add_up(self.cells, counts)

    def account(self, key: str) -> KeyAccount:
        """The key's account."""
        cells, outcomes = self.cells, outcomes_in(self.cells)
        chain, version, generation_type, model = named(cells)
        features, parts = described(cells)
        return KeyAccount(
            key=key,
            chain=chain,
            prompt_version=version,
            generation_type=generation_type,
            model=model,
            features=features,
            parts=parts,
            template=str(cells["template"]) if "template" in cells else None,
            has_parts="parts" in cells,
            requests=sum(outcomes.values()),
            outcomes=outcomes,
            calls=sum(self.called.values()) + number(cells, "helper"),
            created=number(cells, "created"),
            lapsed=number(cells, "lapsed"),
            lapsed_ages=dict(sorted(self.lapsed_ages.items())),
            gaps=dict(sorted(self.gaps.items())),
            called=dict(sorted(self.called.items())),
            requested=dict(sorted(self.requested.items())),
            stampedes=sum(self.called.values()) - len(self.called),
            input_tokens=number(cells, "in"),
            output_tokens=number(cells, "out"),
            cost_usd=money(cells, "cost"),
            saved_usd=money(cells, "saved"),
            unpriced=number(cells, "unpriced"),
            first_used=min(self.requested, default=0.0),
            last_used=float(number(cells, "last")),
        )
