"""The stand-in itself: takes requests, plays faults, gives replies, remembers everything."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Self

from langcache.testing.provider.answering import reply_to
from langcache.testing.provider.anthropic import AnthropicWire
from langcache.testing.provider.http import Connection, Listener
from langcache.testing.provider.openai import OpenAIWire
from langcache.testing.provider.script import Fault, ReplySource, Request
from langcache.testing.provider.wire import Ask, Frame, MisunderstoodError, Turn, Wire

__all__ = ["Provider"]

_WIRES: tuple[Wire, ...] = (OpenAIWire(), AnthropicWire())
_SPEAKS = "this stand-in speaks POST …/chat/completions (OpenAI) and POST …/messages (Anthropic)"


class Provider:
    """An LLM provider on a loopback socket, for tests: the real SDKs talk to it.

    ::

        with Provider(reply="Hello", faults=[Fault(429, headers={"retry-after": "1"}), None]) as provider:
            ChatOpenAI(base_url=provider.openai_url, api_key="test", model="gpt-4o-mini").invoke("Hi")
            ChatAnthropic(base_url=provider.anthropic_url, api_key="test", model_name="claude-haiku-4-5")
            assert provider.calls == 2

    It speaks OpenAI's chat completions (also under Azure's paths, ``azure_endpoint=provider.url``) and
    Anthropic's messages: whole and streamed answers, usage, tool calls, structured output, error bodies,
    request ids. Ids count requests, so the same script gives the same bytes. Any API key will do.

    ``async with`` works too, and as a pytest fixture: ``with Provider() as provider: yield provider``.

    Args:
        reply: a text, a :class:`Reply`, or a function of the :class:`Request` giving either; it may block, as
            each request has its own thread. Without one, the last user message is echoed, in the shape that
            a tool or JSON schema asks for.
        faults: one per request in order of arrival, before any reply; ``None`` lets a request through. It may be
            endless, such as ``itertools.repeat(Fault(503))``.
        keep_alive: keep connections open between requests. Off by default: LangChain shares HTTP clients
            across models, and a connection left open in one event loop breaks the next loop's call with
            "Event loop is closed". Turn it on to measure, with a single loop.
        clock: gives ``Request.at_s``; seconds.
    """

    def __init__(
        self,
        reply: ReplySource | None = None,
        faults: Iterable[Fault | None] = (),
        *,
        keep_alive: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.reply = reply
        self.requests: list[Request] = []
        self._faults: Iterator[Fault | None] = iter(faults)
        self._keep_alive, self._clock, self._started_s = keep_alive, clock, 0.0
        self._lock, self._stopping = threading.Lock(), threading.Event()
        self._listener: Listener | None = None

    @property
    def calls(self) -> int:
        """How many requests reached it, faults included."""
        return len(self.requests)

    @property
    def url(self) -> str:
        """``http://127.0.0.1:port``. Raises: RuntimeError when it is not started."""
        if self._listener is None:
            raise RuntimeError("Provider is not started: use `with Provider() as provider:` or .start()")
        return f"http://127.0.0.1:{self._listener.port}"

    @property
    def openai_url(self) -> str:
        """For ``ChatOpenAI(base_url=…)``."""
        return f"{self.url}/v1"

    @property
    def anthropic_url(self) -> str:
        """For ``ChatAnthropic(base_url=…)``."""
        return self.url

    def fail(self, *faults: Fault | None) -> None:
        """Play these next, after the faults that are still to come."""
        with self._lock:
            self._faults = chain(self._faults, faults)

    def start(self) -> Self:
        """Listen on a free port. Raises: RuntimeError when it already does."""
        if self._listener is not None:
            raise RuntimeError("Provider is already started")
        self._started_s = self._clock()
        self._stopping.clear()
        self._listener = Listener(self._answer, keep_alive=self._keep_alive)
        return self

    def stop(self) -> None:
        """Close the port and every connection; what was seen stays. Stopping twice is fine."""
        listener, self._listener = self._listener, None
        if listener is not None:
            self._stopping.set()
            listener.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self.start()

    async def __aexit__(self, *_exc: object) -> None:
        self.stop()

    def _answer(self, connection: Connection, headers: Mapping[str, str], body: bytes) -> None:
        path = connection.path
        wire = next((wire for wire in _WIRES if path.partition("?")[0].endswith(wire.path)), None)
        request, fault = self._arrive(path, headers, body, wire)
        if wire is None or connection.command != "POST":
            return _refuse(connection, _WIRES[0], request, f"{_SPEAKS}, not {connection.command} {path}")
        try:
            ask = wire.read(request.json)
        except (MisunderstoodError, AttributeError, TypeError) as error:
            return _refuse(connection, wire, request, f"cannot read this request: {error}; {_SPEAKS}")
        if fault is not None and not (fault.kind == "midstream" and ask.stream):
            return self._fail(connection, wire, request, fault)
        return self._reply(connection, wire, request, ask, fault)

    def _arrive(
        self, path: str, headers: Mapping[str, str], body: bytes, wire: Wire | None
    ) -> tuple[Request, Fault | None]:
        """Write the request down and take the next fault, as one step."""
        data, vendor = _json_object(body), wire.vendor if wire else ""
        with self._lock:
            at_s = self._clock() - self._started_s
            request = Request(path, headers, body, data, vendor, at_s, number=len(self.requests) + 1)
            self.requests.append(request)
            return request, next(self._faults, None)

    def _fail(self, connection: Connection, wire: Wire, request: Request, fault: Fault) -> None:
        if fault.kind == "timeout":
            self._stopping.wait(fault.seconds)
        if fault.kind in ("timeout", "disconnect") or (fault.kind == "midstream" and fault.error is None):
            return connection.hang_up()
        headers = {**_request_id(wire, request), **fault.headers}
        return connection.send_whole(fault.status, headers, _bytes(wire.error(fault, request.number)))

    def _reply(self, connection: Connection, wire: Wire, request: Request, ask: Ask, fault: Fault | None) -> None:
        try:
            reply = reply_to(self.reply, ask, request)
        except Exception as error:
            return _refuse(connection, wire, request, f"the test's reply function raised {error!r}")
        self._stopping.wait(reply.delay_s)
        turn = Turn(ask, reply, request.number)
        if not ask.stream:
            return connection.send_whole(200, _request_id(wire, request), _bytes(wire.answer(turn)))
        frames = wire.stream(turn) if fault is None else _broken(wire, turn, fault)
        connection.send_stream(_request_id(wire, request), (frame.data for frame in frames))
        return None


def _broken(wire: Wire, turn: Turn, fault: Fault) -> Iterator[Frame]:
    """The head of the stream of *turn*, its first pieces, then the fault."""
    frames = list(wire.stream(turn))
    ends = [index + 1 for index, frame in enumerate(frames) if frame.is_piece]
    yield from frames[: max(ends[: fault.after_chunks], default=1)]
    if fault.error is None:
        raise ConnectionAbortedError
    yield wire.stream_error(fault, turn.number)


def _refuse(connection: Connection, wire: Wire, request: Request, why: str) -> None:
    error = wire.error(Fault(400, message=why), request.number)
    connection.send_whole(400, _request_id(wire, request), _bytes(error))


def _request_id(wire: Wire, request: Request) -> dict[str, str]:
    return {wire.request_id_header: f"req_{request.number:06d}"}


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _bytes(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode()
