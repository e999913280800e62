"""The recorded requests, as the strategies look at them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import inf

from langcache.economics.recommendations.replay import lapses
from langcache.runtime.account.histogram import PER_OCTAVE
from langcache.runtime.account.keys import Account, KeyAccount

__all__ = ["ChainTraffic", "Traffic", "parts_of"]


@dataclass(frozen=True)
class ChainTraffic:
    """One chain's keys of a period.

    Attributes:
        chain: its name.
        keys: its keys.
    """

    chain: str
    keys: tuple[KeyAccount, ...]

    @cached_property
    def requests(self) -> int:
        """How many requests there were."""
        return sum(key.requests for key in self.keys)

    @cached_property
    def calls(self) -> int:
        """How many of them called the provider."""
        return sum(sum(key.called.values()) for key in self.keys)

    @cached_property
    def stored(self) -> tuple[KeyAccount, ...]:
        """The keys of which parts and template are known, under the profile as it was declared last."""
        known = [key for key in self.keys if key.has_parts and key.template is not None]
        latest = max(known, key=lambda key: key.last_used, default=None)
        return tuple(key for key in known if latest and key.parts.get("profile") == latest.parts.get("profile"))

    @cached_property
    def ttl_s(self) -> float:
        """How long entries live: the youngest that was asked for in vain was as old as this, or a little younger."""
        return min((age for key in self.keys for age in key.lapsed_ages), default=inf)

    @cached_property
    def lapses(self) -> Mapping[str, int]:
        """By key, the calls made because an answer had expired, where there were any."""
        youngest_s = self.ttl_s * 2.0 ** (-1 / PER_OCTAVE)
        found = {key.key: lapses(key, youngest_s) for key in self.keys}
        return {key: count for key, count in found.items() if count}

    def parts_that_vary(self) -> Iterator[str]:
        """Names of parts that have more than one value."""
        seen: defaultdict[str, set[str]] = defaultdict(set)
        for key in self.stored:
            for name, value in parts_of(key).items():
                seen[name].add(repr(value))
        yield from (name for name, values in seen.items() if len(values) > 1)


@dataclass(frozen=True)
class Traffic:
    """What `recommend` looks at.

    Attributes:
        account: the rows as recorded.
    """

    account: Account

    @cached_property
    def chains(self) -> tuple[ChainTraffic, ...]:
        """By chain, the busiest first."""
        keys: defaultdict[str, list[KeyAccount]] = defaultdict(list)
        for key in self.account.keys:
            keys[key.chain].append(key)
        chains = [ChainTraffic(chain, tuple(rows)) for chain, rows in keys.items()]
        return tuple(sorted(chains, key=lambda chain: -chain.requests))

    @cached_property
    def unpriced(self) -> Mapping[str, int]:
        """By chain, the requests whose model has no known price."""
        return {chain.chain: sum(key.unpriced for key in chain.keys) for chain in self.chains}


def parts_of(key: KeyAccount) -> Mapping[str, object]:
    """Everything the key is made of, features as ``"feature <name>"``."""
    return {**key.parts, **{f"feature {name}": value for name, value in key.features.items()}}
