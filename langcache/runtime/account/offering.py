"""What `Cache` offers of its account: the same questions, sync and async."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, overload

from langcache.runtime.account.keys import Account
from langcache.runtime.account.model import Bucket, PeriodStats, TopKey
from langcache.runtime.account.reading import By, Reading
from langcache.runtime.account.recorder import Recorder
from langcache.runtime.clock import Clock
from langcache.runtime.doors import door
from langcache.runtime.ledger import Ledger, Stats
from langcache.runtime.steps import Flow, Step, adrive, drive
from langcache.storage.base import Usage

if TYPE_CHECKING:
    from langcache.runtime.flow import Engine

__all__ = ["Accounting"]

T = TypeVar("T")
DAYS = 30


class Accounting:
    """The half of a cache that counts: this process's own account, and that of all processes, kept in the store.

    Whatever asks for *days* means the last days of UTC, today included, of all processes of this namespace, and raises
    `DeclarationError` for less than one day. A store that keeps no counts leaves it at what this process did.
    """

    namespace: str
    clock: Clock
    ledger: Ledger
    recorder: Recorder
    engine: "Engine"

    @overload
    def stats(self, days: None = None) -> Stats: ...

    @overload
    def stats(self, days: int) -> PeriodStats: ...

    def stats(self, days: int | None = None) -> Stats | PeriodStats:
        """What was asked, hit, spent and saved: in the last *days*, or by this process since the cache was made.

        A store that fails leaves its own figures None, or all of a period's zero, and ``store_trouble`` says why.
        """
        if days is None:
            return drive(self._stats())
        return drive(self._stats_of(days))

    @overload
    async def astats(self, days: None = None) -> Stats: ...

    @overload
    async def astats(self, days: int) -> PeriodStats: ...

    async def astats(self, days: int | None = None) -> Stats | PeriodStats:
        """`stats`, awaited."""
        if days is None:
            return await adrive(self._stats())
        return await adrive(self._stats_of(days))

    def trends(self, days: int = DAYS, by: By = "day") -> list[Bucket]:
        """Each day, or each hour of the last five weeks at most, the empty ones included, the last one today.

        Raises:
            StoreError: the store does not answer.
        """
        return drive(self._written(self._reading().trends(days, by)))

    async def atrends(self, days: int = DAYS, by: By = "day") -> list[Bucket]:
        """`trends`, awaited."""
        return await adrive(self._written(self._reading().trends(days, by)))

    def top(self, days: int = DAYS, limit: int = 10) -> list[TopKey]:
        """The keys asked for most.

        Raises:
            StoreError: the store does not answer.
        """
        return drive(self._written(self._reading().top(days, limit)))

    async def atop(self, days: int = DAYS, limit: int = 10) -> list[TopKey]:
        """`top`, awaited."""
        return await adrive(self._written(self._reading().top(days, limit)))

    def account(self, days: int = DAYS) -> Account:
        """The rows behind it all, of the last five weeks at most as far as keys are concerned.

        Raises:
            StoreError: the store does not answer.
        """
        return drive(self._written(self._reading().account(days)))

    async def aaccount(self, days: int = DAYS) -> Account:
        """`account`, awaited."""
        return await adrive(self._written(self._reading().account(days)))

    def recommendations(self, days: int = DAYS) -> list[Any]:
        """What to change, best first: `langcache.economics.recommendations.Recommendation`, each with its evidence.

        Raises:
            StoreError: the store does not answer.
        """
        return list(door("recommend")(self.account(days)))

    async def arecommendations(self, days: int = DAYS) -> list[Any]:
        """`recommendations`, awaited."""
        account = await self.aaccount(days)
        return list(await asyncio.to_thread(door("recommend"), account))

    def _reading(self) -> Reading:
        recorder = self.recorder
        return Reading(recorder.store, self.namespace, self.clock.now(), recorder.retention)

    def _written(self, flow: Flow[T]) -> Flow[T]:
        """What *flow* reads, once all that this process has recorded is written."""
        yield Step(self.recorder.flush, lambda: asyncio.to_thread(self.recorder.flush))
        return (yield from flow)

    def _stats_of(self, days: int) -> Flow[PeriodStats]:
        guard, store = self.engine.store, self.engine.store.store
        reading, trouble = self._reading(), guard.trouble
        found, usage = PeriodStats(reading.period(days).days), None
        try:
            found = yield from self._written(reading.stats(days))
            usage = yield Step(lambda: store.quick_usage(self.namespace), lambda: store.aquick_usage(self.namespace))
        except Exception as error:
            trouble = trouble or str(error) or type(error).__name__
        return replace(
            found,
            entries=usage.entries if usage else None,
            size_bytes=usage.size_bytes if usage else None,
            dropped=self.recorder.dropped,
            store_errors=guard.counts["store errors"],
            corrupt_entries=guard.counts["corrupt"],
            store_trouble=trouble or self.recorder.writer.trouble,
        )

    def _stats(self) -> Flow[Stats]:
        stats, guard = self.ledger.stats(), self.engine.store
        stats.store_errors, stats.corrupt_entries = guard.counts["store errors"], guard.counts["corrupt"]
        stats.store_trouble = guard.trouble
        try:
            usage: Usage = yield Step(
                lambda: guard.store.usage(self.namespace), lambda: guard.store.ausage(self.namespace)
            )
            stats.entries, stats.size_bytes = usage.entries, usage.size_bytes
        except Exception as error:
            stats.store_trouble = stats.store_trouble or str(error) or type(error).__name__
        return stats
