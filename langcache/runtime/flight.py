"""Single-flight: of all who miss one key at once, in threads or tasks, one leads and the others wait."""

import asyncio
import os
import threading
import weakref
from concurrent.futures import Future
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from langcache.core.entry import Entry
from langcache.runtime.steps import Step

__all__ = ["Flight", "Flights", "Landing"]


@dataclass(frozen=True, slots=True)
class Landing:
    """How a flight ended.

    Attributes:
        entry: what the waiters may fill for themselves, if there is one.
        released: the waiters need not queue: the answer was refused, so each fetches its own, in parallel.
        error: the failure they share, once a second leader has failed too.
    """

    entry: Entry | None = None
    released: bool = False
    error: Exception | None = None


@dataclass(eq=False, slots=True)
class Flight:
    """One key being fetched."""

    key: Any
    failures: int = 0
    landed: Future[Landing] = field(default_factory=Future)
    loop: asyncio.AbstractEventLoop | None = None

    def wait(self, limit_s: float) -> Step[Landing]:
        """Wait for the leader at most *limit_s*, then go alone; others' waiting is never disturbed.

        The limit is a guard against deadlock (a leader that needs a thread its waiters occupy), not a timeout of
        the provider. A blocking wait on the very event loop the leader needs goes alone at once.
        """

        def run() -> Landing:
            if self.loop is not None and self.loop is _running_loop():
                return Landing(released=True)
            try:
                return self.landed.result(limit_s)
            except TimeoutError:
                return Landing(released=True)

        async def arun() -> Landing:
            waiting = asyncio.shield(asyncio.wrap_future(self.landed))
            try:
                return await asyncio.wait_for(waiting, limit_s)
            except TimeoutError:
                return Landing(released=True)

        return Step(run, arun)


_leading: ContextVar[tuple[Flight, ...]] = ContextVar("langcache_leading", default=())
_all: "weakref.WeakSet[Flights]" = weakref.WeakSet()


class Flights:
    """The flights of one cache in one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[Any, Flight] = {}
        _all.add(self)

    def join(self, key: Any, failures: int = 0) -> tuple[Flight, bool]:
        """The flight for *key*, and whether the caller leads it.

        A chain that calls itself with one key would wait for itself; it leads a private flight instead.
        """
        loop = _running_loop()
        with self._lock:
            flight = self._flights.get(key)
            if flight is None:
                flight = self._flights[key] = Flight(key, failures, loop=loop)
                return flight, True
        if flight in _leading.get():
            return Flight(key, loop=loop), True
        return flight, False

    def under_way(self, key: Any) -> bool:
        """Whether somebody here is fetching *key* now."""
        return key in self._flights

    def land(self, flight: Flight, landing: Landing) -> None:
        """End *flight* and wake all who wait; the first landing counts."""
        with self._lock:
            if self._flights.get(flight.key) is flight:
                del self._flights[flight.key]
        if not flight.landed.done():
            flight.landed.set_result(landing)

    def forget(self) -> None:
        """Start anew in a forked child, where no leader lives on."""
        self._lock = threading.Lock()
        self._flights = {}


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class leading:  # noqa: N801 -- reads as a statement
    """Marks, in this context, that *flight* is led here."""

    def __init__(self, flight: Flight) -> None:
        self._flight = flight

    def __enter__(self) -> None:
        self._token = _leading.set((*_leading.get(), self._flight))

    def __exit__(self, *exc: object) -> None:
        with suppress(ValueError):  # a stream may be pulled, and closed, from one context after another
            _leading.reset(self._token)


def _after_fork() -> None:
    for flights in _all:
        flights.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
