"""What is added to one key's row: the counts, the times, and what the key stands for."""

import json
from dataclasses import dataclass, field
from hashlib import blake2b

from langcache.core.events import Event
from langcache.runtime.account.calendar import DAY_S, HOUR_S, MINUTE_S
from langcache.runtime.account.histogram import bucket_of
from langcache.runtime.account.money import to_cell
from langcache.storage.base import Cells
from langcache.storage.counters import Sum, add_up

__all__ = ["KeySum", "rank_of"]

CALLING = frozenset({"miss", "refresh", "refused"})


@dataclass(slots=True)
class KeySum:
    """One key on one day.

    Attributes:
        cells: counts and money, for all sheets of keys.
        times: when it was asked for and called, for the sheet of the day: ``r<hour>`` requests, ``c<minute>`` calls of
            users, ``A<bucket>`` ages of lapsed answers, ``G<bucket>`` gaps between requests.
        parts: the key's parts and its template, where they are known.
        requests: calls of users; the last one ended `last_at`.
    """

    cells: Sum = field(default_factory=dict)
    times: Sum = field(default_factory=dict)
    parts: Sum = field(default_factory=dict)
    requests: int = 0
    last_at: float = 0.0

    def add(self, at: float, event: Event, gap_s: float | None) -> None:
        """Add *event*, which ended *at*, *gap_s* after the one before."""
        cells, second = self.cells, int(at % DAY_S)
        _count(cells, "helper" if event.is_helper else event.outcome)
        if not event.is_helper:
            self.requests += 1
            self.last_at = at
            _count(self.times, f"r{second // HOUR_S}")
            if gap_s is not None:
                _count(self.times, f"G{bucket_of(gap_s)}")
        if event.outcome in CALLING:
            self._add_call(event, second)
        if event.saved_usd:
            _count(cells, "saved", to_cell(event.saved_usd))
        if event.cost_usd is None or event.saved_usd is None:
            _count(cells, "unpriced")
        if "of" not in cells or event.outcome in CALLING:
            cells["of"] = json.dumps([event.chain, event.prompt_version, event.generation_type, event.model])

    def _add_call(self, event: Event, second: int) -> None:
        cells = self.cells
        _count(cells, "in", event.input_tokens)
        _count(cells, "out", event.output_tokens)
        if event.cost_usd:
            _count(cells, "cost", to_cell(event.cost_usd))
            if event.is_helper:
                _count(cells, "saved", -to_cell(event.cost_usd))
        if not event.is_helper:
            _count(self.times, f"c{second // MINUTE_S}")
        if event.lapsed_s is not None:
            _count(cells, "lapsed")
            _count(self.times, f"A{bucket_of(event.lapsed_s)}")
        if event.parts is not None:
            self.parts["parts"] = json.dumps(dict(event.parts))
        if event.template is not None:
            _count(cells, "created")
            self.parts["template"] = event.template

    def merge(self, other: "KeySum") -> None:
        """Add what *other* counted."""
        add_up(self.cells, other.cells)
        add_up(self.times, other.times)
        add_up(self.parts, other.parts)
        self.requests += other.requests
        self.last_at = max(self.last_at, other.last_at)

    def of_day(self) -> Cells:
        """What is added to the sheet of the day."""
        return {**self.of_eight_days(), **self.times}

    def of_eight_days(self) -> Cells:
        """What is added to the sheet of eight days."""
        last: Cells = {"last": str(int(self.last_at))} if self.requests else {}
        return {**self.cells, **self.parts, **last}


def _count(cells: Sum, name: str, number: int = 1) -> None:
    cells[name] = int(cells.get(name, 0)) + number


def rank_of(key: str) -> float:
    """Where in [0, 1) *key* is, as if drawn by lot, and for every process the same."""
    return int.from_bytes(blake2b(key.encode(), digest_size=7).digest()) / 2.0**56
