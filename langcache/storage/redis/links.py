"""Carrying steps to a server and answers back, with a thread's client or an event loop's."""

import asyncio
import threading
from typing import Any, TypeVar

from redis.exceptions import NoScriptError

from langcache.errors import StoreError
from langcache.storage.redis.failures import failed
from langcache.storage.redis.operations import Ask, AskAll, Flow, Nodes, Run, Step

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
    """One client for all threads.

    Args:
        client: of redis-py.
        max_connections: most calls under way at once.
    """

    def __init__(self, client: Any, max_connections: int) -> None:
        self.client = client
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
            case Ask(words, None):
                return self.client.execute_command(*words)
            case Ask(words, node):
                return self.client.execute_command(*words, target_nodes=node)
            case AskAll(commands):
                pipeline = self.client.pipeline(transaction=False)
                for words in commands:
                    pipeline.execute_command(*words)
                return pipeline.execute(raise_on_error=False)
            case Run(script, keys, arguments):
                rest = (len(keys), *keys, *arguments)
                try:
                    return self.client.execute_command("EVALSHA", script.sha, *rest)
                except NoScriptError:
                    return self.client.execute_command("EVAL", script.source, *rest)
            case Nodes():
                return nodes(self.client)


class AsyncLink(_Queue):
    """One client for one event loop.

    Args:
        client: of redis-py's asynchronous half.
        max_connections: most calls under way at once.
    """

    def __init__(self, client: Any, max_connections: int) -> None:
        self.client = client
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
                # Before it knows its nodes, a cluster's client sends commands anywhere; later this does nothing.
                await self.client.initialize()
                return await self._ask(step)
            except Exception as error:
                self.failures += 1
                raise failed(error) from error

    async def _ask(self, step: Step) -> Any:
        match step:
            case Ask(words, None):
                return await self.client.execute_command(*words)
            case Ask(words, node):
                return await self.client.execute_command(*words, target_nodes=node)
            case AskAll(commands):
                pipeline = self.client.pipeline(transaction=False)
                for words in commands:
                    pipeline.execute_command(*words)
                return await pipeline.execute(raise_on_error=False)
            case Run(script, keys, arguments):
                rest = (len(keys), *keys, *arguments)
                try:
                    return await self.client.execute_command("EVALSHA", script.sha, *rest)
                except NoScriptError:
                    return await self.client.execute_command("EVAL", script.source, *rest)
            case Nodes():
                return nodes(self.client)


def nodes(client: Any) -> list[Any]:
    """Where a scan has to go: a cluster's masters, or the one server."""
    return list(client.get_primaries()) if hasattr(client, "get_primaries") else [None]
