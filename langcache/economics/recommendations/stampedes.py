"""The same answer called for several times at once."""

from collections.abc import Iterator
from decimal import Decimal

from langcache.economics.recommendations.merging import MATERIAL
from langcache.economics.recommendations.recommendation import Recommendation, lower_bound
from langcache.economics.recommendations.replay import cost_per_call, misses
from langcache.economics.recommendations.traffic import ChainTraffic, Traffic
from langcache.runtime.account.keys import KeyAccount

__all__ = ["stampedes"]

STRATEGY = "stampede"

FLOOR = 0.05
"""One call leads and the others wait for it, so it should not happen at all; a crash or a retry now and then may."""


def stampedes(traffic: Traffic) -> Iterator[Recommendation]:
    """Count calls beyond the first for one key within one minute, as if all had waited for the first."""
    for chain in traffic.chains:
        begun = sum(len(key.called) for key in chain.keys)
        crowded = sum(_crowded(key) for key in chain.keys)
        calls = sum(map(_beyond, chain.keys))
        confidence = lower_bound(crowded, begun)
        if confidence >= FLOOR and calls >= max(1, MATERIAL * chain.calls):
            yield _told(chain, begun, crowded, calls, round(confidence, 3))


def _told(chain: ChainTraffic, begun: int, crowded: int, calls: int, confidence: float) -> Recommendation:
    usd = sum((_beyond(key) * cost_per_call(key) for key in chain.keys), Decimal(0))
    return Recommendation(
        STRATEGY,
        f"Chain {chain.chain!r} calls for the same answer several times at once: in {crowded} of {begun} cases (with "
        f"95 % confidence, in at least {confidence:.0%}) further calls for a key began within a minute of the first. "
        f"Let all processes share one store that has leases (sqlite:// or redis://), and raise its timeouts if its "
        f"breaker opens; {calls} of {chain.calls} calls would not have been made.",
        usd,
        "medium",
        confidence,
        {"chain": chain.chain, "cases": begun, "crowded": crowded, "calls_saved": calls},
    )


def _beyond(key: KeyAccount) -> int:
    """Calls beyond the first; those of refused answers and of ``no-cache`` have reasons of their own."""
    return max(0, min(key.stampedes, misses(key) - key.lapsed - 1))


def _crowded(key: KeyAccount) -> int:
    return min(_beyond(key), sum(calls > 1 for calls in key.called.values()))
