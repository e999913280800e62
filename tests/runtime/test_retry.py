"""The retry layer alone: what passes, how long it waits, what it refuses."""

import asyncio
import concurrent.futures
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from langcache.errors import DeclarationError
from langcache.runtime.retry import Attempts, RetryPolicy, acall, call, is_transient, retry_after_s


class Response:
    def __init__(self, headers: dict[str, str], status_code: int = 429) -> None:
        self.headers, self.status_code = headers, status_code


class FailureError(Exception):
    """An error that carries what a test gives it."""

    def __init__(self, **carried: Any) -> None:
        super().__init__("private text")
        vars(self).update(carried)


def caused_by(cause: BaseException) -> Exception:
    error = RuntimeError("wrapped")
    error.__cause__ = cause
    return error


class ReadTimeout(type("TimeoutException", (Exception,), {})):  # type: ignore[misc]
    """As in httpx and httpx2: known by the name of its base."""


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (ReadTimeout(), True),
        (FailureError(status_code=503), True),
        (FailureError(response=Response({}, 503)), True),
        (FailureError(code=503), True),
        (FailureError(status_code=501), False),
        (FailureError(is_retryable=False, status_code=503), False),
        (FailureError(is_retryable=True), True),
        (FailureError(status_code=429, body={"error": {"code": "insufficient_quota"}}), False),
        (FailureError(status_code=429, body={"type": "billing_error"}), False),
        (FailureError(status_code=True), False),
        (caused_by(FailureError(status_code=503)), True),
        (caused_by(FailureError(status_code=401)), False),
        (caused_by(FailureError(status_code=429, code="insufficient_quota")), False),
        (ValueError("no"), False),
        (OSError("disk full"), False),
        (asyncio.CancelledError(), False),
        (concurrent.futures.CancelledError(), False),
        (KeyboardInterrupt(), False),
        (SystemExit(503), False),
    ],
    ids=repr,
)
def test_an_error_is_judged_by_what_it_carries(error: BaseException, verdict: bool) -> None:
    """No SDK class is known; attributes, names and causes decide."""
    assert is_transient(error) is verdict


def test_a_circle_of_causes_is_walked_once() -> None:
    """Two errors that caused each other do not hang the judgement."""
    first, second = RuntimeError("a"), RuntimeError("b")
    first.__cause__, second.__cause__ = second, first
    assert is_transient(first) is False


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, 90.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:40 -0000"}, 90.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:05 GMT"}, None),
        ({"retry-after-ms": "soon", "retry-after": "2"}, 2.0),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_the_wait_asked_for_is_read_in_every_form(headers: dict[str, str], wait_s: float | None) -> None:
    """Milliseconds, seconds, a date; what cannot be used is no hint."""
    assert retry_after_s(FailureError(response=Response(headers)), now=10.0) == wait_s
    assert retry_after_s(caused_by(FailureError(response=Response(headers))), now=10.0) == wait_s


@given(st.text())
def test_no_header_breaks_the_reading(text: str) -> None:
    """Whatever stands there, the answer is a usable wait or none."""
    wait_s = retry_after_s(FailureError(response=Response({"retry-after": text})), now=10.0)
    assert wait_s is None or wait_s > 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("attempts", 0),
        ("attempts", 2.5),
        ("attempts", True),
        ("initial_s", -1),
        ("max_s", float("nan")),
        ("max_s", 0.1),
        ("retry_after_cap_s", "60"),
        ("deadline_s", float("inf")),
    ],
)
def test_a_policy_that_cannot_work_names_the_field(field: str, value: Any) -> None:
    """It fails where it is written."""
    with pytest.raises(DeclarationError, match=rf"RetryPolicy\.{field} "):
        RetryPolicy(**{field: value})


def test_durations_may_be_timedeltas() -> None:
    """Both spellings are one policy; it can be compared and hashed."""
    given_as_seconds = RetryPolicy(initial_s=1, max_s=60, deadline_s=None)
    given_as_deltas = RetryPolicy(initial_s=timedelta(seconds=1), max_s=timedelta(minutes=1), deadline_s=None)
    assert given_as_deltas == given_as_seconds
    assert hash(given_as_deltas) == hash(given_as_seconds)


def failing(times: int, error: Exception) -> Any:
    """A function that fails so often, then answers."""
    left = [error] * times

    def fn() -> str:
        if left:
            raise left.pop()
        return "answer"

    return fn


@given(st.integers(1, 12), st.floats(0, 2), st.floats(2, 30))
def test_waits_grow_with_jitter_and_stay_under_the_longest(attempts: int, initial_s: float, max_s: float) -> None:
    """Doubling from the first, plus at most the first again, never over ``max_s``."""
    waits: list[float] = []
    policy = RetryPolicy(attempts, initial_s, max_s, deadline_s=None)
    fn, record = failing(attempts - 1, ConnectionError()), Attempts()
    assert call(policy, fn, sleep=waits.append, now=lambda: 0.0, attempts=record) == "answer"
    assert record.count == attempts
    assert record.waited_s == pytest.approx(sum(waits))
    for index, wait_s in enumerate(waits):
        base = min(max_s, initial_s * 2**index)
        assert base <= wait_s <= min(max_s, base + initial_s)


def test_attempts_never_quote_the_error() -> None:
    """Messages may hold a prompt; class and status are enough."""
    record = Attempts()
    fn = failing(1, FailureError(status_code=503))
    call(RetryPolicy(), fn, sleep=lambda _s: None, now=lambda: 0.0, attempts=record)
    assert record.errors == ["FailureError 503"]


@pytest.mark.parametrize("policy", [None, RetryPolicy(attempts=1)])
async def test_one_attempt_is_one_attempt(policy: RetryPolicy | None) -> None:
    """Without retries the error comes through untouched and is still counted."""
    error, record, arecord = ConnectionError("down"), Attempts(), Attempts()

    async def afn() -> str:
        raise error

    async def asleep(_s: float) -> None:
        raise AssertionError("nothing to wait for")

    with pytest.raises(ConnectionError) as caught:
        call(policy, failing(1, error), sleep=lambda _s: None, now=lambda: 0.0, attempts=record)
    assert caught.value is error
    with pytest.raises(ConnectionError):
        await acall(policy, afn, sleep=asleep, now=lambda: 0.0, attempts=arecord)
    assert record == arecord == Attempts(count=1, errors=["ConnectionError"])
    assert getattr(error, "__notes__", []) == []


async def test_cancelling_ends_it_at_once() -> None:
    """A cancelled task is not called again."""
    record = Attempts()

    async def afn() -> str:
        raise asyncio.CancelledError

    async def asleep(_s: float) -> None:
        raise AssertionError("nothing to wait for")

    with pytest.raises(asyncio.CancelledError):
        await acall(RetryPolicy(), afn, sleep=asleep, now=lambda: 0.0, attempts=record)
    assert record.count == 1


def test_an_interrupt_ends_it_at_once() -> None:
    """Ctrl-C is not called again."""
    record = Attempts()

    def fn() -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call(RetryPolicy(), fn, sleep=lambda _s: None, now=lambda: 0.0, attempts=record)
    assert record.count == 1


def test_tenacity_is_imported_only_to_retry() -> None:
    """Its 30 ms are not paid by who never retries."""
    program = """
import sys
from langcache.runtime.retry import Attempts, RetryPolicy, call
call(RetryPolicy(attempts=1), lambda: 1, sleep=None, now=lambda: 0.0, attempts=Attempts())
print(sorted({"tenacity", "httpx", "httpx2", "langchain_core", "openai"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("layers", [(3, 3), (3, 1, 3), (1, 3), (3, 1, 1, 3), (2, 4)], ids=str)
@pytest.mark.parametrize("awaited", [False, True], ids=["sync", "async"])
def test_calls_inside_calls_do_not_multiply_their_attempts(layers: tuple[int, ...], awaited: bool) -> None:
    """What an inner call gave up on is repeated by none around it, whatever stands between them."""
    made = Attempts()

    def fail() -> None:
        made.count += 1
        raise ConnectionResetError

    async def afail() -> None:
        fail()

    async def asleep(_: float) -> None: ...

    settings = {"now": lambda: 0.0, "attempts": Attempts()}
    calls: Any = afail if awaited else fail
    for attempts in reversed(layers):
        policy, inner = RetryPolicy(attempts=attempts), calls
        if awaited:
            calls = lambda policy=policy, inner=inner: acall(policy, inner, sleep=asleep, **settings)  # noqa: E731
        else:
            calls = lambda policy=policy, inner=inner: call(policy, inner, sleep=lambda _: None, **settings)  # noqa: E731
    with pytest.raises(ConnectionResetError):
        asyncio.run(calls()) if awaited else calls()
    assert made.count == layers[-1]
