"""A circuit breaker (M. Nygard, Release It!, 2007): stop asking what does not answer, ask again after a pause."""

from langcache.runtime.clock import Clock
from langcache.storage.forking import ForkableLock

__all__ = ["Breaker", "Breakers"]


class Breaker:
    """Opens after *failures* in a row; after *pause_s* one call is let through to see.

    Args:
        clock: its time.
        failures: how many in a row open it.
        pause_s: how long it stays open.
    """

    def __init__(self, clock: Clock, *, failures: int = 3, pause_s: float = 5.0) -> None:
        self._clock, self._limit, self._pause_s = clock, failures, pause_s
        self._lock = ForkableLock()
        self._failures = 0
        self._open_until = 0.0
        self.reason: str | None = None

    @property
    def failing(self) -> bool:
        """Whether the last call failed."""
        return self._failures > 0

    def closed(self) -> bool:
        """Whether a call may go through now."""
        if self.reason is None:
            return True
        with self._lock:
            now = self._clock.now()
            if now < self._open_until:
                return False
            self._open_until = now + self._pause_s  # this caller tries; the others go on without
            return True

    def succeeded(self) -> None:
        """The call answered."""
        if self._failures:
            with self._lock:
                self._failures, self.reason = 0, None

    def failed(self, error: Exception) -> None:
        """The call failed."""
        with self._lock:
            self._failures += 1
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

    def closed(self, kind: str) -> bool:
        """Whether a call of this *kind* may go through now."""
        return self._kinds[kind].closed() and self._all.closed()

    def succeeded(self, kind: str) -> None:
        """The call answered."""
        self._kinds[kind].succeeded()
        self._all.succeeded()

    def failed(self, kind: str, error: Exception) -> bool:
        """The call failed; True if this is news: no kind of call was failing yet."""
        calm = not any(breaker.failing for breaker in self._kinds.values())
        self._all.failed(error)
        self._kinds[kind].failed(error)
        return calm
