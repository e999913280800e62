"""The Redis store: each method is a flow of `operations`, run by a thread's link or an event loop's."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator
from typing import Any, Final

from langcache.storage.base import Cells, Lease, Record, Row, Sheet, Store, Usage
from langcache.storage.redis import counts, operations
from langcache.storage.redis.clients import Clients
from langcache.storage.redis.layout import Names
from langcache.storage.redis.operations import Walk
from langcache.storage.redis.topology import Settings, Topology
from langcache.storage.redis.tracking import RedisTracker
from langcache.storage.tracking import Listener

MAX_CONNECTIONS: Final = 64
PREFIX: Final = "langcache:"
TIMEOUT_S: Final = 0.25

_SLICE_S: Final = 1.0
"""Longest single wait for a message, in seconds: a connection that died unnoticed costs no more."""


class RedisStore(Store):
    """Records in Redis 6.2 or later, or Valkey, by plain commands: any number of processes and machines.

    A get is one GET, a put one SET with its time to live. ``usage``, ``scan``, ``clear`` and ``purge`` walk the whole
    database with SCAN, 500 keys at a time: the server answers others between pages, and their cost grows with all
    that is in it. A put survives the death of any client; whether it survives the server's is the server's setting.

    Nothing is connected before the first call. A call fails with :class:`~langcache.errors.StoreError` after at most
    *timeout_s*, or when another fails while it waits for a connection. On a cluster it is two times that where one
    node hangs, and four where all do, since the client looks for one that took over.

    Args:
        topology: where the servers are.
        settings: how connections are made.
        prefix: in front of all keys.
        max_connections: most connections of this process's threads, and of each of its event loops.
    """

    keeps_counts: bool = True

    def __init__(
        self, topology: Topology, settings: Settings, *, prefix: str = PREFIX, max_connections: int = MAX_CONNECTIONS
    ) -> None:
        self.names, self.topology, self.settings = Names(prefix), topology, settings
        self._clients = Clients(topology, settings, max_connections)
        # Those who wait for a lease hold a connection meanwhile, and their answers come late by design.
        self._patient = Clients(topology, settings.patient(_SLICE_S), max_connections)

    def get(self, namespace: str, key: str, *, now: float) -> Record | None:
        """See :meth:`Store.get`."""
        return self._clients.link().run(operations.get(self.names, namespace, key, now))

    def put(self, namespace: str, key: str, record: Record, *, now: float, lease: Lease | None = None) -> bool:
        """See :meth:`Store.put`."""
        return self._clients.link().run(operations.put(self.names, namespace, key, record, now, lease))

    def delete(self, namespace: str, keys: Collection[str]) -> int:
        """See :meth:`Store.delete`."""
        return self._clients.link().run(operations.delete(self.names, namespace, keys))

    def scan(self, namespace: str, *, now: float, labels: Collection[str] = ()) -> Iterator[Row]:
        """See :meth:`Store.scan`; walks the whole database."""
        walk, wanted = Walk(self.names.entries(namespace)), frozenset(labels)
        while (rows := self._clients.link().run(operations.rows(self.names, walk, now, wanted))) is not None:
            yield from rows

    def clear(self, namespace: str) -> int:
        """See :meth:`Store.clear`; walks the whole database twice."""
        return self._clients.link().run(operations.clear(self.names, namespace))

    def acquire(self, namespace: str, key: str, *, ttl_s: float, now: float) -> Lease | None:
        """See :meth:`Store.acquire`."""
        return self._clients.link().run(operations.acquire(self.names, namespace, key, ttl_s, now))

    def renew(self, lease: Lease, *, ttl_s: float, now: float) -> bool:
        """See :meth:`Store.renew`."""
        return self._clients.link().run(operations.renew(self.names, lease, ttl_s, now))

    def release(self, lease: Lease) -> None:
        """See :meth:`Store.release`."""
        self._clients.link().run(operations.release(self.names, lease))

    def wait_for_release(self, namespace: str, key: str, *, timeout_s: float, now: float) -> bool:
        """See :meth:`Store.wait_for_release`; the server tells."""
        held = self._clients.link().run(operations.held(self.names, namespace, key, now))
        for slice_s in _slices(held, timeout_s, now):
            behind = held[0] if held else b""
            if self._patient.link().run(operations.woken(self.names, namespace, key, behind, slice_s)):
                break
        return True

    def usage(self, namespace: str | None = None) -> Usage:
        """See :meth:`Store.usage`; walks the whole database."""
        return self._clients.link().run(operations.usage(self.names, namespace))

    def quick_usage(self, namespace: str) -> Usage | None:
        """See :meth:`Store.quick_usage`; only while the database is small."""
        return self._clients.link().run(counts.quick_usage(self.names, namespace))

    def add_counts(self, namespace: str, sheets: Collection[Sheet], *, batch: str, now: float) -> None:
        """See :meth:`Store.add_counts`; a script for some hundred rows of a sheet."""
        self._clients.link().run(counts.add(self.names, namespace, sheets, batch, now))

    def read_counts(self, namespace: str, names: Collection[str], *, now: float) -> dict[str, dict[str, Cells]]:
        """See :meth:`Store.read_counts`; by HSCAN."""
        return self._clients.link().run(counts.read(self.names, namespace, names, now))

    def drop_counts(self, namespace: str, name: str, rows: Collection[str]) -> None:
        """See :meth:`Store.drop_counts`."""
        self._clients.link().run(counts.drop(self.names, namespace, name, frozenset(rows)))

    def purge(self, *, now: float, limit: int = 1000) -> int:
        """See :meth:`Store.purge`; walks the whole database, and need not be called: the server purges by itself."""
        return self._clients.link().run(operations.purge(self.names, now, limit))

    def track(self, listener: Listener, *, within_s: float) -> RedisTracker | None:
        """See :class:`~langcache.storage.tracking.Trackable`; by RESP3, not on a cluster."""
        if not self.topology.is_one:
            return None
        tracker = RedisTracker(self.topology, self.settings, self.names, listener, within_s)
        return tracker if tracker.is_running else None

    def close(self) -> None:
        """Close all connections; later calls raise :class:`~langcache.errors.StoreError`."""
        self._clients.close()
        self._patient.close()

    async def aget(self, namespace: str, key: str, *, now: float) -> Record | None:
        """See :meth:`Store.aget`."""
        return await (await self._clients.alink()).run(operations.get(self.names, namespace, key, now))

    async def aput(self, namespace: str, key: str, record: Record, *, now: float, lease: Lease | None = None) -> bool:
        """See :meth:`Store.aput`."""
        return await (await self._clients.alink()).run(operations.put(self.names, namespace, key, record, now, lease))

    async def adelete(self, namespace: str, keys: Collection[str]) -> int:
        """See :meth:`Store.adelete`."""
        return await (await self._clients.alink()).run(operations.delete(self.names, namespace, keys))

    async def ascan(self, namespace: str, *, now: float, labels: Collection[str] = ()) -> AsyncIterator[Row]:
        """See :meth:`Store.ascan`; walks the whole database."""
        walk, wanted, link = Walk(self.names.entries(namespace)), frozenset(labels), await self._clients.alink()
        while (rows := await link.run(operations.rows(self.names, walk, now, wanted))) is not None:
            for row in rows:
                yield row

    async def aclear(self, namespace: str) -> int:
        """See :meth:`Store.aclear`; walks the whole database twice."""
        return await (await self._clients.alink()).run(operations.clear(self.names, namespace))

    async def aacquire(self, namespace: str, key: str, *, ttl_s: float, now: float) -> Lease | None:
        """See :meth:`Store.aacquire`; a lease that arrives after the await was cancelled is given back."""
        link = await self._clients.alink()
        asking = asyncio.ensure_future(link.run(operations.acquire(self.names, namespace, key, ttl_s, now)))
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            asking.add_done_callback(self._give_back)
            raise

    def _give_back(self, asking: "asyncio.Task[Lease | None]") -> None:
        if asking.cancelled() or asking.exception() is not None:
            return
        if (lease := asking.result()) is not None:
            returning = asyncio.ensure_future(self.arelease(lease))
            _returning.add(returning)
            returning.add_done_callback(_returned)

    async def arenew(self, lease: Lease, *, ttl_s: float, now: float) -> bool:
        """See :meth:`Store.arenew`."""
        return await (await self._clients.alink()).run(operations.renew(self.names, lease, ttl_s, now))

    async def arelease(self, lease: Lease) -> None:
        """See :meth:`Store.arelease`."""
        await (await self._clients.alink()).run(operations.release(self.names, lease))

    async def await_for_release(self, namespace: str, key: str, *, timeout_s: float, now: float) -> bool:
        """See :meth:`Store.await_for_release`; the server tells."""
        held = await (await self._clients.alink()).run(operations.held(self.names, namespace, key, now))
        for slice_s in _slices(held, timeout_s, now):
            behind, link = held[0] if held else b"", await self._patient.alink()
            if await link.run(operations.woken(self.names, namespace, key, behind, slice_s)):
                break
        return True

    async def ausage(self, namespace: str | None = None) -> Usage:
        """See :meth:`Store.ausage`; walks the whole database."""
        return await (await self._clients.alink()).run(operations.usage(self.names, namespace))

    async def aquick_usage(self, namespace: str) -> Usage | None:
        """See :meth:`Store.aquick_usage`; only while the database is small."""
        return await (await self._clients.alink()).run(counts.quick_usage(self.names, namespace))

    async def aadd_counts(self, namespace: str, sheets: Collection[Sheet], *, batch: str, now: float) -> None:
        """See :meth:`Store.aadd_counts`; a script for some hundred rows of a sheet."""
        await (await self._clients.alink()).run(counts.add(self.names, namespace, sheets, batch, now))

    async def aread_counts(self, namespace: str, names: Collection[str], *, now: float) -> dict[str, dict[str, Cells]]:
        """See :meth:`Store.aread_counts`; by HSCAN."""
        return await (await self._clients.alink()).run(counts.read(self.names, namespace, names, now))

    async def adrop_counts(self, namespace: str, name: str, rows: Collection[str]) -> None:
        """See :meth:`Store.adrop_counts`."""
        await (await self._clients.alink()).run(counts.drop(self.names, namespace, name, frozenset(rows)))

    async def apurge(self, *, now: float, limit: int = 1000) -> int:
        """See :meth:`Store.apurge`; walks the whole database."""
        return await (await self._clients.alink()).run(operations.purge(self.names, now, limit))

    async def aclose(self) -> None:
        """See :meth:`Store.aclose`."""
        await self._clients.aclose()
        await self._patient.aclose()


_returning: Final[set[Any]] = set()


def _returned(task: "asyncio.Task[None]") -> None:
    _returning.discard(task)
    if not task.cancelled():
        # A store that fails now lets the lease end by itself.
        task.exception()


def _slices(held: tuple[bytes, float] | None, timeout_s: float, now: float) -> Iterator[float]:
    """How long to wait, bit by bit: to the lease's end, or *timeout_s* if that is less."""
    left_s = 0.0 if held is None else min(timeout_s, held[1] - now)
    while left_s > 0:
        yield min(left_s, _SLICE_S)
        left_s -= _SLICE_S
