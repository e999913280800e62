"""A feature, or an undeclared input, that splits keys without changing answers."""

from collections.abc import Iterator

from langcache.economics.recommendations.bucket_edges import edges_of
from langcache.economics.recommendations.merging import dropping, merge
from langcache.economics.recommendations.recommendation import Recommendation
from langcache.economics.recommendations.traffic import ChainTraffic, Traffic, part_of

__all__ = ["unneeded_parts"]

STRATEGIES = {"feature": "unneeded-feature", "input": "undeclared-input"}


def unneeded_parts(traffic: Traffic) -> Iterator[Recommendation]:
    """Merge the keys that differ in one part alone; where their templates are equal, it need not be in the key."""
    for chain in traffic.chains:
        for part in chain.parts_that_vary:
            kind, _, name = part.partition(" ")
            if kind in STRATEGIES:
                yield from _without(chain, part, kind, name)


def _without(chain: ChainTraffic, part: str, kind: str, name: str) -> Iterator[Recommendation]:
    found = merge(chain, chain.stored, dropping(chain, part))
    if found is None:
        return
    values = {repr(part_of(key, part)) for key in chain.stored}
    edges = edges_of(key.features.get(name) for key in chain.stored) if kind == "feature" else []
    what = f"The feature {name!r}" if kind == "feature" else f"The undeclared input {name!r}"
    aside = f" (none of its bucket edges, {', '.join(edges)}, tells answers apart)" if edges else ""
    yield Recommendation(
        STRATEGIES[kind],
        f"{what} of chain {chain.chain!r} splits keys without changing answers{aside}: declare it Ignore(). "
        f"Among {found.keys} kinds of users that differ in nothing else, every group of {found.groups} had one and the "
        f"same answer; with 95 % confidence that holds for at least {found.confidence:.0%} of kinds. "
        f"{found.calls_saved} of {chain.calls} calls would not have been made.",
        found.saved_usd,
        "low",
        found.confidence,
        {"chain": chain.chain, kind: name, "values": len(values), **found.evidence()},
    )
