"""A chain that is declared to run on placeholders, and cannot."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from langcache.economics.recommendations.recommendation import Recommendation, lower_bound
from langcache.economics.recommendations.traffic import Traffic
from langcache.runtime.account.keys import Refusal

__all__ = ["unmaskable_chain"]

STRATEGY = "unmaskable-chain"

FLOOR = 0.5
"""Where most requests are masked well, the others are some users' own doing."""

_TRIED = "masked run failed: "
_GIVEN_UP = "masked runs failed; wrap it with mode='abstract'"


def unmaskable_chain(traffic: Traffic) -> Iterator[Recommendation]:
    """Count the requests that went round the cache for it; such a request has no key, so none can be replayed."""
    served = {chain.chain: chain.requests for chain in traffic.chains}
    rows: defaultdict[str, list[Refusal]] = defaultdict(list)
    for row in traffic.account.refusals:
        if row.outcome == "bypass" and (row.reason.startswith(_TRIED) or row.reason.endswith(_GIVEN_UP)):
            rows[row.chain].append(row)
    for chain, found in rows.items():
        around = sum(row.count for row in found)
        confidence = round(lower_bound(around, around + served.get(chain, 0)), 3)
        if confidence >= FLOOR:
            yield _told(chain, found, around, around + served.get(chain, 0), confidence)


def _told(chain: str, rows: Sequence[Refusal], around: int, requests: int, confidence: float) -> Recommendation:
    tried = sorted({row.reason.removeprefix(_TRIED) for row in rows if row.reason.startswith(_TRIED)})
    cost_usd = sum((row.cost_usd for row in rows), Decimal(0))
    why = f" ({'; '.join(tried)})" if tried else ""
    return Recommendation(
        STRATEGY,
        f"Chain {chain!r} cannot run on placeholders{why}: declare what it computes with as a Feature, or wrap it with "
        f"mode='abstract'. {around} of {requests} requests went round the cache for it (with 95 % confidence, at least "
        f"{confidence:.0%} do). They cost ${cost_usd:.2f}; what of it would have been saved is not known, since they "
        "have no key.",
        Decimal(0),
        "low",
        confidence,
        {"chain": chain, "reasons": tried, "requests": requests, "went_round": around, "cost_usd": cost_usd},
    )
