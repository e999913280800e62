"""A bucket edge that splits traffic whose answers are the same on both sides."""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence

from langcache.economics.recommendations.merging import Merge, dropping, merge
from langcache.economics.recommendations.recommendation import Recommendation
from langcache.economics.recommendations.traffic import ChainTraffic, Traffic
from langcache.runtime.account.keys import KeyAccount

__all__ = ["bucket_edges", "edges_of"]

STRATEGY = "bucket-edge"

_LABEL = re.compile(r"under (?P<to>\S+)|(?P<low>\S+)–(?P<high>\S+)|(?P<since>\S+) or more")
"""How `langcache.core.normalise.buckets` names a range."""


def bucket_edges(traffic: Traffic) -> Iterator[Recommendation]:
    """Merge the two ranges beside each edge; where there is but one edge, `unneeded_parts` says it."""
    for chain in traffic.chains:
        for name in sorted({name for key in chain.stored for name in key.features}):
            edges = edges_of(key.features.get(name) for key in chain.stored)
            if len(edges) > 1:
                yield from _removable(chain, name, edges)


def _removable(chain: ChainTraffic, name: str, edges: Sequence[str]) -> Iterator[Recommendation]:
    for edge in edges:
        beside = [key for key in chain.stored if edge in _ends(key.features.get(name))]
        found = merge(chain, beside, dropping(chain, f"feature {name}"))
        if found is not None:
            yield _recommended(chain, name, edge, beside, found)


def _recommended(
    chain: ChainTraffic, name: str, edge: str, beside: Sequence[KeyAccount], found: Merge
) -> Recommendation:
    requests = Counter[Hashable]()
    for key in beside:
        requests[str(key.features[name])] += key.requests
    sides = " and ".join(f"{count} requests in {label!r}" for label, count in sorted(requests.items()))
    return Recommendation(
        STRATEGY,
        f"The edge {edge} of the buckets of {name!r} in chain {chain.chain!r} splits traffic with equal answers: "
        f"remove it ({sides}). Among {found.keys} kinds of users beside it that differ in nothing else, every group of "
        f"{found.groups} had one and the same answer; with 95 % confidence that holds for at least "
        f"{found.confidence:.0%} of kinds. {found.calls_saved} of {chain.calls} calls would not have been made.",
        found.saved_usd,
        "low",
        found.confidence,
        {"chain": chain.chain, "feature": name, "edge": edge, "requests": dict(requests), **found.evidence()},
    )


def edges_of(values: Iterable[object]) -> list[str]:
    """Edges that have traffic on both sides, if *values* are names of ranges."""
    sides = Counter(end for value in set(map(str, values)) for end in _ends(value))
    return sorted((edge for edge, count in sides.items() if count == 2), key=float)


def _ends(value: object) -> tuple[str, ...]:
    match = _LABEL.fullmatch(value) if isinstance(value, str) else None
    ends = tuple(end for end in match.groups() if end is not None) if match else ()
    return ends if all(map(_is_number, ends)) else ()


def _is_number(text: str) -> bool:
    """Whether it is an edge: "Berlin–Paris" has none."""
    try:
        float(text)
    except ValueError:
        return False
    return True
