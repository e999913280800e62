"""Hearing of changed keys by RESP3 client-side tracking, on one connection and one thread.

The server is asked to broadcast (``BCAST``) every change under our prefix: it need not remember who read what, and
what one process reads is nothing to the others.
"""

import socket
import threading
import weakref
from contextlib import suppress
from typing import Any, Final

from langcache.storage.redis.layout import Names
from langcache.storage.redis.topology import Settings, Topology
from langcache.storage.threads import start_thread
from langcache.storage.tracking import Listener

_STOP_S: Final = 2.0


class RedisTracker:
    """Listens until stopped, or until nobody holds the listener any more; connects again as needed.

    Args:
        topology: where the server is.
        settings: how the connection is made.
        names: what our keys are called.
        listener: is told; held weakly.
        within_s: a connection that died unnoticed is found out in this time, in seconds.
    """

    def __init__(
        self, topology: Topology, settings: Settings, names: Names, listener: Listener, within_s: float
    ) -> None:
        self._topology, self._names = topology, names
        self._settings = settings.newer()
        self._listener = weakref.ref(listener)
        self._pause_s = within_s / 2
        self._stopped = threading.Event()
        self._connection: Any = None
        self._thread = start_thread("langcache-tracking", self._run)

    @property
    def is_running(self) -> bool:
        """Whether a thread was to be had for it."""
        return self._thread is not None

    def stop(self) -> None:
        """End the thread, at once; within *within_s* if it is connecting."""
        self._stopped.set()
        with suppress(Exception):
            self._connection._sock.shutdown(socket.SHUT_RDWR)  # noqa: SLF001 -- wakes the thread that reads
        if self._thread is not None:
            self._thread.join(_STOP_S)

    def _run(self) -> None:
        while self._goes_on():
            client: Any = None
            # Whatever happened: copies have an age instead, until it works again.
            with suppress(Exception):
                client = self._topology.connect(self._settings)
                self._listen(client.connection_pool.get_connection())
            self._tell("lost")
            if client is not None:
                with suppress(Exception):
                    self._topology.close(client)
            self._stopped.wait(self._pause_s)

    def _listen(self, connection: Any) -> None:
        # Without a handler redis-py drops what the server says by itself; its own cache hooks in here, too.
        connection._parser.set_invalidation_push_handler(lambda message: message)  # noqa: SLF001
        self._connection = connection
        try:
            prefix = self._names.prefix + "e:"
            connection.send_command("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", prefix)
            connection.read_response()
            self._tell("begun")
            while self._goes_on() and self._is_alive(connection):
                self._heard(connection.read_response(push_request=True))
        finally:
            self._connection = None
            connection.disconnect()

    def _is_alive(self, connection: Any) -> bool:
        if connection.can_read(timeout=self._pause_s):
            return True
        # The answer comes behind all that happened before it was asked for.
        connection.send_command("PING")
        return bool(connection.can_read(timeout=self._pause_s))

    def _heard(self, message: Any) -> None:
        if not isinstance(message, list) or len(message) < 2 or message[0] != b"invalidate":
            return
        if message[1] is None:
            # The database was flushed.
            self._tell("lost")
            self._tell("begun")
            return
        for name in message[1]:
            with suppress(ValueError, UnicodeDecodeError):
                self._tell("changed", *self._names.read(name))

    def _goes_on(self) -> bool:
        return not self._stopped.is_set() and self._listener() is not None

    def _tell(self, what: str, *arguments: str) -> None:
        listener = self._listener()
        if listener is not None:
            getattr(listener, what)(*arguments)
