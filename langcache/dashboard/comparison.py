"""Why one day was worse than another, in words: pure, from what was counted on both."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal

from langcache.dashboard.formats import percent, plural, usd
from langcache.runtime.account.model import Bucket, PeriodStats, Slice

__all__ = ["Cause", "Day", "Verdict", "compare", "day_between"]

NOTICEABLE: Final = 0.01
"""A hit rate that differs by less is called alike; so is a cause that moved fewer requests than this share."""

RARE: Final = 0.1
"""A prompt version with no more than this share of its requests the day before counts as new."""

Kind = Literal["worse", "better", "alike", "unknown"]
MISSES: Final = ("miss", "refresh", "refused")


@dataclass(frozen=True, slots=True)
class Day:
    """What was counted on one day of UTC."""

    requests: int = 0
    hit_rate: float = 0.0
    hit_rate_limit: float | None = None
    saved_usd: Decimal = Decimal(0)
    cost_usd: Decimal = Decimal(0)
    refusals: Mapping[str, int] = field(default_factory=dict)
    bypasses: Mapping[str, int] = field(default_factory=dict)
    chains: Mapping[str, Slice] = field(default_factory=dict)
    prompt_versions: Mapping[str, Slice] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that was different.

    Attributes:
        requests: about how many requests it cost a hit.
        said: the sentence.
    """

    requests: float
    said: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the later day compares.

    Attributes:
        said: the sentence that answers the question.
        causes: what was different, what cost most first; empty unless it was worse.
    """

    kind: Kind
    said: str
    causes: tuple[Cause, ...] = ()


def day_between(bucket: Bucket, longer: PeriodStats, shorter: PeriodStats) -> Day:
    """The day that *longer* covers and *shorter* does not; its sums are those of *bucket*."""
    return Day(
        bucket.requests,
        bucket.hit_rate,
        bucket.hit_rate_limit,
        bucket.saved_usd,
        bucket.cost_usd,
        _less(longer.refusals, shorter.refusals),
        _less(longer.bypasses, shorter.bypasses),
        _slices(longer.by_chain, shorter.by_chain),
        _slices(longer.by_prompt_version, shorter.by_prompt_version),
    )


def compare(before: Day, after: Day, *, name: str = "Yesterday", other: str = "the day before") -> Verdict:
    """What to say of *after*, and, where it was worse, why."""
    if not after.requests:
        return Verdict("unknown", f"{name} nothing was asked.")
    reached = f"{percent(after.hit_rate)} of {plural(after.requests, 'request')} were answered from the cache"
    if not before.requests:
        return Verdict("unknown", f"{name} {reached}; {other} there was nothing to compare with.")
    change = after.hit_rate - before.hit_rate
    money = f"it saved {usd(after.saved_usd)}, {other} {usd(before.saved_usd)}"
    if abs(change) < NOTICEABLE:
        return Verdict("alike", f"{name} was like {other}: {reached}, and {money}.")
    points = f"{abs(change) * 100:.1f} points {'less' if change < 0 else 'more'} than {other}"
    kind: Kind = "worse" if change < 0 else "better"
    causes = tuple(_causes(before, after)) if kind == "worse" else ()
    return Verdict(kind, f"{name} was {kind}: {reached}, {points}; {money}.", _ranked(causes, after.requests))


def _causes(before: Day, after: Day) -> Iterator[Cause]:
    yield from _new_versions(before, after)
    yield from _more_reasons("answers were refused", before.refusals, after.refusals, before, after)
    yield from _more_reasons("requests went past the cache", before.bypasses, after.bypasses, before, after)
    yield from _missing_chains(before, after)
    yield from _less_to_reuse(before, after)


def _less_to_reuse(before: Day, after: Day) -> Iterator[Cause]:
    if before.hit_rate_limit is None or after.hit_rate_limit is None:
        return
    fell = before.hit_rate_limit - after.hit_rate_limit
    rates = f"{percent(after.hit_rate_limit)}, the day before {percent(before.hit_rate_limit)}"
    said = f"There was less to reuse: with each kind of request generated once, the rate would have been {rates}."
    yield Cause(fell * after.requests, said)


def _new_versions(before: Day, after: Day) -> Iterator[Cause]:
    for version, slice_ in after.prompt_versions.items():
        earlier = before.prompt_versions.get(version, Slice())
        if earlier.requests > RARE * slice_.requests or not before.prompt_versions:
            continue
        misses = _misses(slice_)
        asked = f"A new prompt version, {version}, had {plural(slice_.requests, 'request')}"
        said = f"{asked}, {misses:,} of which had to be generated: what was stored belongs to another version."
        yield Cause(misses, said)


def _more_reasons(
    what: str, earlier: Mapping[str, int], later: Mapping[str, int], before: Day, after: Day
) -> Iterator[Cause]:
    scale = after.requests / before.requests
    more = {reason: number - earlier.get(reason, 0) * scale for reason, number in later.items()}
    total = sum(later.values()) - sum(earlier.values()) * scale
    if total > 0:
        worst = max(more, key=lambda reason: more[reason])
        counts = f"{sum(later.values()):,} {what}, the day before {sum(earlier.values()):,}"
        yield Cause(total, f"{counts}; most of what is new is “{worst}” ({later[worst]:,}).")


def _missing_chains(before: Day, after: Day) -> Iterator[Cause]:
    for chain, slice_ in after.chains.items():
        earlier = before.chains.get(chain)
        if earlier is None:
            misses = _misses(slice_)
            yield Cause(misses, f"The chain {chain} is new: {misses:,} of its {slice_.requests:,} requests missed.")
            continue
        fell = earlier.hit_rate - slice_.hit_rate
        said = f"The chain {chain} was answered from the cache {percent(slice_.hit_rate)} of the time"
        yield Cause(fell * slice_.requests, f"{said}, the day before {percent(earlier.hit_rate)}.")


def _ranked(causes: tuple[Cause, ...], requests: int) -> tuple[Cause, ...]:
    felt = [cause for cause in causes if cause.requests >= max(1.0, NOTICEABLE * requests)]
    return tuple(sorted(felt, key=lambda cause: -cause.requests))


def _misses(slice_: Slice) -> int:
    return sum(slice_.outcomes.get(outcome, 0) for outcome in MISSES)


def _less(longer: Mapping[str, int], shorter: Mapping[str, int]) -> dict[str, int]:
    return {name: left for name, number in longer.items() if (left := number - shorter.get(name, 0)) > 0}


def _slices(longer: Mapping[str, Slice], shorter: Mapping[str, Slice]) -> dict[str, Slice]:
    found = {}
    for name, whole in longer.items():
        later = shorter.get(name, Slice())
        outcomes = _less(whole.outcomes, later.outcomes)
        if (requests := whole.requests - later.requests) > 0:
            hits = outcomes.get("hit", 0) + outcomes.get("stale", 0)
            found[name] = Slice(requests, outcomes, hits / requests)
    return found
