"""A circuit breaker (M. Nygard, Release It!, 2007): stop asking what does not answer, ask again after a pause."""

from collections import deque
from statistics import median

from langcache.runtime.clock import Clock
from langcache.storage.forking import ForkableLock

__all__ = ["SLOW", "Breaker", "Breakers"]

SLOW = "slow"

SLOW_S = 0.1
"""A store slower than this costs more than it is worth waiting for; a provider call takes a second or more."""

REMEMBERED = 5
"""Calls the median is taken of: as many slow ones are paid for at most."""


class Breaker:
    """Opens after *failures* in a row, or when calls have become slow; after *pause_s* one call is let through to see.

    Args:
        clock: its time.
        failures: how many in a row open it.
        pause_s: how long it stays open.
        slow_s: it opens when the median of the last calls took longer than this.
    """

    def __init__(self, clock: Clock, *, failures: int = 3, pause_s: float = 5.0, slow_s: float = SLOW_S) -> None:
        self._clock, self._limit, self._pause_s, self._slow_s = clock, failures, pause_s, slow_s
        self._took_s: deque[float] = deque(maxlen=REMEMBERED)
        self._lock = ForkableLock()
        self._failures = 0
        self._open_until = self._slow_until = self._hangs_until = 0.0
        self.reason: str | None = None

    @property
    def failing(self) -> bool:
        """Whether the last call failed."""
        return self._failures > 0

    @property
    def hangs(self) -> bool:
        """Whether the last call failed, a moment ago, and took long to: a timeout."""
        return self._is_ahead(self._hangs_until)

    @property
    def waits(self) -> bool:
        """Whether it is open, and nothing is let through to see yet."""
        return self.reason is not None and self._is_ahead(self._open_until)

    def _is_ahead(self, moment: float) -> bool:
        """Whether *moment*, a pause away when it was set, is still to come; one much further away was set before the
        machine's clock was put back."""
        return 0 < moment - self._clock.now() < 2 * self._pause_s

    def closed(self) -> bool:
        """Whether a call may go through now."""
        if self.reason is None:
            return True
        with self._lock:
            if self._is_ahead(self._open_until):
                return False
            self._open_until = self._clock.now() + self._pause_s  # this caller tries; the others go on without
            return True

    def succeeded(self, took_s: float = 0.0) -> None:
        """The call answered after *took_s*.

        Slow calls that ran at the same time are one: a crowd at a cold start says little of the store.
        """
        ended, self._hangs_until = self._clock.now(), 0.0
        is_slow = took_s > self._slow_s
        if is_slow and self.reason is None and not self._failures and ended - took_s < self._slow_until:
            return
        if self.reason != SLOW or not is_slow:
            self._recover()
        self._took_s.append(took_s)
        if is_slow:
            self._slow_until = ended
            self._slow()

    def _recover(self) -> None:
        if self._failures or self.reason is not None:
            with self._lock:
                self._failures, self.reason = 0, None
                self._took_s.clear()

    def answered(self) -> None:
        """The call answered, after a time that says nothing of the store."""
        if self.reason != SLOW:
            self._recover()

    def _slow(self) -> None:
        """Open if the median is slow too; one slow call is nothing, and a slow call that was let through to see
        keeps the breaker open."""
        with self._lock:
            if len(self._took_s) == REMEMBERED and median(self._took_s) > self._slow_s:
                self.reason = SLOW
                self._open_until = self._clock.now() + self._pause_s

    def failed(self, error: Exception, took_s: float = 0.0) -> None:
        """The call failed after *took_s*."""
        with self._lock:
            self._failures += 1
            self._hangs_until = self._clock.now() + self._pause_s if took_s > self._slow_s else 0.0
            if self._failures >= self._limit:
                self.reason = type(error).__name__
                self._open_until = self._clock.now() + self._pause_s


class Breakers:
    """A breaker per kind of call and one over all: a full disk stops the writing alone, a dead server everything.

    Args:
        clock: their time.
        kinds: names of the kinds of calls.
    """

    def __init__(self, clock: Clock, *kinds: str) -> None:
        self._all = Breaker(clock)
        self._kinds = {kind: Breaker(clock) for kind in kinds}

    @property
    def reason(self) -> str | None:
        """Why some calls do not go through now, if so."""
        return self._all.reason or next(filter(None, (breaker.reason for breaker in self._kinds.values())), None)

    @property
    def hangs(self) -> bool:
        """Whether the last call ended in a timeout: who has paid for one should not pay for another."""
        return self._all.hangs

    def closed(self, kind: str, leased: bool = False) -> bool:
        """Whether a call of this *kind* may go through now.

        What has to do with a lease, one's own or another's that is waited for, goes through to a slow store, too: it
        costs less than the call to a provider that others would make.
        """
        own, spared = self._kinds[kind], leased and self._all.reason == SLOW
        # Looked at first: the one call that either lets through is not used up where the other does not.
        return not own.waits and (spared or self._all.closed()) and own.closed()

    def succeeded(self, kind: str, took_s: float) -> bool:
        """The call answered after *took_s*; True if it is news that the store has become slow.

        How long a lease is waited for says nothing of the store.
        """
        self._kinds[kind].succeeded()
        if kind == "lease":
            self._all.answered()
            return False
        before = self._all.reason
        self._all.succeeded(took_s)
        return self._all.reason == SLOW and before is None

    def failed(self, kind: str, error: Exception, took_s: float) -> bool:
        """The call failed after *took_s*; True if this is news: no kind of call was failing yet."""
        calm = not any(breaker.failing for breaker in self._kinds.values())
        self._all.failed(error, took_s)
        self._kinds[kind].failed(error)
        return calm
