"""The only place that reads the time and sleeps."""

import asyncio
import time
from typing import Protocol

__all__ = ["SYSTEM", "Clock", "SystemClock"]


class Clock(Protocol):
    """Time as langcache sees it; `langcache.testing.FakeClock` is one that tests advance."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Block this thread."""

    async def asleep(self, seconds: float) -> None:
        """Suspend this task."""


class SystemClock:
    """The machine's clock."""

    now = staticmethod(time.time)
    sleep = staticmethod(time.sleep)
    asleep = staticmethod(asyncio.sleep)


SYSTEM: Clock = SystemClock()
