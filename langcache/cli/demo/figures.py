"""What the events of a run add up to. Nothing here is known beforehand: it is all counted."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from statistics import median
from typing import Any

from langcache.cli.demo.chains import GENERATION_TYPES
from langcache.cli.demo.run import Run
from langcache.cli.output import Column, Report, Section
from langcache.core.events import Event

__all__ = ["Figures", "by_generation_type", "count", "report_of"]

HITS = ("hit", "stale")


@dataclass(frozen=True)
class Figures:
    """One column of the table.

    Attributes:
        kinds: distinct keys; each needs one call.
        provider_calls: attempts, retries included.
        hit_rate_limit: 1 − kinds/requests: the most a cache that starts empty can reach.
        spent_usd: None if a model's price is unknown; likewise *saved_usd*.
        median_hit_s: None if nothing was hit; likewise *median_call_s*, of requests that called the provider.
    """

    requests: int
    kinds: int
    provider_calls: int
    hit_rate: float
    hit_rate_limit: float
    spent_usd: Decimal | None
    saved_usd: Decimal | None
    median_hit_s: float | None
    median_call_s: float | None


def count(events: Sequence[Event]) -> Figures:
    """The figures of *events*, of which there is at least one."""
    hits = [event for event in events if event.outcome in HITS]
    calls = [event for event in events if event.attempts > 0]
    kinds = len({(event.chain, event.key) for event in events})
    return Figures(
        requests=len(events),
        kinds=kinds,
        provider_calls=sum(event.attempts for event in events),
        hit_rate=len(hits) / len(events),
        hit_rate_limit=1 - kinds / len(events),
        spent_usd=_sum([event.cost_usd for event in events]),
        saved_usd=_sum([event.saved_usd for event in events]),
        median_hit_s=_median(hits),
        median_call_s=_median(calls),
    )


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def _median(events: Sequence[Event]) -> float | None:
    return median(event.latency_s for event in events) if events else None


def by_generation_type(events: Sequence[Event]) -> dict[str, Figures]:
    """The figures of each generation type."""
    return {name: count([event for event in events if event.generation_type == name]) for name in GENERATION_TYPES}


def report_of(run: Run) -> Report:
    """The whole run for programs: all of it as JSON, and a row per generation type and for both as CSV."""
    parts = {**by_generation_type(run.events), "both": count(run.events)}
    rows = [{"generation_type": name, **asdict(part)} for name, part in parts.items()]
    return Report(_as_data(run), main=Section([Column(name) for name in rows[0]], rows))


def _as_data(run: Run) -> dict[str, Any]:
    """Durations in seconds."""
    bypassed, survived = run.bypassed, run.survived
    return {
        "applicants": len(run.answers),
        **asdict(count(run.events)),
        "http_requests": run.http_requests,
        "generation_types": {name: asdict(part) for name, part in by_generation_type(run.events).items()},
        "no_store": {
            **_one(bypassed.event),
            "entries_before": bypassed.entries_before,
            "entries_after": bypassed.entries_after,
        },
        "failure": None if survived is None else {**_one(survived), "errors": survived.details.get("errors", [])},
    }


def _one(event: Event) -> dict[str, Any]:
    return {"outcome": event.outcome, "reason": event.reason, "provider_calls": event.attempts}
