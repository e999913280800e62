"""A stage of a pipeline that is invalidated more often than it is used."""

from collections.abc import Iterator
from decimal import Decimal

from langcache.economics.recommendations.recommendation import Recommendation, lower_bound
from langcache.economics.recommendations.traffic import Traffic
from langcache.runtime.account.model import StageCounts

__all__ = ["stage_churn"]

STRATEGY = "stage-churn"

FLOOR = 0.5
"""From here on, its stored output is more often thrown away than used."""


def stage_churn(traffic: Traffic) -> Iterator[Recommendation]:
    """Compare how often each stage's output was used again with how often it was invalidated."""
    for name, counts in traffic.account.stages.items():
        ended = counts.invalidated + counts.reused
        confidence = round(lower_bound(counts.invalidated, ended), 3)
        if confidence >= FLOOR:
            yield _told(name, counts, ended, confidence)


def _told(name: str, counts: StageCounts, ended: int, confidence: float) -> Recommendation:
    pipeline, _, stage = name.partition(":")
    wasted = min(counts.executed, counts.invalidated)
    usd = counts.cost_usd * wasted / counts.executed if counts.executed else Decimal(0)
    return Recommendation(
        STRATEGY,
        f"Stage {stage!r} of pipeline {pipeline!r} is invalidated more often than its output is used: "
        f"{counts.invalidated} times against {counts.reused} (with 95 % confidence, at least {confidence:.0%} of "
        f"{ended}). Let it depend on less: pass only the inputs it reads, or split off what changes. Runs whose output "
        f"was thrown away before it was used: {wasted} of {counts.executed}.",
        usd,
        "high",
        confidence,
        {"pipeline": pipeline, "stage": stage, "runs_saved": wasted, **counts.to_dict()},
    )
