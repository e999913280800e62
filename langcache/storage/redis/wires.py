"""How commands get to one server: straight over redis-py's connections.

redis-py's plain client looks at the socket and locks the pool before each command and measures each; that takes as
long as the command. A connection that broke while idle is noticed in use instead: then, and only then, the command
is sent once more, over a new connection. All our commands bear that: each leaves the same behind, sent once or twice.
A connection to a server that has become a replica, as in a failover behind a name, is treated as one that broke.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

from redis.exceptions import ConnectionError as Broken, ReadOnlyError, ResponseError

from langcache.storage.redis.topology import Topology

_ATTEMPTS: Final = 2

STALE_S: Final = 10.0
"""A connection that was idle for longer and gets no answer may have been dropped on the way, by a gateway or a balancer
that tells neither end; so may all that were idle."""

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
        self._idle: deque[tuple[Any, float]] = deque()
        self._tls: Any = None
        self._closed = False

    def ask(self, words: Command, node: Any = None, undo: Command | None = None) -> Any:
        """The answer to one command; if it does not come in time, *undo* follows on the same connection.

        Raises:
            Exception: whatever redis-py raises.
        """
        (answer,) = self._exchange((words,), undo)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def ask_all(self, commands: Sequence[Command]) -> list[Any]:
        """The answers to many, in one round trip; an answer may be an exception."""
        return self._exchange(commands) if commands else []

    def nodes(self) -> list[Any]:
        """Where a scan has to go."""
        return [None]

    def close(self) -> None:
        """Close all connections, those in use when their command is done."""
        self._closed = True
        self._disconnect_idle()
        self._topology.close(self._client)

    def _exchange(self, commands: Sequence[Command], undo: Command | None = None) -> list[Any]:
        packed = pack(commands)
        for attempt in range(_ATTEMPTS):
            connection, was_idle = self._take()
            try:
                # Nothing where it is connected; and only this asks Sentinels for the master.
                connection.connect()
                connection.send_packed_command(packed)
                answers = [_read(connection) for _ in commands]
                _check_demoted(answers)
            except Broken:
                connection.disconnect()
                # What broke one has broken all that were idle.
                self._disconnect_idle()
                if attempt == _ATTEMPTS - 1:
                    raise
                continue
            except BaseException:
                # Its answer may still come; nobody else must read it.
                if undo is not None:
                    _send_behind(connection, undo)
                connection.disconnect()
                if was_idle:
                    self._disconnect_idle()
                raise
            self._give(connection)
            return answers
        raise AssertionError("the last attempt returns or raises")

    def _take(self) -> tuple[Any, bool]:
        """A connection, and whether it was idle for long."""
        try:
            connection, since = self._idle.pop()
        except IndexError:
            return self._new(), False
        return connection, time.monotonic() - since > STALE_S

    def _new(self) -> Any:
        connection = self._client.connection_pool.make_connection()
        if (wrap := getattr(connection, "_wrap_socket_with_ssl", None)) is not None:
            connection._wrap_socket_with_ssl = partial(self._wrap, connection, wrap)  # noqa: SLF001
        return connection

    def _wrap(self, connection: Any, wrap: Callable[[Any], Any], plain: Any) -> Any:
        # redis-py reads all trusted certificates for each connection, and no other thread runs meanwhile: once will do.
        if self._tls is not None:
            return self._tls.wrap_socket(plain, server_hostname=connection.host)
        wrapped = wrap(plain)
        self._tls = wrapped.context
        return wrapped

    def _give(self, connection: Any) -> None:
        self._idle.append((connection, time.monotonic()))
        if self._closed:
            self._disconnect_idle()

    def _disconnect_idle(self) -> None:
        while self._idle:
            with suppress(IndexError):
                self._idle.pop()[0].disconnect()


class AsyncWire:
    """Straight to one server, for an event loop.

    Args:
        topology: makes and closes the client.
        client: an asynchronous client; its pool makes the connections.
        timeout_s: for a command and its answer together, connecting included, in seconds.
    """

    def __init__(self, topology: Topology, client: Any, timeout_s: float) -> None:
        self._topology, self._client, self._timeout_s = topology, client, timeout_s
        self._idle: deque[tuple[Any, float]] = deque()
        self._tls: Any = None
        self._closed = False

    async def ask(self, words: Command, node: Any = None, undo: Command | None = None) -> Any:
        """See :meth:`Wire.ask`."""
        (answer,) = await self._exchange((words,), undo)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def ask_all(self, commands: Sequence[Command]) -> list[Any]:
        """See :meth:`Wire.ask_all`."""
        # Of nothing to send, Python 3.12 and later keep an empty chunk: their loop spins, and closing waits for it.
        return await self._exchange(commands) if commands else []

    async def nodes(self) -> list[Any]:
        """See :meth:`Wire.nodes`."""
        return [None]

    async def close(self) -> None:
        """See :meth:`Wire.close`."""
        self._closed = True
        await self._disconnect_idle()
        await self._topology.aclose(self._client)

    async def _exchange(self, commands: Sequence[Command], undo: Command | None = None) -> list[Any]:
        packed = pack(commands)
        async with asyncio.timeout(self._timeout_s):
            for attempt in range(_ATTEMPTS):
                connection, was_idle = self._take()
                try:
                    await connection.connect()
                    await connection.send_packed_command(packed)
                    answers = [await _aread(connection) for _ in commands]
                    _check_demoted(answers)
                except Broken:
                    await connection.disconnect(nowait=True)
                    await self._disconnect_idle()
                    if attempt == _ATTEMPTS - 1:
                        raise
                    continue
                except BaseException:
                    if undo is not None:
                        _asend_behind(connection, undo)
                    await connection.disconnect(nowait=True)
                    if was_idle:
                        await self._disconnect_idle(nowait=True)
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

    def _take(self) -> tuple[Any, bool]:
        """See :meth:`Wire._take`."""
        if not self._idle:
            return self._new(), False
        connection, since = self._idle.pop()
        return connection, time.monotonic() - since > STALE_S

    async def _give(self, connection: Any) -> None:
        self._idle.append((connection, time.monotonic()))
        if self._closed:
            await self._disconnect_idle()

    async def _disconnect_idle(self, nowait: bool = False) -> None:
        # Waited for: the end of a TLS connection takes the event loop a while. Together: one that hangs keeps no other.
        idle, self._idle = self._idle, deque()
        await asyncio.gather(*(each.disconnect(nowait=nowait) for each, _ in idle), return_exceptions=True)


def _read(connection: Any) -> Any:
    try:
        return connection.read_response(disconnect_on_error=False)
    except ResponseError as error:
        return error


async def _aread(connection: Any) -> Any:
    try:
        return await connection.read_response(disconnect_on_error=False)
    except ResponseError as error:
        return error


def _check_demoted(answers: Sequence[Any]) -> None:
    """Raise `Broken` where a server may not be written to: only a new connection finds the one that may be, by now."""
    for answer in answers:
        # Of a script, servers before 7 say so in the middle of their message.
        if isinstance(answer, ReadOnlyError) or (isinstance(answer, ResponseError) and "-READONLY" in str(answer)):
            raise Broken(f"{type(answer).__name__}: {answer}")


def _send_behind(connection: Any, undo: Command) -> None:
    """Send *undo* after a command that was given up: the server meets both in this order, whenever it gets to them."""
    with suppress(Exception):
        if connection._sock is not None:  # noqa: SLF001 -- else it was never sent, and this would connect
            connection.send_packed_command(pack((undo,)))


def _asend_behind(connection: Any, undo: Command) -> None:
    """`_send_behind`, without waiting, as the caller's time is up; closing flushes it."""
    with suppress(Exception):
        if connection.is_connected:
            connection._writer.writelines(pack((undo,)))  # noqa: SLF001 -- what redis-py sends with
