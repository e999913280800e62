"""Refusals that one declaration would mend without changing a key, so that they can be replayed."""

from collections.abc import Iterator
from decimal import Decimal

from langcache.economics.recommendations.merging import MATERIAL
from langcache.economics.recommendations.recommendation import Recommendation, lower_bound
from langcache.economics.recommendations.traffic import ChainTraffic, Traffic
from langcache.runtime.account.keys import KeyAccount, Refusal

__all__ = ["mendable_refusals"]

STRATEGY = "mendable-refusals"

FLOOR = 0.5
"""Where most calls for a key are not refused, the next one mends it by itself."""

_MENDS = {
    "leak": "give it a kind= that knows this way of writing it, or make it a Feature if it decides the answer",
    "pronoun": 'declare pronouns="keep", with a feature that settles he and she',
    "relative date": "declare its reference_date=",
    "ambiguous value": "give it a kind=, or a label= that the answer uses",
    "ambiguous slots": "declare one slot for both",
    "list item": "declare the items as slots of their own",
    "list count": "declare their number as a Feature",
    "date part": "declare that half as a Feature",
    "time part": "declare that half as a Feature",
    "half-cut placeholder": "declare aliases= as the model writes them",
    "unresolved placeholder": "declare aliases= as the model writes them",
    "required slot missing": "take required=True away, or ask for it in the prompt",
}
"""What helps, from the table of reasons in docs/templating.md."""


def mendable_refusals(traffic: Traffic) -> Iterator[Recommendation]:
    """Replay the refused requests as if the first answer of each key had been stored."""
    chains = {chain.chain: chain for chain in traffic.chains}
    for refusal in traffic.account.refusals:
        chain, mend = chains.get(refusal.chain), _MENDS.get(refusal.reason)
        if chain is not None and mend is not None and refusal.outcome == "refused":
            yield from _mended(chain, refusal, mend)


def _mended(chain: ChainTraffic, refusal: Refusal, mend: str) -> Iterator[Recommendation]:
    keys = [key for key in chain.keys if key.outcomes.get("refused")]
    lost = sum(key.outcomes["refused"] for key in keys)
    tried = lost + sum(key.outcomes.get("miss", 0) for key in keys)
    confidence = lower_bound(lost, tried)
    calls = round(sum(map(_spared, keys)) * refusal.count / lost) if lost else 0
    if confidence < FLOOR or calls < max(1, MATERIAL * chain.calls):
        return
    about = f" about slot {refusal.slot!r}" if refusal.slot else ""
    yield Recommendation(
        STRATEGY,
        f"{refusal.count} answers of chain {chain.chain!r} were not kept for one reason{about}: {refusal.reason!r}. To "
        f"mend it, {mend}. Of {tried} calls for the {len(keys)} keys concerned, {lost} came to nothing (with 95 % "
        f"confidence, at least {confidence:.0%} do); with each key's first answer kept, {calls} of {chain.calls} calls "
        "would not have been made.",
        _cost(refusal) * calls,
        "low",
        round(confidence, 3),
        {
            "chain": chain.chain,
            "reason": refusal.reason,
            "slot": refusal.slot,
            "form": refusal.form,
            "count": refusal.count,
            "keys": len(keys),
            "calls_saved": calls,
        },
    )


def _spared(key: KeyAccount) -> int:
    """All of its lost calls if it has an answer all the same, else all but the first."""
    return key.outcomes["refused"] - (0 if key.created else 1)


def _cost(refusal: Refusal) -> Decimal:
    return refusal.cost_usd / refusal.count if refusal.count else Decimal(0)
