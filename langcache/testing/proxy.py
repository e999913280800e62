"""A loopback proxy that is slow, silent, or speaks TLS, as told: a network for tests."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

_CHUNK_BYTES: Final = 65_536


class Proxy:
    """Passes bytes on to a loopback port.

    Args:
        target_port: where to; where new connections go may be changed later, as a DNS name is.
        tls: speaks TLS with those who connect; plain with the target.
    """

    def __init__(self, target_port: int, *, tls: ssl.SSLContext | None = None) -> None:
        self.delay_s = 0.0
        """How late answers come, in seconds."""
        self.silent = False
        """Whether answers come at all; connections are accepted and stay open all the same."""
        self.target_port, self._tls = target_port, tls
        self._open: set[socket.socket] = set()
        self._forgotten: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._connect, args=(self._listener.accept()[0],), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        self._open.add(near)
        try:
            far = socket.create_connection(("127.0.0.1", self.target_port))
            self._open.add(far)
            if self._tls is not None:
                plain, near = near, self._tls.wrap_socket(near, server_side=True)
                self._open.discard(plain)
                self._open.add(near)
        except OSError:
            self._end(near)
            return
        threading.Thread(target=self._pump, args=(near, far, False), daemon=True).start()
        self._pump(far, near, True)

    def _pump(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK_BYTES):
                if answers:
                    time.sleep(self.delay_s)
                    if self.silent:
                        continue
                if source in self._forgotten:
                    continue
                sink.sendall(data)
        self._end(source, sink)

    def _end(self, *ends: socket.socket) -> None:
        for end in ends:
            self._open.discard(end)
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def forget(self) -> None:
        """Let nothing more through on the connections that are open, as a gateway does after a quiet night."""
        self._forgotten.update(self._open)

    def cut(self) -> None:
        """Break all connections; new ones are welcome."""
        self._end(*self._open)

    def close(self) -> None:
        """Listen no more and break all connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()


@contextmanager
def running_proxy(target_port: int, *, tls: ssl.SSLContext | None = None) -> Iterator[Proxy]:
    """A proxy for as long as the block lasts."""
    proxy = Proxy(target_port, tls=tls)
    try:
        yield proxy
    finally:
        proxy.close()
