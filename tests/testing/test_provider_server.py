"""The stand-in as a server: what it remembers, how it fails, how many it takes."""

import asyncio
import http.client
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import Any

import pytest

from langcache.testing.provider import Fault, Provider, Reply, Request

QUESTION = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


def post(
    provider: Provider, body: Any = QUESTION, path: str = "/v1/chat/completions", method: str = "POST"
) -> tuple[int, dict[str, str], bytes]:
    """One request over a plain socket: status, headers, body."""
    connection = http.client.HTTPConnection(provider.url.removeprefix("http://"), timeout=10)
    try:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, data, {"X-Who": "me"})
        response = connection.getresponse()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
    finally:
        connection.close()


def test_what_it_saw_is_kept_in_order_of_arrival() -> None:
    """Path, headers in lower case, the bytes, the vendor, the number."""
    ticks = iter([100.0, 101.5, 103.0])
    with Provider(clock=lambda: next(ticks)) as provider:
        post(provider)
        post(provider, {**QUESTION, "max_tokens": 9}, path="/v1/messages?beta=true")
    first, second = provider.requests
    assert (QUESTION, json.dumps(QUESTION).encode(), "openai") == (first.json, first.body, first.vendor)
    assert (first.headers["x-who"], first.at_s, first.number) == ("me", 1.5, 1)
    assert (
        second.vendor,
        second.path,
        second.at_s,
        second.number,
    ) == ("anthropic", "/v1/messages?beta=true", 3.0, 2)


def test_the_same_script_gives_the_same_bytes() -> None:
    """No clock and no chance in an answer, so recordings are stable."""

    def play() -> list[Any]:
        with Provider("Hello", faults=[Fault(429)]) as provider:
            return [post(provider) for _ in range(3)]

    assert play() == play()


def test_faults_may_be_endless_and_more_may_come() -> None:
    """Each is taken when a request arrives; those added later follow the ones still to come."""
    with Provider(faults=repeat(Fault(503))) as provider:
        assert [post(provider)[0] for _ in range(3)] == [503] * 3
    with Provider(faults=[Fault(503)]) as provider:
        provider.fail(Fault(400))
        assert [post(provider)[0] for _ in range(3)] == [503, 400, 200]


def test_faults_are_played_one_per_request_then_replies() -> None:
    """``None`` in the script lets a request through."""
    with Provider(faults=[Fault(503, headers={"retry-after": "7"}), None, Fault(400)]) as provider:
        answers = [post(provider) for _ in range(4)]
    assert [status for status, _, _ in answers] == [503, 200, 400, 200]
    assert answers[0][1]["retry-after"] == "7"
    assert provider.calls == 4


def test_a_disconnect_is_a_closed_connection() -> None:
    """Nothing is sent back."""
    with Provider(faults=[Fault.disconnect()]) as provider:
        with pytest.raises(http.client.RemoteDisconnected):
            post(provider)
        assert post(provider)[0] == 200


def test_a_cut_stream_is_not_a_complete_body() -> None:
    """``midstream(type=None)`` sends pieces, then hangs up."""
    cut = [Fault.midstream(1, type=None)]
    with Provider("one two three", cut) as provider, pytest.raises(http.client.IncompleteRead) as caught:
        post(provider, {**QUESTION, "stream": True})
    assert b"one" in caught.value.partial
    assert b"three" not in caught.value.partial


def test_a_timeout_ends_when_the_stand_in_stops() -> None:
    """A held request never outlives its test."""
    provider = Provider(faults=[Fault.timeout(600)]).start()
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(post, provider)
        while provider.calls < 1:
            time.sleep(0.001)
        provider.stop()
        assert isinstance(held.exception(timeout=10), OSError)


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/v1/responses", QUESTION, "chat/completions"),
        ("/v1/chat/completions", b"not json", "messages"),
        ("/v1/chat/completions", {**QUESTION, "n": 2}, "'n'"),
        ("/v1/chat/completions", {"messages": ["text"]}, "cannot read"),
        ("/v1/messages", QUESTION, "max_tokens"),
        ("/v1/messages", {"max_tokens": 5}, "messages"),
    ],
)
def test_what_it_does_not_understand_it_says(path: str, body: Any, says: str) -> None:
    """A 400 that tells what would have worked."""
    with Provider() as provider:
        status, _, answer = post(provider, body, path)
    assert status == 400
    assert says in json.loads(answer)["error"]["message"]


def test_other_verbs_are_told_which_one_works() -> None:
    """GET of a known path is no request to a model."""
    with Provider() as provider:
        status, _, answer = post(provider, method="GET")
    assert status == 400
    assert b"POST" in answer


def test_a_reply_function_that_raises_fails_the_call_with_its_reason() -> None:
    """The test's own mistake is not retried as a server error."""

    def broken(request: Request) -> str:
        raise KeyError("oops")

    with Provider(broken) as provider:
        status, _, answer = post(provider)
    assert status == 400
    assert b"KeyError" in answer


def test_a_thousand_requests_wait_together() -> None:
    """Replies may block: every request has a thread, and the listen backlog takes them all."""
    gate, together = threading.Event(), 1000

    def held(request: Request) -> str:
        assert gate.wait(60)
        return str(request.number)

    async def ask(provider: Provider) -> bytes:
        host, port = provider.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        body = json.dumps(QUESTION).encode()
        writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body))
        writer.write(body)
        answer = await reader.read()
        writer.close()
        return answer

    async def crowd(provider: Provider) -> list[bytes]:
        asked = asyncio.gather(*(ask(provider) for _ in range(together)))
        while provider.calls < together:  # noqa: ASYNC110 -- the count grows in other threads
            await asyncio.sleep(0.01)
        gate.set()
        return await asked

    with Provider(held) as provider:
        answers = asyncio.run(crowd(provider))
    assert together == sum(answer.startswith(b"HTTP/1.1 200") for answer in answers)
    assert list(range(1, together + 1)) == [request.number for request in provider.requests]


def test_connections_are_kept_open_when_asked() -> None:
    """Two requests, one connection; without ``keep_alive`` the first answer closes it."""
    with Provider(keep_alive=True) as provider:
        connection = http.client.HTTPConnection(provider.url.removeprefix("http://"), timeout=10)
        for _ in range(2):
            connection.request("POST", "/v1/chat/completions", json.dumps(QUESTION))
            assert b"echo: Hi" in connection.getresponse().read()
            assert connection.sock is not None
        connection.close()
    with Provider() as provider:
        assert post(provider)[1]["connection"] == "close"


async def test_it_starts_and_stops_by_hand_and_in_async_code() -> None:
    """The same object can be started again; its address exists only while it listens."""
    provider = Provider(Reply("Hello", delay_s=0.001))
    with pytest.raises(RuntimeError, match="not started"):
        _ = provider.url
    async with provider:
        with pytest.raises(RuntimeError, match="already"):
            provider.start()
        assert (await asyncio.to_thread(post, provider))[0] == 200
    provider.stop()
    with provider:
        assert (await asyncio.to_thread(post, provider))[0] == 200


def test_chunks_and_text_must_agree() -> None:
    """A script that contradicts itself fails when it is written."""
    with pytest.raises(ValueError, match="chunks"):
        Reply("one", chunks=["two"])
