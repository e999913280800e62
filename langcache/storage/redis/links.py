"""Running flows: each step is carried out over a wire, as many at once as there may be connections."""

import asyncio
import threading
from typing import Any, TypeVar

from redis.exceptions import NoScriptError

from langcache.errors import StoreError
from langcache.storage.redis.cluster_wires import AsyncClusterWire, ClusterWire
from langcache.storage.redis.failures import failed
from langcache.storage.redis.operations import Ask, AskAll, Flow, Nodes, Run, Step
from langcache.storage.redis.wires import AsyncWire, Wire

T = TypeVar("T")


class _Queue:
    """What those who wait for a free connection need to know.

    A server that hangs would let a long queue through one timeout after another. So everybody who queued up
    before a failure fails with it: each pays at most one timeout.
    """

    failures = 0

    def check(self, failures_before: int) -> None:
        if self.failures != failures_before:
            raise StoreError("Redis: failed while this call waited for a connection")


class SyncLink(_Queue):
    """One wire for all threads.

    Args:
        wire: to the servers.
        max_connections: most calls under way at once.
    """

    def __init__(self, wire: Wire | ClusterWire, max_connections: int) -> None:
        self.wire = wire
        self._free = threading.BoundedSemaphore(max_connections)

    def run(self, flow: Flow[T]) -> T:
        """Take *flow* to its end.

        Raises:
            StoreError: the server failed.
        """
        try:
            step = next(flow)
            while True:
                step = flow.send(self._answer(step))
        except StopIteration as done:
            result: T = done.value
            return result

    def _answer(self, step: Step) -> Any:
        before = self.failures
        with self._free:
            self.check(before)
            try:
                return self._ask(step)
            except Exception as error:
                self.failures += 1
                raise failed(error) from error

    def _ask(self, step: Step) -> Any:
        match step:
            case Ask(words, node):
                return self.wire.ask(words, node)
            case AskAll(commands):
                return self.wire.ask_all(commands)
            case Run(script, keys, arguments, undo):
                rest = (len(keys), *keys, *arguments)
                try:
                    return self.wire.ask(("EVALSHA", script.sha, *rest), undo=undo)
                except NoScriptError:
                    return self.wire.ask(("EVAL", script.source, *rest), undo=undo)
            case Nodes():
                return self.wire.nodes()


class AsyncLink(_Queue):
    """One wire for one event loop.

    Args:
        wire: to the servers.
        max_connections: most calls under way at once.
    """

    def __init__(self, wire: AsyncWire | AsyncClusterWire, max_connections: int) -> None:
        self.wire = wire
        self._free = asyncio.Semaphore(max_connections)

    async def run(self, flow: Flow[T]) -> T:
        """Take *flow* to its end.

        Raises:
            StoreError: the server failed.
        """
        try:
            step = next(flow)
            while True:
                step = flow.send(await self._answer(step))
        except StopIteration as done:
            result: T = done.value
            return result

    async def _answer(self, step: Step) -> Any:
        before = self.failures
        async with self._free:
            self.check(before)
            try:
                return await self._ask(step)
            except Exception as error:
                self.failures += 1
                raise failed(error) from error

    async def _ask(self, step: Step) -> Any:
        match step:
            case Ask(words, node):
                return await self.wire.ask(words, node)
            case AskAll(commands):
                return await self.wire.ask_all(commands)
            case Run(script, keys, arguments, undo):
                rest = (len(keys), *keys, *arguments)
                try:
                    return await self.wire.ask(("EVALSHA", script.sha, *rest), undo=undo)
                except NoScriptError:
                    return await self.wire.ask(("EVAL", script.source, *rest), undo=undo)
            case Nodes():
                return await self.wire.nodes()
