"""What would become one key if the rule that tells them apart were dropped, and whether their answers are the same."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from langcache.economics.recommendations.recommendation import lower_bound
from langcache.economics.recommendations.replay import saved_by_merging
from langcache.economics.recommendations.traffic import ChainTraffic
from langcache.runtime.account.keys import KeyAccount

__all__ = ["MATERIAL", "Merge", "dropping", "grouped", "merge"]

Identity = Callable[[KeyAccount], Hashable]
"""What a key would be told apart by."""

FLOOR = 0.5
"""Below this a merge is not spoken of: for all we know, the answers of most kinds of users would change."""

FEWEST_GROUPS = 2
"""That one pair of kinds is answered alike may be chance, or a property of that pair."""

MATERIAL = 0.01
"""The share of a chain's calls that a change must save to be worth a reader's time."""


@dataclass(frozen=True, slots=True)
class Merge:
    """Keys that a changed rule would make one, in groups.

    Attributes:
        groups: those of two keys or more; all of one group had the same answer.
        keys: how many keys are in them.
        calls_saved, saved_usd: what one entry for each group would have saved.
        confidence: a lower bound of the share of kinds of users whose answer stays the same.
    """

    groups: int
    keys: int
    calls_saved: int
    saved_usd: Decimal
    confidence: float

    def evidence(self) -> dict[str, object]:
        """As a recommendation shows it."""
        return {"groups": self.groups, "keys_with_equal_answers": self.keys, "calls_saved": self.calls_saved}


def merge(chain: ChainTraffic, keys: Iterable[KeyAccount], identity: Identity) -> Merge | None:
    """What merging *keys* by *identity* would have given; None where it would change an answer, or saves too little."""
    groups = list(grouped(keys, identity))
    if len(groups) < FEWEST_GROUPS or any(len({key.template for key in group}) > 1 for group in groups):
        return None
    merged = sum(map(len, groups))
    confidence = lower_bound(merged, merged)
    results = [saved_by_merging(group, chain.ttl_s) for group in groups]
    calls = sum(saved for saved, _ in results)
    if confidence < FLOOR or calls < max(1, MATERIAL * chain.calls):
        return None
    return Merge(len(groups), merged, calls, sum((usd for _, usd in results), Decimal(0)), round(confidence, 3))


def grouped(keys: Iterable[KeyAccount], identity: Identity) -> Iterator[Sequence[KeyAccount]]:
    """*keys* by *identity*, in groups of two or more."""
    groups: defaultdict[Hashable, list[KeyAccount]] = defaultdict(list)
    for key in keys:
        groups[identity(key)].append(key)
    return (group for group in groups.values() if len(group) > 1)


def dropping(chain: ChainTraffic, part: str) -> Identity:
    """Told apart by everything but *part*."""
    return lambda key: (key.prompt_version, chain.without(key, part))
