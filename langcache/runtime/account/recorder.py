"""From the hot path to the store: events wait in memory, a thread folds them and has them written."""

import threading
from collections import deque
from time import monotonic
from typing import Final

from langcache.core.events import Event, StageEvent
from langcache.runtime.account import endings
from langcache.runtime.account.calendar import Retention
from langcache.runtime.account.fold import Fold
from langcache.runtime.account.writer import Writer
from langcache.runtime.clock import Clock
from langcache.storage.base import Store
from langcache.storage.forking import ForkableLock
from langcache.storage.memory import MemoryStore
from langcache.storage.threads import start_thread

__all__ = ["Recorder"]

FLUSH_S: Final = 0.5
"""How long events wait before they are written, in seconds: a crash loses these."""

LINGER_S: Final = 5.0
"""How long the thread stays without events, in seconds; then it ends, so that an idle process sleeps."""

FOLD_AT: Final = 4_096
"""Events that wait at most: from then on whoever records folds a few, so that a burst is slowed and not lost."""

SLICE: Final = 64
"""Events folded at once, while others wait for the lock."""

ROWS_KEPT: Final = 50_000
"""Rows held in memory, where the store does not answer for long; events beyond are dropped and counted."""


class Recorder:
    """Keeps the account of one cache's namespaces in its store.

    Args:
        store: where; instead of one that keeps no counts, this process's memory.
        clock: for the times of events.
        namespace: of events that do not say.
        retention: how long and how much is kept.
    """

    def __init__(self, store: Store, clock: Clock, namespace: str, retention: Retention) -> None:
        self._clock, self._namespace, self.retention = clock, namespace, retention
        self.store, self._now = store if store.keeps_counts else MemoryStore(), clock.now
        self._is_open = True
        self.reset()
        endings.remember(self)

    def reset(self) -> None:
        """Begin with nothing, as in a forked child: what waits is the parent's to write."""
        self.dropped = 0
        self.writer = Writer(self.store, self._clock, self.retention)
        self._waiting: deque[tuple[float, Event | StageEvent]] = deque()
        self._fold, self._folding = Fold(), ForkableLock()
        self._flushing, self._changed = threading.Lock(), threading.Condition()
        self._thread: threading.Thread | None = None
        self._sleeps = True

    def record(self, event: Event | StageEvent) -> None:
        """Take note of *event*; never waits for the store."""
        if not self._is_open:
            return
        self._waiting.append((self._now(), event))
        if self._sleeps:
            self._wake()
        if len(self._waiting) >= FOLD_AT:
            self._fold_some()

    def flush(self, *, anyway: bool = False) -> None:
        """Write what was recorded before.

        What the store does not take is kept for the next time. One that has failed just now is asked only if *anyway*.
        """
        with self._flushing:
            for _ in range(0, len(self._waiting), SLICE):
                self._fold_some()
                self._clock.sleep(0)  # lets the requests go on
            self.writer.write(self._fold, self._folding, anyway=anyway)

    def close(self) -> None:
        """Write what there is, for the last time."""
        with self._changed:
            was_open, self._is_open = self._is_open, False
            self._changed.notify_all()
        if was_open:
            self.flush(anyway=True)

    def _fold_some(self) -> None:
        with self._folding:
            for _ in range(min(SLICE, len(self._waiting))):
                at, event = self._waiting.popleft()
                if len(self._fold) < ROWS_KEPT:
                    self._fold.add(event.namespace or self._namespace, at, event)
                else:
                    self.dropped += 1

    # The thread.

    def _wake(self) -> None:
        with self._changed:
            self._sleeps = False
            self._changed.notify_all()
            if self._thread is None:
                endings.flush_at_exit()
                self._thread = start_thread("langcache-account", self._work)
                self._sleeps = self._thread is None  # the next event asks again

    def _work(self) -> None:
        while self._is_awake():
            self._pause()
            if self._is_open:
                self.flush()

    def _is_awake(self) -> bool:
        """Whether there is something to write; waits a while for it. If not, this was the thread's last turn."""
        with self._changed:
            # Said before looking, so that whoever records after the look wakes us.
            self._sleeps = True
            if self._waiting or self._fold or self.writer.has_unsent:
                self._sleeps = False
            self._changed.wait_for(lambda: not (self._sleeps and self._is_open), LINGER_S)
            if self._sleeps or not self._is_open:
                self._sleeps, self._thread = True, None
                return False
            return True

    def _pause(self) -> None:
        until = monotonic() + FLUSH_S
        with self._changed:
            while self._is_open and (left_s := until - monotonic()) > 0:
                self._changed.wait(left_s)
