"""The list of entries behind its filters, so that scrolling through it does not scan the store for every screen."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.datastructures import QueryParams

from langcache.runtime.cache import Cache
from langcache.runtime.inspection import EntryRow, alist_entries

__all__ = ["FACETS", "ROWS_KEPT", "Asked", "Catalogue", "Snapshot"]

ROWS_KEPT: Final = 50_000
"""Newest entries a list goes through; more are counted but not shown, so that memory is bounded."""
CHOICES_KEPT: Final = 200
SNAPSHOTS_KEPT: Final = 8
LIFETIME_S: Final = 3.0
BUSY: Final = 0.2
"""The share of the time that may go into scanning, where there is so much that a scan takes long."""

FACETS: Final = ("chain", "prompt_version", "generation_type", "tag")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is filtered by; ``""`` is no filter.

    Attributes:
        chain, prompt_version, generation_type, tag: labels, exactly.
        key: text that the key holds.
    """

    chain: str = ""
    prompt_version: str = ""
    generation_type: str = ""
    tag: str = ""
    key: str = ""

    @classmethod
    def of(cls, query: QueryParams | Mapping[str, str]) -> "Asked":
        """From the query of a URL."""
        return cls(*(query.get(name, "").strip() for name in cls.__slots__))

    def conditions(self) -> dict[str, Any]:
        """As conditions of `Cache.invalidate`, the text of the key left out."""
        tags = (self.tag,) if self.tag else ()
        named = {name: getattr(self, name) or None for name in FACETS if name != "tag"}
        return {**named, "tags": tags}

    def query(self) -> dict[str, str]:
        """As the query of a URL, without what is not asked."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name))}


@dataclass(slots=True)
class Snapshot:
    """What a scan found.

    Attributes:
        rows: newest first, at most `ROWS_KEPT`.
        total: how many there are.
        choices: what one could filter by, each with how many entries it would leave.
    """

    rows: list[EntryRow] = field(default_factory=list)
    total: int = 0
    choices: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in FACETS})

    def add(self, row: EntryRow) -> None:
        """Count *row*, and keep it while it is among the newest."""
        self.total += 1
        for name, value in (
            ("chain", row.chain),
            ("prompt_version", row.prompt_version),
            ("generation_type", row.generation_type or ""),
            *(("tag", tag) for tag in row.tags),
        ):
            self.choices[name][value] += 1
        self.rows.append(row)
        if len(self.rows) >= 2 * ROWS_KEPT:
            self.sort()

    def sort(self) -> None:
        """Put the newest first, and let go of what is too old to be kept."""
        self.rows.sort(key=lambda row: (-row.created_at, row.key))
        del self.rows[ROWS_KEPT:]

    def offered(self, name: str) -> list[tuple[str, int]]:
        """The values of one label, the most frequent first."""
        return [(value, number) for value, number in self.choices[name].most_common(CHOICES_KEPT) if value]


@dataclass(frozen=True, slots=True)
class Scan:
    """A snapshot, how long it took and when it was ready (in seconds of the event loop), and what the pulse said."""

    took_s: float
    ready_at: float
    word: str
    snapshot: Snapshot

    def is_good(self, now: float, word: str, lifetime_s: float) -> bool:
        """Whether it may be shown *now*: as long as nothing changed, or as another would take too much of the time."""
        age_s = now - self.ready_at
        return age_s * BUSY < self.took_s or (age_s <= lifetime_s and self.word == word)


@dataclass
class Catalogue:
    """Scans of the last few seconds, by what was asked.

    Attributes:
        cache: whose entries.
        lifetime_s: for how long a quick scan is shown again.
    """

    cache: Cache
    lifetime_s: float = LIFETIME_S
    _scans: dict[Asked, Scan] = field(default_factory=dict, init=False)
    _scanning: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def look(self, asked: Asked, word: str = "") -> Snapshot:
        """What is stored of what is *asked*.

        Args:
            asked: the filters.
            word: what the pulse says; a quick scan made when it said another is not shown again.

        Raises:
            StoreError: the store does not answer.
        """
        async with self._scanning:
            loop, scan = asyncio.get_running_loop(), self._scans.pop(asked, None)
            now = loop.time()
            if scan is None or not scan.is_good(now, word, self.lifetime_s):
                snapshot = await self._scan(asked)
                scan = Scan(loop.time() - now, loop.time(), word, snapshot)
            self._scans[asked] = scan
            while len(self._scans) > SNAPSHOTS_KEPT:
                del self._scans[next(iter(self._scans))]
            return scan.snapshot

    def forget(self) -> None:
        """Look anew next time: something was removed."""
        self._scans.clear()

    async def _scan(self, asked: Asked) -> Snapshot:
        snapshot = Snapshot()
        async for row in alist_entries(self.cache, **asked.conditions()):
            if asked.key.lower() in row.key:
                snapshot.add(row)
        snapshot.sort()
        return snapshot
