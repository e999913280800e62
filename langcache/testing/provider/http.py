"""The socket half of the stand-in: a threaded HTTP/1.1 server that takes a thousand clients at once."""

import sys
import threading
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from typing import Any, Protocol

__all__ = ["Connection", "Listener"]


class Connection(BaseHTTPRequestHandler):
    """One client's connection; every request on it is handed to the listener's *answer*."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "Listener"

    def do_POST(self) -> None:
        """Read one request and have it answered."""
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.answer(self, headers, body)

    def do_GET(self) -> None:
        """Answered like any request: with what the stand-in understands."""
        self.do_POST()

    def send_whole(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """A complete response, in one write."""
        lengths = {"content-type": "application/json", "content-length": str(len(body))}
        self.wfile.write(self._head(status, {**lengths, **headers}) + body)

    def send_stream(self, headers: Mapping[str, str], frames: Iterable[bytes]) -> None:
        """Server-sent events, one chunk of the body each; the end of *frames* ends the body."""
        kind = {"content-type": "text/event-stream; charset=utf-8", "transfer-encoding": "chunked"}
        self.wfile.write(self._head(200, {**kind, **headers}))
        for frame in frames:
            self.wfile.write(f"{len(frame):x}\r\n".encode() + frame + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def hang_up(self) -> None:
        """Close without finishing whatever was said."""
        self.close_connection = True
        _shut(self.connection)

    def _head(self, status: int, headers: Mapping[str, str]) -> bytes:
        """Status line and headers. No ``date`` and no ``server``: recordings do not change by themselves."""
        if not self.server.keep_alive:
            headers = {**headers, "connection": "close"}
            self.close_connection = True
        phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Overloaded"
        lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def log_message(self, *_args: Any) -> None:
        """Nothing: a test's output is not an access log."""


class Answer(Protocol):
    """What the listener does with a request."""

    def __call__(self, connection: Connection, headers: Mapping[str, str], body: bytes) -> None:
        """Answer one request on *connection*."""


class Listener(ThreadingHTTPServer):
    """Accepts on a free loopback port until :meth:`close`."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, answer: Answer, *, keep_alive: bool) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.answer, self.keep_alive = answer, keep_alive
        self._open: set[socket] = set()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def close(self) -> None:
        """Stop listening and cut every connection; waits a second at most for handlers that are busy."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._changed:
            for connection in self._open:
                _shut(connection)
            self._changed.wait_for(lambda: not self._open, timeout=1.0)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note the connection, then serve it in a thread of its own."""
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection and forget it."""
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away (a timeout under test) is no news; anything else is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def _shut(connection: socket) -> None:
    try:
        connection.shutdown(SHUT_RDWR)
    except OSError:
        return  # the other side was faster
