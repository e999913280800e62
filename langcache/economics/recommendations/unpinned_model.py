"""A model asked for by a name that its provider moves on: new answers come from another model than stored ones."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal

from langcache.economics.recommendations.recommendation import Recommendation, lower_bound
from langcache.economics.recommendations.traffic import ChainTraffic, Traffic

__all__ = ["unpinned_model"]

STRATEGY = "unpinned-model"

FLOOR = 0.5

_VERSION = re.compile(r"[-@:](?P<version>20\d\d-?[01]\d-?[0-3]\d|[01]\d[0-3]\d|00\d|latest)(?=$|-)")
"""How providers name a version: gpt-4o-2024-08-06, claude-sonnet-4-20250514, gpt-4-0613, gemini-2.0-flash-001."""


def unpinned_model(traffic: Traffic) -> Iterator[Recommendation]:
    """Chains whose model is called ``latest``, or answered as two versions of itself under one declaration."""
    for chain in traffic.chains:
        for stem, versions in _moved(chain):
            latest = sum(versions.values())
            confidence = round(lower_bound(latest, latest), 3)
            if confidence >= FLOOR:
                yield _told(chain, stem, versions, latest, confidence)


def _moved(chain: ChainTraffic) -> Iterator[tuple[str, Counter[str]]]:
    seen: defaultdict[tuple[object, str], Counter[str]] = defaultdict(Counter)
    for key in chain.keys:
        match = _VERSION.search(key.model or "")
        if key.model is not None and match is not None:
            declared = repr(key.parts.get("model"))
            stem = key.model[: match.start()] + key.model[match.end() :]
            seen[declared, stem][match["version"]] += sum(key.called.values())
    for (_, stem), versions in seen.items():
        if len(versions) > 1 or "latest" in versions:
            yield stem, versions


def _told(chain: ChainTraffic, stem: str, versions: Counter[str], calls: int, confidence: float) -> Recommendation:
    how = "as " + " and ".join(sorted(versions)) if len(versions) > 1 else "by a name that moves"
    return Recommendation(
        STRATEGY,
        f"The model {stem!r} of chain {chain.chain!r} is not pinned: {calls} calls were answered {how} (with 95 % "
        f"confidence, at least {confidence:.0%} of calls are). Stored answers outlive the version that gave them, and "
        "nothing tells the two apart. Name the version; a new one then is another key.",
        Decimal(0),
        "low",
        confidence,
        {"chain": chain.chain, "model": stem, "versions": dict(versions), "calls": calls},
    )
