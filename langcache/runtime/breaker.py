"""A circuit breaker (M. Nygard, Release It!, 2007): stop asking what does not answer, ask again after a pause."""

from langcache.runtime.clock import Clock
from langcache.storage.forking import ForkableLock

__all__ = ["Breaker"]


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

    def failed(self, error: Exception) -> bool:
        """The call failed; True if this is news worth a warning."""
        with self._lock:
            self._failures += 1
            first = self._failures == 1
            if self._failures >= self._limit:
                self.reason = type(error).__name__
                self._open_until = self._clock.now() + self._pause_s
            return first
