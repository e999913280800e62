"""A chain that never hits: which part of its keys is another one each time, and what it would be without."""

from collections.abc import Iterator
from decimal import Decimal

from langcache.economics.recommendations.merging import dropping, grouped, merge
from langcache.economics.recommendations.recommendation import Recommendation, lower_bound
from langcache.economics.recommendations.replay import misses, saved_by_merging
from langcache.economics.recommendations.traffic import ChainTraffic, Traffic

__all__ = ["never_hits"]

STRATEGY = "never-hits"

FLOOR = 0.9
"""How sure it must be that a request misses: from 25 requests without a hit on."""


def never_hits(traffic: Traffic) -> Iterator[Recommendation]:
    """Chains without one hit; drop each part of the key in turn."""
    for chain in traffic.chains:
        tried = sum(map(misses, chain.keys))
        confidence = round(lower_bound(tried, tried), 3)
        if confidence < FLOOR or _hits(chain) or _expires(chain, tried):
            continue
        best = _best(chain)
        # Else `unneeded_parts` says it.
        if best[0] is None or merge(chain, chain.stored, dropping(chain, best[0])) is None:
            yield _told(chain, tried, confidence, *best)


def _hits(chain: ChainTraffic) -> bool:
    return any(key.outcomes.get("hit") or key.outcomes.get("stale") for key in chain.keys)


def _expires(chain: ChainTraffic, tried: int) -> bool:
    """Whether what was asked for again had mostly expired, which is for `short_ttl` to say."""
    return sum(chain.lapses.values()) * 2 > tried


def _told(
    chain: ChainTraffic, tried: int, confidence: float, part: str | None, calls: int, usd: Decimal
) -> Recommendation:
    what = (
        f"its {part} is another one almost every time; if that does not decide the answer, declare it Ignore(), a Slot "
        f"or a Feature with buckets or synonyms: without it, {calls} of {chain.calls} calls would not have been made."
        if part
        else "no single part of its keys is to blame; if that is how it is asked, bypass it: "
        "with_config(tags=['langcache:no-store'])."
    )
    return Recommendation(
        STRATEGY,
        f"Chain {chain.chain!r} never hits: none of {tried} requests did (with 95 % confidence, at least "
        f"{confidence:.0%} miss); {what}",
        usd,
        "medium",
        confidence,
        {"chain": chain.chain, "requests": tried, "keys": len(chain.keys), "part": part, "calls_saved": calls},
    )


def _best(chain: ChainTraffic) -> tuple[str | None, int, Decimal]:
    """The part whose dropping saves most."""
    best: tuple[str | None, int, Decimal] = (None, 0, Decimal(0))
    for part in chain.parts_that_vary:
        results = [saved_by_merging(group, chain.ttl_s) for group in grouped(chain.stored, dropping(chain, part))]
        calls = sum(saved for saved, _ in results)
        if calls > best[1]:
            best = part, calls, sum((usd for _, usd in results), Decimal(0))
    return best
