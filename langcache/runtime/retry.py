"""One retry layer: transient failures only, ``Retry-After`` honoured, a deadline over everything.

The waiting itself is tenacity's. What is decided here: which errors are worth another try, how long a
provider asked us to wait, and when to give up. Errors are judged in ``transient.py``, and no SDK is imported.
"""

import functools
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from langcache.errors import DeclarationError
from langcache.runtime.transient import is_transient, retry_after_s, status_of

if TYPE_CHECKING:
    from tenacity import RetryCallState

__all__ = ["Attempts", "RetryPolicy", "acall", "call", "is_transient", "retry_after_s"]

T = TypeVar("T")
Seconds = float | timedelta


@dataclass(frozen=True, slots=True, init=False)
class RetryPolicy:
    """How often a failing provider call is repeated; durations are seconds or a ``timedelta``.

    Args:
        attempts: calls in all; 1 means no retry.
        initial_s: wait before the second attempt; doubled each time, plus up to *initial_s* at random.
        max_s: the longest wait of that series.
        retry_after_cap_s: a provider that asks for a longer wait is not asked again.
        deadline_s: seconds for all attempts and waits; a wait that would pass it is not begun. ``None`` for
            no deadline. A call under way is not cut: that is the model's own timeout.

    Raises:
        DeclarationError: a value that cannot work; the message names the field.
    """

    attempts: int
    initial_s: float
    max_s: float
    retry_after_cap_s: float
    deadline_s: float | None

    def __init__(
        self,
        attempts: int = 3,
        initial_s: Seconds = 0.5,
        max_s: Seconds = 8.0,
        retry_after_cap_s: Seconds = 60.0,
        deadline_s: Seconds | None = 120.0,
    ) -> None:
        if not isinstance(attempts, int) or isinstance(attempts, bool) or attempts < 1:
            raise DeclarationError(f"RetryPolicy.attempts must be a whole number from 1, not {attempts!r}")
        durations = {
            "initial_s": _seconds("initial_s", initial_s),
            "max_s": _seconds("max_s", max_s),
            "retry_after_cap_s": _seconds("retry_after_cap_s", retry_after_cap_s),
            "deadline_s": None if deadline_s is None else _seconds("deadline_s", deadline_s),
        }
        for name, value in {"attempts": attempts, **durations}.items():
            object.__setattr__(self, name, value)
        if self.max_s < self.initial_s:
            raise DeclarationError(f"RetryPolicy.max_s ({self.max_s} s) is below initial_s ({self.initial_s} s)")


@dataclass(slots=True)
class Attempts:
    """What the retries of one call came to; filled in while it runs.

    Args:
        count: calls made.
        errors: class name and HTTP status of each failed call; never a message, which may quote a prompt.
        waited_s: seconds spent between calls.
    """

    count: int = 0
    errors: list[str] = field(default_factory=list)
    waited_s: float = 0.0

    def failed(self, error: BaseException) -> None:
        """Note one failed call."""
        status = status_of(error)
        self.errors.append(type(error).__name__ + (f" {status}" if status is not None else ""))


def call(
    policy: RetryPolicy | None,
    fn: Callable[[], T],
    *,
    sleep: Callable[[float], Any],
    now: Callable[[], float],
    attempts: Attempts,
) -> T:
    """Call *fn*, again while its errors are transient and *policy* allows.

    Args:
        policy: ``None`` for a single attempt.
        fn: makes one attempt.
        sleep: waits so many seconds.
        now: Unix time in seconds; ``Retry-After`` dates and the deadline are read on it.
        attempts: filled in as the call goes.

    Raises:
        Exception: the last error of *fn* itself, with a note that says how many attempts were made.
    """
    run = _Run(policy or RetryPolicy(attempts=1), now, attempts)
    try:
        try:
            return run.inside(fn)
        except Exception as error:
            if not run.may_repeat(error):
                raise
        from tenacity import Retrying

        return Retrying(sleep=sleep, **run.strategy())(lambda: run.inside(fn))
    except Exception as error:
        run.annotate(error)
        raise


async def acall(
    policy: RetryPolicy | None,
    fn: Callable[[], Awaitable[T]],
    *,
    sleep: Callable[[float], Awaitable[Any]],
    now: Callable[[], float],
    attempts: Attempts,
) -> T:
    """The same as :func:`call`, for *fn* and *sleep* that are awaited."""
    run = _Run(policy or RetryPolicy(attempts=1), now, attempts)
    try:
        try:
            return await run.ainside(fn)
        except Exception as error:
            if not run.may_repeat(error):
                raise
        from tenacity import AsyncRetrying

        async def attempt() -> T:  # tenacity awaits only what is declared with async def
            return await run.ainside(fn)

        return await AsyncRetrying(sleep=sleep, **run.strategy())(attempt)
    except Exception as error:
        run.annotate(error)
        raise


_outer: ContextVar["_Run | None"] = ContextVar("langcache_retrying", default=None)


class _Run:
    """One call under a policy: tenacity's three questions (again? how long? enough?) and what they led to.

    Where one call runs inside another (a wrapped chain in a wrapped chain), what the inner one gave up on is not
    tried again by the outer: attempts would multiply.
    """

    spent: BaseException | None = None

    def __init__(self, policy: RetryPolicy, now: Callable[[], float], attempts: Attempts) -> None:
        self.policy, self.now, self.attempts = policy, now, attempts
        self.outer = _outer.get()
        self._first: Exception | None = None
        self.started_s = now()
        self.why_stopped = ""

    def strategy(self) -> dict[str, Any]:
        """The arguments tenacity's sync and async loops share."""
        return {
            "reraise": True,
            "retry": self._again,
            "wait": self._wait_s,
            "stop": self._enough,
            "before_sleep": self._about_to_sleep,
        }

    def inside(self, fn: Callable[[], T]) -> T:
        """One attempt, marked as this call's."""
        self._begin()
        token = _outer.set(self._repeating)
        try:
            return fn()
        finally:
            _outer.reset(token)

    async def ainside(self, fn: Callable[[], Awaitable[T]]) -> T:
        """The same, awaited."""
        self._begin()
        token = _outer.set(self._repeating)
        try:
            return await fn()
        finally:
            _outer.reset(token)

    @property
    def _repeating(self) -> "_Run | None":
        """Who would try again what gave up in here."""
        return self if self.policy.attempts > 1 else self.outer

    def _begin(self) -> None:
        first, self._first = self._first, None
        if first is not None:
            raise first
        self.attempts.count += 1

    def may_repeat(self, first: Exception) -> bool:
        """Whether the *first* attempt may be repeated: then tenacity, which judges it, is told of it as of its own.

        It is set up only then: most calls succeed at once, and it costs more than all else around them.
        """
        if self.policy.attempts == 1:
            self.attempts.failed(first)
            return False
        self._first = first
        return True

    def annotate(self, error: Exception) -> None:
        """Say on the error itself what was tried; an error that was never worth a retry stays as it is."""
        count = self.attempts.count
        if self.outer is not None and self.policy.attempts > 1:
            self.outer.spent = error
        if count > 1 or self.why_stopped:
            note = f"langcache: {count} attempt{'s' if count != 1 else ''}"
            error.add_note(f"{note}; {self.why_stopped}" if self.why_stopped else note)

    def _again(self, state: "RetryCallState") -> bool:
        error = _error(state)
        if error is None:
            return False
        self.attempts.failed(error)
        return is_transient(error) and error is not self.spent

    def _wait_s(self, state: "RetryCallState") -> float:
        hint = self._hint_s(state)
        return self._backoff(state) if hint is None else hint

    def _enough(self, state: "RetryCallState") -> bool:
        policy, wait_s, hint = self.policy, state.upcoming_sleep, self._hint_s(state)
        if state.attempt_number >= policy.attempts:
            self.why_stopped = "no attempt left"
        elif hint is not None and hint > policy.retry_after_cap_s:
            self.why_stopped = f"asked to wait {hint:g} s, over the cap of {policy.retry_after_cap_s:g} s"
        elif policy.deadline_s is not None and self.now() + wait_s > self.started_s + policy.deadline_s:
            self.why_stopped = f"{wait_s:.3g} s more would pass the deadline of {policy.deadline_s:g} s"
        return bool(self.why_stopped)

    def _about_to_sleep(self, state: "RetryCallState") -> None:
        self.attempts.waited_s += state.upcoming_sleep

    def _hint_s(self, state: "RetryCallState") -> float | None:
        error = _error(state)
        return None if error is None else retry_after_s(error, now=self.now())

    @functools.cached_property
    def _backoff(self) -> Callable[["RetryCallState"], float]:
        from tenacity import wait_exponential, wait_random

        initial_s, max_s = self.policy.initial_s, self.policy.max_s
        growing = wait_exponential(multiplier=initial_s, max=max_s) + wait_random(0, initial_s)
        return lambda state: min(max_s, growing(state))


def _error(state: "RetryCallState") -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def _seconds(name: str, value: Seconds) -> float:
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < float("inf"):
        raise DeclarationError(f"RetryPolicy.{name} must be seconds from 0 or a timedelta, not {value!r}")
    return float(seconds)
