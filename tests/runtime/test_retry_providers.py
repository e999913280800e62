"""The retry table, proven by counting HTTP calls of both real SDKs (their own retries off)."""

from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from langcache.runtime.retry import Attempts, RetryPolicy, acall, call
from langcache.testing.provider import Fault, Provider

POLICY = RetryPolicy(attempts=3, initial_s=0.5, max_s=8, retry_after_cap_s=60, deadline_s=120)
START = 1_000_000_000.0


def openai_model(provider: Provider, **options: Any) -> Any:
    return ChatOpenAI(base_url=provider.openai_url, api_key=SecretStr("test"), model="m", max_retries=0, **options)


def anthropic_model(provider: Provider, **options: Any) -> Any:
    return ChatAnthropic(
        base_url=provider.anthropic_url, api_key=SecretStr("test"), model_name="m", max_retries=0, **options
    )


BUILDS: dict[str, Callable[..., Any]] = {"openai": openai_model, "anthropic": anthropic_model}


class Run:
    """One call through the retry layer on a clock that only moves by sleeping."""

    def __init__(self, vendor: str, faults: list[Fault | None], **options: Any) -> None:
        self.provider = Provider("ok", faults)
        self.build, self.options = BUILDS[vendor], options
        self.waits: list[float] = []
        self.attempts = Attempts()
        self.error: Exception | None = None

    def now(self) -> float:
        return START + sum(self.waits)

    async def asleep(self, wait_s: float) -> None:
        self.waits.append(wait_s)

    async def make(self, fashion: str, policy: RetryPolicy = POLICY) -> int:
        """Call the model, streamed or not, sync or async; the number of HTTP requests."""
        with self.provider as provider:
            model = self.build(provider, **self.options)
            try:
                if fashion == "sync":
                    call(policy, lambda: model.invoke("Hi"), sleep=self.waits.append, now=self.now,
                         attempts=self.attempts)  # fmt: skip
                else:
                    await acall(policy, lambda: model.ainvoke("Hi"), sleep=self.asleep, now=self.now,
                                attempts=self.attempts)  # fmt: skip
            except Exception as error:
                self.error = error
        return self.provider.calls


both = pytest.mark.parametrize("vendor", ["openai", "anthropic"])
fashions = pytest.mark.parametrize("fashion", ["sync", "async"])

TRANSIENT = [408, 409, 429, 500, 502, 503, 504, 529]
LASTING = [400, 401, 402, 403, 404, 413, 422]


@both
@fashions
@pytest.mark.parametrize("status", TRANSIENT)
async def test_a_passing_status_is_called_again(vendor: str, fashion: str, status: int) -> None:
    """Twice the fault, then the answer: three HTTP calls, no error."""
    run = Run(vendor, [Fault(status), Fault(status)])
    assert await run.make(fashion) == 3
    assert run.error is None
    assert run.attempts.count == 3
    assert [entry.rsplit(" ", 1)[-1] for entry in run.attempts.errors] == [str(status)] * 2


@both
@fashions
@pytest.mark.parametrize("status", LASTING)
async def test_a_lasting_status_is_called_once(vendor: str, fashion: str, status: int) -> None:
    """Our own mistake does not get better by asking again."""
    run = Run(vendor, [Fault(status)])
    assert await run.make(fashion) == 1
    assert run.error is not None
    assert run.waits == []


CASES = [
    ("retry-after in seconds", Fault(429, headers={"retry-after": "7"}), 2, [7.0]),
    ("retry-after in milliseconds", Fault(429, headers={"retry-after-ms": "250"}), 2, [0.25]),
    (
        "milliseconds before seconds",
        Fault(503, headers={"retry-after-ms": "9", "retry-after": "3"}),
        2,
        [0.009],
    ),
    (
        "retry-after as a date",
        Fault(429, headers={"retry-after": formatdate(START + 20, usegmt=True)}),
        2,
        [20.0],
    ),
    ("at the cap", Fault(429, headers={"retry-after": "60"}), 2, [60.0]),
    ("over the cap", Fault(429, headers={"retry-after": "61"}), 1, []),
    ("a day", Fault(529, headers={"retry-after": "86400"}), 1, []),
    ("told not to", Fault(429, headers={"x-should-retry": "false"}), 1, []),
    ("quota used up", Fault(429, error="insufficient_quota"), 1, []),
    (
        "quota used up, told to",
        Fault(429, error="insufficient_quota", headers={"x-should-retry": "true"}),
        1,
        [],
    ),
]


@both
@fashions
@pytest.mark.parametrize(("fault", "calls", "waits"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
async def test_what_the_provider_says_about_retrying_is_done(
    vendor: str, fashion: str, fault: Fault, calls: int, waits: list[float]
) -> None:
    """``Retry-After`` in every form up to the cap; ``x-should-retry: false`` and an empty quota end it."""
    run = Run(vendor, [fault])
    assert await run.make(fashion) == calls
    assert run.waits == waits
    assert (run.error is None) == (calls == 2)


@both
@fashions
async def test_a_lasting_status_is_called_again_when_the_provider_says_so(vendor: str, fashion: str) -> None:
    """``x-should-retry: true`` overrides the status."""
    run = Run(vendor, [Fault(400, headers={"x-should-retry": "true"})])
    assert await run.make(fashion) == 2
    assert run.error is None


@both
@fashions
async def test_a_timeout_and_a_disconnect_are_called_again(vendor: str, fashion: str) -> None:
    """Neither has a response; both pass."""
    run = Run(vendor, [Fault.timeout(30), Fault.disconnect()], timeout=0.5)
    assert await run.make(fashion) == 3
    assert run.error is None


@both
@fashions
@pytest.mark.parametrize("kind", ["overloaded_error", "rate_limit_error", "server_error", None])
async def test_a_stream_that_breaks_is_called_again(vendor: str, fashion: str, kind: str | None) -> None:
    """The SDKs never retry these: they come with status 200, or a cut body."""
    run = Run(vendor, [Fault.midstream(1, type=kind)], streaming=True)
    assert await run.make(fashion) == 2
    assert run.error is None


@both
@fashions
async def test_a_stream_refused_midway_is_called_once(vendor: str, fashion: str) -> None:
    """An error event that does not pass by itself."""
    run = Run(vendor, [Fault.midstream(1, type="invalid_request_error")], streaming=True)
    assert await run.make(fashion) == 1
    assert run.error is not None


@both
@fashions
async def test_the_last_error_is_raised_as_it_is_with_a_note(vendor: str, fashion: str) -> None:
    """Callers' ``except RateLimitError`` keeps working."""
    run = Run(vendor, [Fault(429)] * 5)
    assert await run.make(fashion) == 3
    assert type(run.error).__name__.endswith("RateLimitError")
    assert run.error is not None
    assert run.error.__notes__ == ["langcache: 3 attempts; no attempt left"]


@both
@fashions
async def test_a_wait_that_would_pass_the_deadline_is_not_begun(vendor: str, fashion: str) -> None:
    """The deadline counts every wait together."""
    run = Run(vendor, [Fault(429, headers={"retry-after": "20"})] * 9)
    assert await run.make(fashion, RetryPolicy(attempts=9, deadline_s=50)) == 3
    assert run.waits == [20.0, 20.0]
    assert run.error is not None
    assert "deadline of 50 s" in run.error.__notes__[0]
