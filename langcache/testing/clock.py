"""A clock that moves only when told to."""

from threading import Lock


class FakeClock:
    """Time for tests: thread-safe, and never in a hurry.

    Args:
        start_s: the first reading, in seconds since the epoch.
    """

    def __init__(self, start_s: float = 1_000_000_000.0) -> None:
        self._now_s = start_s
        self._lock = Lock()

    def now(self) -> float:
        """The reading, in seconds since the epoch."""
        return self._now_s

    def __call__(self) -> float:
        """:meth:`now`, for what takes a function."""
        return self._now_s

    def advance(self, seconds: float) -> None:
        """Move on by *seconds*.

        Raises:
            ValueError: *seconds* is negative.
        """
        if seconds < 0:
            raise ValueError("time does not run backwards")
        with self._lock:
            self._now_s += seconds

    def sleep(self, seconds: float) -> None:
        """Stand in for ``time.sleep``: the time passes, the test does not wait."""
        self.advance(seconds)

    async def asleep(self, seconds: float) -> None:
        """Stand in for ``asyncio.sleep``: the time passes, the test does not wait."""
        self.advance(seconds)
