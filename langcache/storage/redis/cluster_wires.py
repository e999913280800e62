"""How commands get to a cluster: through redis-py's client, which knows who has which slot."""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final

from redis.exceptions import ResponseError

from langcache.storage.redis.topology import Topology
from langcache.storage.redis.wires import Command
from langcache.storage.threads import start_thread

UNDO_AFTER_S: Final = (0.0, 0.5, 1.0, 2.0)
"""Pauses before each try to take back what was not answered; the client has closed its connection by then."""


class ClusterWire:
    """Through redis-py's cluster client, which knows who has which slot, for threads.

    Args:
        topology: closes the client.
        client: a synchronous client.
    """

    def __init__(self, topology: Topology, client: Any) -> None:
        self._topology, self._client = topology, client
        self._closing = threading.Event()

    def ask(self, words: Command, node: Any = None, undo: Command | None = None) -> Any:
        """See :meth:`Wire.ask`; *node* is where, if the keys do not say. *undo* follows by itself, a little later."""
        where = {} if node is None else {"target_nodes": node}
        try:
            return self._client.execute_command(*words, **where)
        except ResponseError:
            raise
        except Exception:
            if undo is not None:
                start_thread("langcache-undo", self._undo, undo)
            raise

    def _undo(self, undo: Command) -> None:
        for pause_s in UNDO_AFTER_S:
            if self._closing.wait(pause_s):
                return
            with suppress(Exception):
                self._client.execute_command(*undo)
                return

    def ask_all(self, commands: Sequence[Command]) -> list[Any]:
        """See :meth:`Wire.ask_all`; one round trip per node."""
        pipeline = self._client.pipeline(transaction=False)
        for words in commands:
            pipeline.execute_command(*words)
        return list(pipeline.execute(raise_on_error=False))

    def nodes(self) -> list[Any]:
        """See :meth:`Wire.nodes`."""
        return list(self._client.get_primaries())

    def close(self) -> None:
        """See :meth:`Wire.close`."""
        self._closing.set()
        self._topology.close(self._client)


class AsyncClusterWire:
    """Through redis-py's cluster client, for an event loop.

    Args:
        topology: closes the client.
        client: an asynchronous client.
    """

    def __init__(self, topology: Topology, client: Any) -> None:
        self._topology, self._client = topology, client
        self._asking: set[asyncio.Future[Any]] = set()

    async def ask(self, words: Command, node: Any = None, undo: Command | None = None) -> Any:
        """See :meth:`ClusterWire.ask`; goes on to its end where the caller is cancelled.

        A caller with a timeout as short as ours would else cut off, each time, what the client learns from its own:
        that a node is gone, and to look for the one that took over.
        """
        return await asyncio.shield(self._start(self._ask(words, node, undo)))

    def _start(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Future[Any]":
        asking = asyncio.ensure_future(work)
        self._asking.add(asking)
        asking.add_done_callback(self._asked)
        return asking

    def _asked(self, asking: "asyncio.Future[Any]") -> None:
        self._asking.discard(asking)
        if not asking.cancelled():
            asking.exception()  # looked at, which nobody else may do where the caller was cancelled

    async def _ask(self, words: Command, node: Any, undo: Command | None) -> Any:
        # Before it knows its nodes the client sends commands anywhere; later this does nothing.
        await self._client.initialize()
        where = {} if node is None else {"target_nodes": node}
        try:
            return await self._client.execute_command(*words, **where)
        except ResponseError:
            raise
        except Exception:
            if undo is not None:
                self._start(self._undo(undo))
            raise

    async def _undo(self, undo: Command) -> None:
        for pause_s in UNDO_AFTER_S:
            await asyncio.sleep(pause_s)
            with suppress(Exception):
                await self._client.execute_command(*undo)
                return

    async def ask_all(self, commands: Sequence[Command]) -> list[Any]:
        """See :meth:`ClusterWire.ask_all`."""
        await self._client.initialize()
        pipeline = self._client.pipeline(transaction=False)
        for words in commands:
            pipeline.execute_command(*words)
        return list(await pipeline.execute(raise_on_error=False))

    async def nodes(self) -> list[Any]:
        """See :meth:`Wire.nodes`."""
        await self._client.initialize()
        return list(self._client.get_primaries())

    async def close(self) -> None:
        """See :meth:`Wire.close`."""
        # First: one that goes on would connect the closed client anew. One that ends may begin another.
        while left := list(self._asking):
            for asking in left:
                asking.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        await self._topology.aclose(self._client)
