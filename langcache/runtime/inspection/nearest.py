"""Which stored entries of a chain are nearest to a request, judged by its features alone."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal

from langcache.core.entry import Entry
from langcache.runtime.features import features_of, is_typed
from langcache.runtime.pages import Pages
from langcache.runtime.removal import Advance, named_rows
from langcache.runtime.selection import Selection, select
from langcache.runtime.steps import Flow, adrive, drive

if TYPE_CHECKING:
    from langcache.runtime.cache import Cache

__all__ = ["ABSENT", "Near", "Neighbours", "anearest_entries", "nearest_entries"]

ABSENT = "absent"
"""Stands for a feature that the other side does not have."""
VALUES_KEPT = 12
"""Different values remembered per feature."""


@dataclass(frozen=True, slots=True)
class Near:
    """One stored entry beside the request.

    Attributes:
        key: its digest.
        state: ``"fresh"`` or ``"expired"``.
        created_at: seconds since the epoch.
        differs: feature to ``(asked, stored)`` where they differ; empty if all that was asked is equal.
        parts: every part of its key by name.
    """

    key: str
    state: Literal["fresh", "expired"]
    created_at: float
    differs: Mapping[str, tuple[str, Any]]
    parts: Mapping[str, Any]


@dataclass(slots=True)
class Neighbours:
    """What is stored near a request.

    Attributes:
        chain: whose entries were looked at.
        asked: the features asked about, as typed.
        entries: how many entries the chain has.
        nearest: those that differ in the fewest features, nearest first; among equals the newest.
        values: feature to the values that are stored, some of them if there are many.
    """

    chain: str
    asked: Mapping[str, str]
    entries: int = 0
    nearest: list[Near] = field(default_factory=list)
    values: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def outcome(self) -> Literal["stored", "expired", "not stored"]:
        """Whether an entry has all the features asked about."""
        equal = [near for near in self.nearest if not near.differs]
        if not equal:
            return "not stored"
        return "stored" if any(near.state == "fresh" for near in equal) else "expired"

    @property
    def unknown(self) -> dict[str, str | None]:
        """Features asked about that no entry has, each with the most similar name that one has."""
        missing = [name for name in self.asked if name not in self.values] if self.entries else []
        return {name: next(iter(get_close_matches(name, self.values, n=1)), None) for name in missing}

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "outcome": self.outcome,
            "chain": self.chain,
            "asked": dict(self.asked),
            "entries": self.entries,
            "unknown": self.unknown,
            "values": self.values,
            "nearest": [
                {
                    "key": near.key,
                    "state": near.state,
                    "created_at": near.created_at,
                    "differs": {name: {"asked": a, "stored": b} for name, (a, b) in near.differs.items()},
                    "parts": dict(near.parts),
                }
                for near in self.nearest
            ],
        }


def nearest_entries(
    cache: "Cache",
    chain: str,
    features: Mapping[str, str],
    *,
    prompt_version: str | None = None,
    limit: int = 3,
    advance: Advance = lambda _: None,
) -> Neighbours:
    """The *limit* entries of *chain* that differ least from *features*.

    Args:
        cache: whose entries.
        chain: its name.
        features: name to value, as people type it; those not given are not compared.
        prompt_version: only entries of this one.
        limit: how many to name.
        advance: told after each page how many more entries were looked at.

    Raises:
        StoreError: the store does not answer.
    """
    return drive(_nearest(cache, chain, features, prompt_version, limit, advance))


async def anearest_entries(
    cache: "Cache",
    chain: str,
    features: Mapping[str, str],
    *,
    prompt_version: str | None = None,
    limit: int = 3,
    advance: Advance = lambda _: None,
) -> Neighbours:
    """`nearest_entries`, awaited."""
    return await adrive(_nearest(cache, chain, features, prompt_version, limit, advance))


def _nearest(
    cache: "Cache",
    chain: str,
    features: Mapping[str, str],
    prompt_version: str | None,
    limit: int,
    advance: Advance,
) -> Flow[Neighbours]:
    store, namespace, now = cache.store, cache.namespace, cache.clock.now()
    chosen: Selection = select(now, chain=chain, prompt_version=prompt_version)
    found, pages = Neighbours(chain, dict(features)), Pages(store, namespace, now, chosen.labels)
    while page := (yield pages.next()):
        rows = yield from named_rows(store, namespace, page, chosen, now, reading=True)
        entries = [(row.key, entry) for row, entry in rows if entry is not None]
        _learn(found, [entry for _, entry in entries])
        beside = (_beside(key, entry, features, now) for key, entry in entries)
        found.nearest = heapq.nsmallest(limit, [*found.nearest, *beside], key=_distance)
        advance(len(page))
    return found


def _learn(found: Neighbours, entries: list[Entry]) -> None:
    found.entries += len(entries)
    for entry in entries:
        for name, value in features_of(entry.about).items():
            known = found.values.setdefault(name, [])
            if value not in known and len(known) < VALUES_KEPT:
                known.append(value)


def _beside(key: str, entry: Entry, asked: Mapping[str, str], now: float) -> Near:
    stored = features_of(entry.about)
    differs = {
        name: (value, stored.get(name, ABSENT))
        for name, value in asked.items()
        if name not in stored or not is_typed(value, stored[name])
    }
    state: Literal["fresh", "expired"] = "fresh" if now < entry.fresh_until else "expired"
    return Near(key, state, entry.created_at, differs, entry.about.get("parts", {}))


def _distance(near: Near) -> tuple[int, bool, float]:
    return len(near.differs), near.state == "expired", -near.created_at
