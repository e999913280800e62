"""A lifetime that ends while answers are still asked for."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from langcache.economics.recommendations.merging import MATERIAL
from langcache.economics.recommendations.recommendation import Recommendation, lower_bound
from langcache.economics.recommendations.replay import calls_needed, cost_per_call, misses
from langcache.economics.recommendations.traffic import ChainTraffic, Traffic
from langcache.runtime.account.keys import KeyAccount

__all__ = ["short_ttl"]

STRATEGY = "short-ttl"

FLOOR = 0.5
"""Where fewer than half of the expired answers are asked for again, the lifetime does what it is for."""

LADDER_S = tuple(timedelta(**step).total_seconds() for step in (
    *({"hours": hours} for hours in (1, 6, 12)), *({"days": days} for days in (1, 2, 7, 14, 30, 90, 365)),
))  # fmt: skip
ENOUGH = 0.99
"""The shortest lifetime that saves this share of what the longest would."""


def short_ttl(traffic: Traffic) -> Iterator[Recommendation]:
    """Replay the requests under longer lifetimes."""
    for chain in traffic.chains:
        lapsed = sum(chain.lapses.values())
        expired = lapsed + sum(_ran_out(key, chain.ttl_s, traffic.account.until) for key in chain.keys)
        confidence = lower_bound(lapsed, expired)
        if confidence >= FLOOR and lapsed >= MATERIAL * chain.calls:
            yield from _longer(chain, lapsed, expired, round(confidence, 3))


def _longer(chain: ChainTraffic, lapsed: int, expired: int, confidence: float) -> Iterator[Recommendation]:
    saved = {ttl_s: _saved(chain, ttl_s) for ttl_s in LADDER_S if ttl_s > chain.ttl_s}
    most = max((calls for calls, _ in saved.values()), default=0)
    if most < max(1, MATERIAL * chain.calls):
        return
    ttl_s, (calls, usd) = next(item for item in saved.items() if item[1][0] >= ENOUGH * most)
    yield Recommendation(
        STRATEGY,
        f"Answers of chain {chain.chain!r} expire while they are still asked for: of {expired} that expired, {lapsed} "
        f"were asked for again (with 95 % confidence, at least {confidence:.0%} are). With a ttl of "
        f"{_said(ttl_s)}, if answers stay right for so long, {calls} of {chain.calls} calls would not have been made.",
        usd,
        "low",
        confidence,
        {
            "chain": chain.chain,
            "ttl_s": ttl_s,
            "expired": expired,
            "asked_for_again": lapsed,
            "calls_saved": calls,
        },
    )


def _said(ttl_s: float) -> str:
    """A step of the ladder in words."""
    hours = round(ttl_s / 3600)
    number, unit = (hours, "hour") if hours < 24 else (hours // 24, "day")
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _saved(chain: ChainTraffic, ttl_s: float) -> tuple[int, Decimal]:
    each = [(_kept(key, chain.lapses[key.key], ttl_s), key) for key in chain.keys if key.key in chain.lapses]
    return sum(calls for calls, _ in each), sum((calls * cost_per_call(key) for calls, key in each), Decimal(0))


def _kept(key: KeyAccount, lapsed: int, ttl_s: float) -> int:
    """Lapses of *key* that entries of a longer lifetime would have been spared; the first call stays."""
    return max(0, lapsed - max(0, calls_needed([key], ttl_s) - 1))


def _ran_out(key: KeyAccount, ttl_s: float, until: float) -> bool:
    """Whether its last answer expired in the period and was not asked for again."""
    return misses(key) > 0 and max(key.called, default=until) + ttl_s < until
