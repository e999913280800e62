"""One client for all threads, one per event loop; each is closed with what it belongs to, and none crosses a fork."""

import asyncio
import weakref
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from threading import Lock
from typing import Final

from langcache.errors import StoreError
from langcache.storage.forking import survive_fork
from langcache.storage.redis.cluster_wires import AsyncClusterWire, ClusterWire
from langcache.storage.redis.failures import failed
from langcache.storage.redis.links import AsyncLink, SyncLink
from langcache.storage.redis.topology import Settings, Topology
from langcache.storage.redis.wires import AsyncWire, Wire

_inherited: Final[list[object]] = []
"""Clients a forked child must neither use nor collect: closing one would disturb the parent's."""

_resting: Final[set["_Kept"]] = set()
"""Clients to be closed that wait for their event loop to run again."""

_CLOSE_S: Final = 5.0


class Clients:
    """The clients of one store.

    Args:
        topology: where the servers are.
        settings: how connections are made.
        max_connections: most connections of the process's threads, and of each event loop.
    """

    def __init__(self, topology: Topology, settings: Settings, max_connections: int) -> None:
        self._topology, self._settings, self._limit = topology, settings, max_connections
        self._closed = False
        self._made: list[Wire | ClusterWire] = []
        self._reset()
        weakref.finalize(self, _close_quietly, self._made)
        survive_fork(self)

    def _reset(self) -> None:
        self._lock = Lock()
        self._failures = 0
        self._sync: SyncLink | None = None
        self._async: dict[asyncio.AbstractEventLoop, _Kept] = {}

    def link(self) -> SyncLink:
        """The threads' client.

        Raises:
            StoreError: the store is closed, or a cluster's nodes do not answer.
        """
        return self._sync if self._sync is not None else self._open()

    def _open(self) -> SyncLink:
        failures_before = self._failures
        with self._lock:
            self._check()
            if self._sync is not None:
                return self._sync
            if self._failures != failures_before:
                raise StoreError("Redis: connecting failed while this call waited for it")
            try:
                wire = self._wire()
            except Exception as error:
                self._failures += 1
                raise failed(error) from error
            self._made.append(wire)
            self._sync = SyncLink(wire, self._limit)
            return self._sync

    def _wire(self) -> Wire | ClusterWire:
        client = self._topology.connect(self._settings)
        return Wire(self._topology, client) if self._topology.is_one else ClusterWire(self._topology, client)

    async def alink(self) -> AsyncLink:
        """The running event loop's client.

        Raises:
            StoreError: the store is closed.
        """
        kept = self._async.get(asyncio.get_running_loop())
        return kept.link if kept is not None else await self._aopen()

    async def _aopen(self) -> AsyncLink:
        self._check()
        loop = asyncio.get_running_loop()
        for other in [other for other in list(self._async) if other.is_closed()]:
            self._async.pop(other, None)
        link = AsyncLink(self._awire(), self._limit)
        kept = self._async[loop] = _Kept(link, loop, lambda: self._async.pop(loop, None))
        await kept.start()
        return link

    def _awire(self) -> AsyncWire | AsyncClusterWire:
        client = self._topology.aconnect(self._settings)
        if self._topology.is_one:
            return AsyncWire(self._topology, client, self._settings.timeout_s)
        return AsyncClusterWire(self._topology, client)

    def _check(self) -> None:
        if self._closed:
            raise StoreError("the Redis store is closed")

    def close(self) -> None:
        """Close all clients, those of event loops as soon as these run."""
        with self._lock:
            self._closed = True
            self._sync = None
            held = list(self._async.values())
            self._async.clear()
        _close_quietly(self._made)
        for kept in held:
            kept.close_soon()

    async def aclose(self) -> None:
        """Close all clients; that of the running loop before this returns."""
        kept = self._async.pop(asyncio.get_running_loop(), None)
        if kept is not None:
            await kept.close()
        self.close()

    def before_fork(self) -> None:
        """Let nobody change the set of clients meanwhile."""
        self._lock.acquire()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Begin anew, with clients of the child's own."""
        _inherited.append((self._sync, list(self._made), self._async))
        self._made.clear()
        self._reset()


class _Kept:
    """An event loop's client, closed when the loop shuts down.

    An event loop has no hook for its end but one: before it closes, ``asyncio.run`` ends the asynchronous
    generators that were begun on it.
    """

    def __init__(self, link: AsyncLink, loop: asyncio.AbstractEventLoop, forget: Callable[[], object]) -> None:
        self.link = link
        self._loop = loop
        self._forget = forget
        self._life = self._until_closed()

    async def _until_closed(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self._forget()
            _resting.discard(self)
            with suppress(Exception):
                async with asyncio.timeout(_CLOSE_S):
                    await self.link.wire.close()

    async def start(self) -> None:
        await anext(self._life)

    async def close(self) -> None:
        await self._life.aclose()

    def close_soon(self) -> None:
        if self._loop.is_closed():
            return
        _resting.add(self)
        if self._loop.is_running():
            asyncio.run_coroutine_threadsafe(self.close(), self._loop)


def _close_quietly(made: list[Wire | ClusterWire]) -> None:
    while made:
        with suppress(Exception):
            made.pop().close()
