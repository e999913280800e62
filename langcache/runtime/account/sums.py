"""What events add up to in memory, before it is cells of a sheet.

One `Tally` serves for the minute and for the key; it is plain numbers, folded for every event, by a thread of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from langcache.core.events import Event, StageEvent
from langcache.runtime.account.histogram import bucket_of
from langcache.runtime.account.money import sum_of, to_cell

__all__ = ["ReasonSum", "StageSum", "Tally", "named"]

HITS = frozenset({"hit", "stale"})
ZERO = Decimal(0)

SHORT_GAP_S = 1.0
"""Shorter times between two requests say nothing of lifetimes."""


@dataclass(slots=True)
class Tally:
    """The requests of one minute, chain, prompt version, generation type, model and key.

    Attributes:
        outcomes: calls of users by outcome, and ``helper`` calls.
        saved_usd: by hits, less what helper calls cost.
        hit_s, call_s: how long hits and calls took, by bucket.
        gaps: times between requests, by bucket; the last one ended `last_at`, if any did.
        ages: of lapsed answers, by bucket.
        calls: of users.
        created: answers stored, the last one `template`, made of `parts`.
    """

    outcomes: dict[str, int] = field(default_factory=dict)
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = ZERO
    helper_cost_usd: Decimal = ZERO
    saved_usd: Decimal = ZERO
    unpriced: int = 0
    hit_s: dict[int, int] = field(default_factory=dict)
    call_s: dict[int, int] = field(default_factory=dict)
    gaps: dict[int, int] = field(default_factory=dict)
    ages: dict[int, int] = field(default_factory=dict)
    calls: int = 0
    created: int = 0
    last_at: float | None = None
    parts: Mapping[str, object] | None = None
    template: str | None = None

    def count(self, at: float, event: Event) -> None:
        """Add *event*, which ended *at*."""
        outcome, saved_usd = event.outcome, event.saved_usd
        if saved_usd:
            self.saved_usd = sum_of(self.saved_usd, saved_usd)
        if saved_usd is None or event.cost_usd is None:
            self.unpriced += 1
        if event.is_helper:
            self._count_helper(event)
            return
        outcomes = self.outcomes
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        if self.last_at is not None and at - self.last_at >= SHORT_GAP_S:
            counted(self.gaps, bucket_of(at - self.last_at))
        self.last_at = at
        if outcome in HITS:
            counted(self.hit_s, bucket_of(event.latency_s))
        else:
            self.calls += 1
            counted(self.call_s, bucket_of(event.latency_s))
            self._count_call(event)

    def _count_helper(self, event: Event) -> None:
        self.outcomes["helper"] = self.outcomes.get("helper", 0) + 1
        self._count_call(event)
        if event.cost_usd:
            self.helper_cost_usd = sum_of(self.helper_cost_usd, event.cost_usd)
            self.saved_usd = sum_of(self.saved_usd, -event.cost_usd)

    def _count_call(self, event: Event) -> None:
        self.input_tokens += event.input_tokens
        self.output_tokens += event.output_tokens
        if event.cost_usd:
            self.cost_usd = sum_of(self.cost_usd, event.cost_usd)
        if event.lapsed_s is not None:
            counted(self.ages, bucket_of(event.lapsed_s))
        if event.parts is not None:
            self.parts = event.parts
        if event.template is not None:
            self.created += 1
            self.template = event.template

    def counts(self) -> dict[str, int]:
        """As cells that rows of time and rows of keys have alike, without zeros."""
        found = {
            **self.outcomes,
            "in": self.input_tokens,
            "out": self.output_tokens,
            "unpriced": self.unpriced,
            "cost": to_cell(self.cost_usd),
            "helper_cost": to_cell(self.helper_cost_usd),
            "saved": to_cell(self.saved_usd),
        }
        return {name: value for name, value in found.items() if value}


@dataclass(slots=True)
class ReasonSum:
    """Requests of one minute that ended with one reason."""

    requests: int = 0
    cost_usd: Decimal = ZERO

    def count(self, event: Event) -> None:
        """Add *event*."""
        self.requests += 1
        self.cost_usd = sum_of(self.cost_usd, event.cost_usd or ZERO)

    def counts(self) -> dict[str, int]:
        """As cells."""
        return {"n": self.requests, "cost": to_cell(self.cost_usd)}


@dataclass(slots=True)
class StageSum:
    """What became of one stage in one minute."""

    outcomes: dict[str, int] = field(default_factory=dict)
    cost_usd: Decimal = ZERO
    saved_usd: Decimal = ZERO

    def count(self, event: StageEvent) -> None:
        """Add *event*."""
        self.outcomes[event.outcome] = self.outcomes.get(event.outcome, 0) + 1
        if event.cost_usd.is_finite() and event.saved_usd.is_finite():  # as stages have reported, and have stored
            self.cost_usd = sum_of(self.cost_usd, event.cost_usd)
            self.saved_usd = sum_of(self.saved_usd, event.saved_usd)

    def counts(self) -> dict[str, int]:
        """As cells."""
        return {**self.outcomes, "cost": to_cell(self.cost_usd), "saved": to_cell(self.saved_usd)}


def counted(counts: dict[int, int], place: int) -> None:
    """Count one more at *place*."""
    counts[place] = counts.get(place, 0) + 1


def named(letter: str, counts: Mapping[int, int]) -> dict[str, int]:
    """*counts* as cells."""
    return {f"{letter}{place}": count for place, count in counts.items()}
