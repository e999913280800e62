"""The recorded requests, as the strategies look at them."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from hashlib import blake2b
from math import inf
from operator import xor
from typing import Any

from langcache.economics.recommendations.replay import lapses
from langcache.runtime.account.histogram import PER_OCTAVE
from langcache.runtime.account.keys import Account, KeyAccount
from langcache.runtime.features import FEATURE

__all__ = ["ChainTraffic", "Traffic", "part_of"]


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

    @cached_property
    def parts_that_vary(self) -> tuple[str, ...]:
        """Names of parts that have more than one value."""
        seen: defaultdict[str, set[str]] = defaultdict(set)
        for key in self.stored:
            for name, value in _parts_of(key).items():
                seen[name].add(repr(value))
        return tuple(name for name, values in seen.items() if len(values) > 1)

    @cached_property
    def whole(self) -> Mapping[str, int]:
        """By key, a number that stands for all of its parts.

        It is the exclusive or of their digests, so that a part is taken out in one step (A. L. Zobrist, 1970): to
        compare the others one by one, for each part and key, would be a square of the parts.
        """
        return {
            key.key: reduce(xor, (_sign(name, value) for name, value in _parts_of(key).items()), 0)
            for key in self.stored
        }

    def without(self, key: KeyAccount, part: str) -> int:
        """A number that stands for all parts of one of the `stored` keys but *part*."""
        value = part_of(key, part, _ABSENT)
        return self.whole[key.key] ^ (0 if value is _ABSENT else _sign(part, value))


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


def part_of(key: KeyAccount, name: str, default: Any = None) -> Any:
    """One part the key is made of, a feature as ``"feature <name>"``."""
    kind, _, feature = name.partition(FEATURE)
    return key.features[feature] if not kind and feature in key.features else key.parts.get(name, default)


def _parts_of(key: KeyAccount) -> Mapping[str, Any]:
    """Everything the key is made of."""
    return {**key.parts, **{f"{FEATURE}{name}": value for name, value in key.features.items()}}


_ABSENT = object()


def _sign(name: str, value: object) -> int:
    return int.from_bytes(blake2b(f"{name}\0{value!r}".encode("utf-8", "surrogatepass"), digest_size=16).digest())
