"""Keeping a pipeline's records within bounds: counts of reuse, expired entries, and eviction by what it would cost."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from langcache.runtime.steps import Flow
from langcache.stages.config import StageConfig
from langcache.stages.entries import Entry
from langcache.stages.sessions import SessionStatus
from langcache.stages.vault import GRACE_S, Vault
from langcache.storage.base import Row, Usage, is_expired

__all__ = ["LIVE_S", "Upkeep"]

COUNTS: Final = "counts"
CLEANUP: Final = "cleanup"
LIVE_S: Final = 7 * 86_400.0
"""How long an unfinished session counts as live after its last sign of life: it may still be resumed."""

USD_PER_SECOND: Final = Decimal("0.000001")
"""Breaks ties among entries that cost no money: what took longer to make is kept longer."""

GOAL: Final = 0.9
"""Eviction goes somewhat below the bound, so that not each run must evict."""


@dataclass(slots=True)
class Upkeep:
    """The upkeep of one pipeline.

    Attributes:
        vault: where its records are.
        config: bounds and intervals.
    """

    vault: Vault
    config: StageConfig

    def after_run(self, session_id: str, reused: Iterable[str], executed: bool) -> Flow[None]:
        """Count what was *reused*; if something was *executed*, remove what expired and keep the bound."""
        reused = list(reused)
        try:
            if self.config.analytics_enabled and reused:
                yield from self.vault.update(COUNTS, lambda counts: _counted(counts, reused))
            if executed:
                yield from self._clean_up()
                yield from self._keep_bound(session_id)
        except Exception as error:
            self.vault.told(error)

    def counts(self) -> Flow[dict[str, int]]:
        """How often each entry was reused, by cache key."""
        return (yield from self.vault.load(COUNTS)) or {}

    def _clean_up(self) -> Flow[None]:
        now = self.vault.now()
        last = yield from self.vault.load(CLEANUP)
        if last is not None and now < last + self.config.cleanup_interval_hours * 3600:
            return
        rows: list[Row] = yield self.vault.rows(["entry"])
        expired = [row.key for row in rows if row.expires_at is not None and is_expired(row.expires_at - GRACE_S, now)]
        gone = set(expired)
        yield from self.vault.remove(expired)
        left = {row.key.removeprefix("entry/") for row in rows if row.key not in gone}
        yield from self.vault.update(COUNTS, lambda counts: {k: n for k, n in (counts or {}).items() if k in left})
        yield from self.vault.update(CLEANUP, lambda _: now)

    def _keep_bound(self, session_id: str) -> Flow[None]:
        usage: Usage = yield self.vault.call("usage", self.vault.namespace)
        if usage.size_bytes <= self.config.max_bytes:
            return
        excess = usage.size_bytes - int(self.config.max_bytes * GOAL)
        protected = yield from self._in_use(session_id)
        rows: list[Row] = yield self.vault.rows(["entry"])
        worth = []
        for row in rows:
            entry: Entry | None = yield from self.vault.entry(row.key.removeprefix("entry/"))
            if entry is not None and entry.cache_key not in protected:
                worth.append((_worth(entry, row), row.created_at, row.key, row.size_bytes))
        doomed = []
        for _, _, place, size_bytes in sorted(worth):
            if excess <= 0:
                break
            doomed.append(place)
            excess -= size_bytes
        yield from self.vault.remove(doomed)

    def _in_use(self, session_id: str) -> Flow[set[str]]:
        """Cache keys that a live session depends on, the present one included."""
        now, found, live = self.vault.now(), set(), {session_id}
        for row in (yield self.vault.rows(["session"])):
            status = SessionStatus.from_dict((yield from self.vault.load(row.key)))
            recent = status.updated_at is not None and now < status.updated_at + LIVE_S
            if status.session_id == session_id or (recent and status.state in ("running", "failed")):
                live.add(status.session_id)
                found |= {stage.cache_key for stage in status.stages.values() if stage.cache_key is not None}
        for row in (yield self.vault.rows(["entry"])):
            if any(f"session:{name}" in row.labels for name in live):
                found.add(row.key.removeprefix("entry/"))
        return found


def _counted(counts: dict[str, int] | None, keys: list[str]) -> dict[str, int]:
    found = dict(counts or {})
    for key in keys:
        found[key] = found.get(key, 0) + 1
    return found


def _worth(entry: Entry, row: Row) -> Decimal:
    """USD to make it again per byte it takes (the ratio of GreedyDual-Size; Cao and Irani, 1997)."""
    cost = (entry.lineage.cost_usd or Decimal(0)) + USD_PER_SECOND * Decimal(str(entry.lineage.seconds))
    return cost / max(1, row.size_bytes)
