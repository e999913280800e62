"""One leader across processes: whoever holds the store's lease on a key fetches it, the others wait for the entry.

Leases carry fencing tokens (M. Kleppmann, "How to do distributed locking", 2016): what a leader stores after losing its
lease to another is dropped by the store.
"""

import os
import random
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from langcache.core.entry import Entry
from langcache.runtime.clock import Clock
from langcache.runtime.guard import HELD, GuardedStore
from langcache.runtime.steps import Flow, Step
from langcache.storage.base import Lease
from langcache.storage.threads import start_thread

__all__ = ["Claim", "Leases"]

TERM_S = 10.0
"""A leader that died is replaced after this long; one that lives renews every third of it."""

AGAIN_S = 1.0
"""A lease that could not be given back, as the store did not answer, is tried again so often."""

REFUSED_FOR_S = 5.0
"""How long others are told that an answer was refused, so that they fetch their own at once."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.25


@dataclass(frozen=True, slots=True)
class Claim:
    """What came of asking to lead.

    Attributes:
        lease: held by the caller, who must fetch; None if there is none to be had (go alone).
        entry: what another process has fetched meanwhile.
        alone: another process's answer was refused, or took too long: fetch, for this request only.
    """

    lease: Lease | None = None
    entry: Entry | None = None
    alone: bool = False


class Leases:
    """The leases of one cache in this process.

    Args:
        store: the guarded store.
        clock: time and sleep.
        patience_s: how long to wait for another process.
    """

    def __init__(self, store: GuardedStore, clock: Clock, patience_s: float) -> None:
        self._store, self._clock, self._patience_s = store, clock, patience_s
        self._renewer = Renewer(store, clock, patience_s)

    @property
    def needed(self) -> bool:
        """Whether other processes can see this store at all."""
        return self._store.store.shared

    def claim(self, namespace: str, key: str, fresh: Callable[[Entry | None], bool]) -> Flow[Claim]:
        """Lead *key*, or wait until somebody else has fetched it."""
        gives_up_at = self._clock.now() + self._patience_s
        pause_s, waits = FIRST_PAUSE_S, False
        while True:
            got = yield self._store.acquire(namespace, key, TERM_S, waits)
            waits = got is not None
            looks = not (self._store.hangs or (isinstance(got, Lease) and got.vacant))
            entry = (yield self._store.get(namespace, key, waits)) if looks else None
            if fresh(entry):
                if isinstance(got, Lease):
                    yield self._store.release(got)
                return Claim(entry=entry)
            if got is not HELD:
                if got is not None:
                    self._renewer.add(got)
                return Claim(lease=got)
            if self._store.hangs or self._clock.now() >= gives_up_at or (yield self._store.is_refused(namespace, key)):
                return Claim(alone=True)
            told = yield self._store.wait_for_release(namespace, key, LONGEST_PAUSE_S)
            if not told:
                yield self._sleep(pause_s * (0.5 + random.random()))  # noqa: S311 -- spreads polling
                pause_s = min(LONGEST_PAUSE_S, pause_s * 1.5)

    def release(self, lease: Lease | None) -> Flow[None]:
        """End the lease, if there is one."""
        if self._store.hangs:
            self.abandon(lease)
        elif lease is not None and self._renewer.remove(lease) and not (yield self._store.release(lease)):
            self._renewer.drop(lease)

    def given_back(self, lease: Lease) -> None:
        """*lease* went back with what was stored under it."""
        self._renewer.remove(lease)

    def tell_refused(self, namespace: str, key: str) -> Step[Any]:
        """Tell the other processes that nothing will be stored."""
        return self._store.mark_refused(namespace, key, REFUSED_FOR_S)

    def abandon(self, lease: Lease | None) -> None:
        """End the lease without waiting, where waiting is impossible: the request was cancelled."""
        if lease is not None:
            self._renewer.abandon(lease)

    def close(self) -> None:
        """End all leases, before the store closes: who leads can store nothing any more, and others need not wait."""
        self._renewer.close()

    def _sleep(self, seconds: float) -> Step[None]:
        return Step(lambda: self._clock.sleep(seconds), lambda: self._clock.asleep(seconds))


class Renewer:
    """Renews the leases of slow leaders, and gives back those that could not be: one thread per cache, while needed.

    Nobody waits for a leader longer than *patience_s*: one that takes longer, or was forgotten, is left to run out; so
    is one that no thread is to be had for.
    """

    def __init__(self, store: GuardedStore, clock: Clock, patience_s: float) -> None:
        self._store, self._clock, self._patience_s = store, clock, patience_s
        _all.add(self)
        self.forget()

    def forget(self) -> None:
        """Start anew in a forked child, which leads nothing."""
        self._changed = threading.Condition()
        self._held: dict[Lease, float] = {}
        self._dropped: dict[Lease, float] = {}
        self._thread: threading.Thread | None = None

    def add(self, lease: Lease) -> None:
        """Renew *lease* until it is removed."""
        with self._changed:
            self._held[lease] = self._clock.now() + self._patience_s
            self._start()

    def remove(self, lease: Lease) -> bool:
        """Stop renewing; False if it was abandoned before."""
        with self._changed:
            return self._held.pop(lease, None) is not None

    def abandon(self, lease: Lease) -> None:
        """Release *lease* from the renewing thread."""
        with self._changed:
            if self._held.pop(lease, None) is not None:
                self._drop(lease)

    def drop(self, lease: Lease) -> None:
        """Try to release *lease* until the store takes it or it has run out."""
        with self._changed:
            self._drop(lease)

    def close(self) -> None:
        """Release all there are."""
        with self._changed:
            left = [*self._held, *self._dropped]
            self._held, self._dropped = {}, {}
        for lease in left:
            self._store.release(lease).run()

    def _drop(self, lease: Lease) -> None:
        self._dropped[lease] = self._clock.now() + TERM_S
        self._start()
        self._changed.notify()

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = start_thread("langcache-leases", self._work)

    def _work(self) -> None:
        left: dict[Lease, float] = {}
        while True:
            with self._changed:
                if left or not self._dropped:
                    self._changed.wait(AGAIN_S if left else TERM_S / 3)
                now = self._clock.now()
                dropped, self._dropped = _until(now, left | self._dropped), {}
                self._held = _until(now, self._held)
                held = tuple(self._held)  # requests come and go while these are renewed
                if not held and not dropped:
                    self._thread = None
                    return
            left = {lease: until for lease, until in dropped.items() if not self._store.release(lease).run()}
            for lease in held:
                self._store.renew(lease, TERM_S).run()


def _until(now: float, leases: dict[Lease, float]) -> dict[Lease, float]:
    return {lease: until for lease, until in leases.items() if now < until}


_all: "weakref.WeakSet[Renewer]" = weakref.WeakSet()


def _after_fork() -> None:
    for renewer in _all:
        renewer.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
