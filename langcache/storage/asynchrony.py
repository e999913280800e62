"""The asynchronous half of a store, for stores whose work is synchronous at heart."""

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from concurrent.futures import Executor, Future
from itertools import islice
from typing import ParamSpec, TypeVar

from langcache.errors import StoreError
from langcache.storage.base import PAGE_ROWS, Cells, Lease, Record, Row, Sheet, Store, Usage

P = ParamSpec("P")
T = TypeVar("T")


class DirectAsync(Store):
    """Async twins that call the method at once: for stores that never wait for anything."""

    async def aget(self, namespace: str, key: str, *, now: float) -> Record | None:
        """:meth:`get`; never waits."""
        return self.get(namespace, key, now=now)

    async def aput(self, namespace: str, key: str, record: Record, *, now: float, lease: Lease | None = None) -> bool:
        """:meth:`put`; never waits."""
        return self.put(namespace, key, record, now=now, lease=lease)

    async def adelete(self, namespace: str, keys: Collection[str]) -> int:
        """:meth:`delete`; never waits."""
        return self.delete(namespace, keys)

    async def ascan(self, namespace: str, *, now: float, labels: Collection[str] = ()) -> AsyncIterator[Row]:
        """:meth:`scan`; lets other tasks run between pages."""
        rows = self.scan(namespace, now=now, labels=labels)
        while page := list(islice(rows, PAGE_ROWS)):
            for row in page:
                yield row
            await asyncio.sleep(0)

    async def aclear(self, namespace: str) -> int:
        """:meth:`clear`; never waits."""
        return self.clear(namespace)

    async def aacquire(self, namespace: str, key: str, *, ttl_s: float, now: float) -> Lease | None:
        """:meth:`acquire`; never waits."""
        return self.acquire(namespace, key, ttl_s=ttl_s, now=now)

    async def arenew(self, lease: Lease, *, ttl_s: float, now: float) -> bool:
        """:meth:`renew`; never waits."""
        return self.renew(lease, ttl_s=ttl_s, now=now)

    async def arelease(self, lease: Lease) -> None:
        """:meth:`release`; never waits."""
        self.release(lease)

    async def ausage(self, namespace: str | None = None) -> Usage:
        """:meth:`usage`; never waits."""
        return self.usage(namespace)

    async def aquick_usage(self, namespace: str) -> Usage | None:
        """:meth:`quick_usage`; never waits."""
        return self.quick_usage(namespace)

    async def aadd_counts(self, namespace: str, sheets: Collection[Sheet], *, batch: str, now: float) -> None:
        """:meth:`add_counts`; never waits."""
        self.add_counts(namespace, sheets, batch=batch, now=now)

    async def aread_counts(self, namespace: str, names: Collection[str], *, now: float) -> dict[str, dict[str, Cells]]:
        """:meth:`read_counts`; never waits."""
        return self.read_counts(namespace, names, now=now)

    async def adrop_counts(self, namespace: str, name: str, rows: Collection[str]) -> None:
        """:meth:`drop_counts`; never waits."""
        self.drop_counts(namespace, name, rows)

    async def apurge(self, *, now: float, limit: int = 1000) -> int:
        """:meth:`purge`; never waits."""
        return self.purge(now=now, limit=limit)

    async def aclose(self) -> None:
        """:meth:`close`; never waits."""
        self.close()


class ThreadedAsync(Store):
    """Async twins that run the method on an executor of the store's own.

    A cancelled await leaves the method running to its end in its thread, so nothing is left half done.
    """

    @abstractmethod
    def _executor(self) -> Executor:
        """Where the work runs; small, and never the event loop's default one, which others may fill."""

    def _writer(self) -> Executor:
        """Where writes run: apart where one may wait for long, so that no lookup waits behind it."""
        return self._executor()

    async def _in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.wrap_future(_submit(self._executor(), work, *args, **kwargs))

    async def _in_writer(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.wrap_future(self._submit_write(work, *args, **kwargs))

    def _submit_write(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        return _submit(self._writer(), work, *args, **kwargs)

    async def aget(self, namespace: str, key: str, *, now: float) -> Record | None:
        """:meth:`get` in a thread."""
        return await self._in_thread(self.get, namespace, key, now=now)

    async def aput(self, namespace: str, key: str, record: Record, *, now: float, lease: Lease | None = None) -> bool:
        """:meth:`put` in a thread."""
        return await self._in_writer(self.put, namespace, key, record, now=now, lease=lease)

    async def adelete(self, namespace: str, keys: Collection[str]) -> int:
        """:meth:`delete` in a thread."""
        return await self._in_writer(self.delete, namespace, keys)

    async def ascan(self, namespace: str, *, now: float, labels: Collection[str] = ()) -> AsyncIterator[Row]:
        """:meth:`scan`, each page read in a thread."""
        rows = self.scan(namespace, now=now, labels=labels)
        while page := await self._in_thread(_take, rows, PAGE_ROWS):
            for row in page:
                yield row

    async def aclear(self, namespace: str) -> int:
        """:meth:`clear` in a thread."""
        return await self._in_writer(self.clear, namespace)

    async def aacquire(self, namespace: str, key: str, *, ttl_s: float, now: float) -> Lease | None:
        """:meth:`acquire` in a thread; a lease that arrives after the await was cancelled is given back."""
        future = self._submit_write(self.acquire, namespace, key, ttl_s=ttl_s, now=now)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            future.add_done_callback(self._give_back)
            raise

    def _give_back(self, future: Future[Lease | None]) -> None:
        if future.cancelled() or future.exception() is not None:
            return
        if (lease := future.result()) is not None:
            self.release(lease)

    async def arenew(self, lease: Lease, *, ttl_s: float, now: float) -> bool:
        """:meth:`renew` in a thread."""
        return await self._in_writer(self.renew, lease, ttl_s=ttl_s, now=now)

    async def arelease(self, lease: Lease) -> None:
        """:meth:`release` in a thread."""
        await self._in_writer(self.release, lease)

    async def ausage(self, namespace: str | None = None) -> Usage:
        """:meth:`usage` in a thread."""
        return await self._in_thread(self.usage, namespace)

    async def aquick_usage(self, namespace: str) -> Usage | None:
        """:meth:`quick_usage` in a thread."""
        return await self._in_thread(self.quick_usage, namespace)

    async def aadd_counts(self, namespace: str, sheets: Collection[Sheet], *, batch: str, now: float) -> None:
        """:meth:`add_counts` in a thread."""
        await self._in_writer(self.add_counts, namespace, sheets, batch=batch, now=now)

    async def aread_counts(self, namespace: str, names: Collection[str], *, now: float) -> dict[str, dict[str, Cells]]:
        """:meth:`read_counts` in a thread."""
        return await self._in_thread(self.read_counts, namespace, names, now=now)

    async def adrop_counts(self, namespace: str, name: str, rows: Collection[str]) -> None:
        """:meth:`drop_counts` in a thread."""
        await self._in_writer(self.drop_counts, namespace, name, rows)

    async def apurge(self, *, now: float, limit: int = 1000) -> int:
        """:meth:`purge` in a thread."""
        return await self._in_writer(self.purge, now=now, limit=limit)

    async def aclose(self) -> None:
        """:meth:`close` in a thread that is not the store's own, since those end here."""
        await asyncio.to_thread(self.close)


def _submit(executor: Executor, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
    try:
        return executor.submit(work, *args, **kwargs)
    except RuntimeError as error:
        raise StoreError(f"the store is closed, or no thread is to be had: {error}") from error


def _take(rows: Iterator[Row], count: int) -> list[Row]:
    return list(islice(rows, count))
