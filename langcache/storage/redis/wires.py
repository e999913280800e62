"""How commands get to servers: straight over redis-py's connections, or through its cluster client.

redis-py's plain client looks at the socket and locks the pool before each command and measures each; that takes as
long as the command. A connection that broke while idle is noticed in use instead: then, and only then, the command
is sent once more, over a new connection. All our commands bear that: each leaves the same behind, sent once or twice.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from redis.exceptions import ConnectionError as Broken, ResponseError

from langcache.storage.redis.topology import Topology

_ATTEMPTS: Final = 2

Command = Sequence[Any]


def pack(commands: Sequence[Command]) -> list[bytes]:
    """*commands* as the server reads them (RESP)."""
    parts = []
    for words in commands:
        parts.append(b"*%d\r\n" % len(words))
        for word in words:
            data = word if isinstance(word, bytes) else str(word).encode()
            parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return [b"".join(parts)]


class Wire:
    """Straight to one server, for threads.

    Args:
        topology: makes and closes the client.
        client: a synchronous client; its pool makes the connections.
    """

    def __init__(self, topology: Topology, client: Any) -> None:
        self._topology, self._client = topology, client
        self._idle: deque[Any] = deque()
        self._closed = False

    def ask(self, words: Command, node: Any = None) -> Any:
        """The answer to one command.

        Raises:
            Exception: whatever redis-py raises.
        """
        (answer,) = self._exchange((words,))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def ask_all(self, commands: Sequence[Command]) -> list[Any]:
        """The answers to many, in one round trip; an answer may be an exception."""
        return self._exchange(commands)

    def nodes(self) -> list[Any]:
        """Where a scan has to go."""
        return [None]

    def close(self) -> None:
        """Close all connections, those in use when their command is done."""
        self._closed = True
        self._disconnect_idle()
        self._topology.close(self._client)

    def _exchange(self, commands: Sequence[Command]) -> list[Any]:
        packed = pack(commands)
        for attempt in range(_ATTEMPTS):
            connection = self._take()
            try:
                # Nothing where it is connected; and only this asks Sentinels for the master.
                connection.connect()
                connection.send_packed_command(packed)
                answers = [_read(connection) for _ in commands]
            except Broken:
                connection.disconnect()
                # What broke one has broken all that were idle.
                self._disconnect_idle()
                if attempt == _ATTEMPTS - 1:
                    raise
                continue
            except BaseException:
                # Its answer may still come; nobody else must read it.
                connection.disconnect()
                raise
            self._give(connection)
            return answers
        raise AssertionError("the last attempt returns or raises")

    def _take(self) -> Any:
        try:
            return self._idle.pop()
        except IndexError:
            return self._client.connection_pool.make_connection()

    def _give(self, connection: Any) -> None:
        self._idle.append(connection)
        if self._closed:
            self._disconnect_idle()

    def _disconnect_idle(self) -> None:
        while self._idle:
            with suppress(IndexError):
                self._idle.pop().disconnect()


class AsyncWire:
    """Straight to one server, for an event loop.

    Args:
        topology: makes and closes the client.
        client: an asynchronous client; its pool makes the connections.
        timeout_s: for a command and its answer together, connecting included, in seconds.
    """

    def __init__(self, topology: Topology, client: Any, timeout_s: float) -> None:
        self._topology, self._client, self._timeout_s = topology, client, timeout_s
        self._idle: deque[Any] = deque()
        self._tls: Any = None
        self._closed = False

    async def ask(self, words: Command, node: Any = None) -> Any:
        """See :meth:`Wire.ask`."""
        (answer,) = await self._exchange((words,))
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def ask_all(self, commands: Sequence[Command]) -> list[Any]:
        """See :meth:`Wire.ask_all`."""
        return await self._exchange(commands)

    async def nodes(self) -> list[Any]:
        """See :meth:`Wire.nodes`."""
        return [None]

    async def close(self) -> None:
        """See :meth:`Wire.close`."""
        self._closed = True
        await self._disconnect_idle()
        await self._topology.aclose(self._client)

    async def _exchange(self, commands: Sequence[Command]) -> list[Any]:
        packed = pack(commands)
        async with asyncio.timeout(self._timeout_s):
            for attempt in range(_ATTEMPTS):
                connection = self._idle.pop() if self._idle else self._new()
                try:
                    await connection.connect()
                    await connection.send_packed_command(packed)
                    answers = [await _aread(connection) for _ in commands]
                except Broken:
                    await connection.disconnect(nowait=True)
                    await self._disconnect_idle()
                    if attempt == _ATTEMPTS - 1:
                        raise
                    continue
                except BaseException:
                    await connection.disconnect(nowait=True)
                    raise
                await self._give(connection)
                return answers
        raise AssertionError("the last attempt returns or raises")

    def _new(self) -> Any:
        connection = self._client.connection_pool.make_connection()
        tls = getattr(connection, "ssl_context", None)
        if tls is not None:
            # Reading all trusted certificates blocks the event loop: once, not for each connection.
            connection.ssl_context = self._tls = self._tls or tls
        return connection

    async def _give(self, connection: Any) -> None:
        self._idle.append(connection)
        if self._closed:
            await self._disconnect_idle()

    async def _disconnect_idle(self) -> None:
        # Waited for: the end of a TLS connection takes the event loop a while. Together: one that hangs keeps no other.
        idle, self._idle = self._idle, deque()
        await asyncio.gather(*(connection.disconnect() for connection in idle), return_exceptions=True)


class ClusterWire:
    """Through redis-py's cluster client, which knows who has which slot, for threads.

    Args:
        topology: closes the client.
        client: a synchronous client.
    """

    def __init__(self, topology: Topology, client: Any) -> None:
        self._topology, self._client = topology, client

    def ask(self, words: Command, node: Any = None) -> Any:
        """See :meth:`Wire.ask`; *node* is where, if the keys do not say."""
        where = {} if node is None else {"target_nodes": node}
        return self._client.execute_command(*words, **where)

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

    async def ask(self, words: Command, node: Any = None) -> Any:
        """See :meth:`ClusterWire.ask`; goes on to its end where the caller is cancelled.

        A caller with a timeout as short as ours would else cut off, each time, what the client learns from its own:
        that a node is gone, and to look for the one that took over.
        """
        asking = asyncio.ensure_future(self._ask(words, node))
        self._asking.add(asking)
        asking.add_done_callback(self._asked)
        return await asyncio.shield(asking)

    def _asked(self, asking: "asyncio.Future[Any]") -> None:
        self._asking.discard(asking)
        if not asking.cancelled():
            asking.exception()  # looked at, which nobody else may do where the caller was cancelled

    async def _ask(self, words: Command, node: Any) -> Any:
        # Before it knows its nodes the client sends commands anywhere; later this does nothing.
        await self._client.initialize()
        where = {} if node is None else {"target_nodes": node}
        return await self._client.execute_command(*words, **where)

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
        left = list(self._asking)
        for asking in left:
            asking.cancel()
        # First: one that goes on would connect the closed client anew.
        await asyncio.gather(*left, return_exceptions=True)
        await self._topology.aclose(self._client)


def _read(connection: Any) -> Any:
    try:
        return connection.read_response()
    except ResponseError as error:
        return error


async def _aread(connection: Any) -> Any:
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error
