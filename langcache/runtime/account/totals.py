"""Rows of time summed up: slices, buckets, reasons and stages."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from langcache.runtime.account.histogram import percentile
from langcache.runtime.account.keys import Refusal
from langcache.runtime.account.model import Bucket, Slice, StageCounts
from langcache.runtime.account.money import from_cell
from langcache.runtime.account.texts import require_clear
from langcache.storage.base import Cells
from langcache.storage.counters import Sum, add_up

__all__ = ["Totals", "hit_rate", "outcomes_in", "totals_of"]

OUTCOMES = ("hit", "stale", "miss", "refresh", "bypass", "refused")
STAGE_OUTCOMES = ("executed", "reused", "invalidated", "failed")
DIMENSIONS = ("chain", "prompt_version", "generation_type", "model")


@dataclass(slots=True)
class Totals:
    """The rows of a period.

    Attributes:
        units: by minute, hour or day, whichever the rows are of.
        slices: by dimension, by name; what has no name for a dimension is in none.
        reasons: by outcome, chain, reason, slot and form.
        stages: by pipeline and stage.
    """

    units: defaultdict[int, Sum] = field(default_factory=lambda: defaultdict(dict))
    slices: defaultdict[str, defaultdict[str, Sum]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(dict))
    )
    reasons: defaultdict[tuple[Any, ...], Sum] = field(default_factory=lambda: defaultdict(dict))
    stages: defaultdict[str, Sum] = field(default_factory=lambda: defaultdict(dict))

    def add(self, row: str, cells: Cells, units: range) -> None:
        """Add one row, if it is of one of *units*."""
        require_clear(row)
        kind, unit, *names = json.loads(row)
        if unit not in units:
            return
        if kind == "t":
            add_up(self.units[unit], cells)
            for dimension, name in zip(DIMENSIONS, names, strict=True):
                if name:
                    add_up(self.slices[dimension][name], cells)
        elif kind == "w":
            add_up(self.reasons[tuple(names)], cells)
        elif kind == "s":
            add_up(self.stages[":".join(names)], cells)

    def whole(self) -> Sum:
        """Everything."""
        total: Sum = {}
        for cells in self.units.values():
            add_up(total, cells)
        return total

    def by(self, dimension: str) -> dict[str, Slice]:
        """The slices of one dimension, most requested first."""
        found = {name: slice_of(cells) for name, cells in self.slices[dimension].items()}
        return dict(sorted(found.items(), key=lambda item: -item[1].requests))

    def by_reason(self, outcome: str) -> dict[str, int]:
        """How many requests ended so, by reason, most first."""
        found: defaultdict[str, int] = defaultdict(int)
        for (ended, _, reason, *_), cells in self.reasons.items():
            if ended == outcome:
                found[reason] += number(cells, "n")
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def refusals(self) -> tuple[Refusal, ...]:
        """All reasons, most frequent first."""
        found = [
            Refusal(outcome, reason, chain, slot, form, number(cells, "n"), money(cells, "cost"))
            for (outcome, chain, reason, slot, form), cells in self.reasons.items()
        ]
        return tuple(sorted(found, key=lambda refusal: -refusal.count))

    def stage_counts(self) -> dict[str, StageCounts]:
        """What became of each stage."""
        return {name: _stage(self.stages[name]) for name in sorted(self.stages)}


def totals_of(sheets: Iterable[Mapping[str, Cells]], units: range) -> Totals:
    """The rows of *sheets* that are of *units*."""
    totals = Totals()
    for rows in sheets:
        for row, cells in rows.items():
            totals.add(row, cells, units)
    return totals


def number(cells: Cells, name: str) -> int:
    """A count; 0 where there is none."""
    return int(cells.get(name, 0))


def money(cells: Cells, name: str) -> Decimal:
    """A sum of money."""
    return from_cell(number(cells, name))


def outcomes_in(cells: Cells) -> dict[str, int]:
    """Requests by outcome, those that happened."""
    return {name: number(cells, name) for name in OUTCOMES if name in cells}


def hit_rate(outcomes: Mapping[str, int]) -> float:
    """Hits, fresh or stale, per request."""
    requests = sum(outcomes.values())
    return (outcomes.get("hit", 0) + outcomes.get("stale", 0)) / requests if requests else 0.0


def slice_of(cells: Cells) -> Slice:
    """A slice."""
    outcomes = outcomes_in(cells)
    return Slice(
        requests=sum(outcomes.values()),
        outcomes=outcomes,
        hit_rate=hit_rate(outcomes),
        input_tokens=number(cells, "in"),
        output_tokens=number(cells, "out"),
        cost_usd=money(cells, "cost"),
        saved_usd=money(cells, "saved"),
        unpriced=number(cells, "unpriced"),
    )


def bucket_of_time(start: float, cells: Cells, limit: float | None) -> Bucket:
    """A bucket."""
    outcomes = outcomes_in(cells)
    hits, calls = _histogram(cells, "H"), _histogram(cells, "C")
    return Bucket(
        start=start,
        requests=sum(outcomes.values()),
        outcomes=outcomes,
        hit_rate=hit_rate(outcomes),
        hit_rate_limit=limit,
        cost_usd=money(cells, "cost"),
        saved_usd=money(cells, "saved"),
        hit_latency_p50_s=percentile(hits, 0.5),
        hit_latency_p95_s=percentile(hits, 0.95),
        call_latency_p50_s=percentile(calls, 0.5),
        call_latency_p95_s=percentile(calls, 0.95),
    )


def _histogram(cells: Cells, letter: str) -> dict[int, int]:
    return {int(name[1:]): int(count) for name, count in cells.items() if name[0] == letter}


def _stage(cells: Cells) -> StageCounts:
    counts = {name: number(cells, name) for name in STAGE_OUTCOMES}
    return StageCounts(**counts, cost_usd=money(cells, "cost"), saved_usd=money(cells, "saved"))
