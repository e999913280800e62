"""Leases on stages under way, kept alive by one thread per run, so that only a dead run's lease runs out."""

import threading
from typing import Final

from langcache.runtime.steps import Flow
from langcache.stages.vault import Vault
from langcache.storage.base import Lease
from langcache.storage.threads import start_thread

__all__ = ["LEASE_S", "Leases"]

LEASE_S: Final = 30.0
"""How long a dead run's stage stays taken, in seconds; long enough for a machine that stalls."""


class Leases:
    """The leases of one run; a context manager.

    Args:
        vault: whose store gives them.
        lease_s: after how long without a sign of life a run counts as dead.
    """

    def __init__(self, vault: Vault, lease_s: float = LEASE_S) -> None:
        self._vault, self.lease_s = vault, lease_s
        self._held: set[Lease] = set()
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def acquire(self, place: str) -> Flow[Lease | None]:
        """A lease on *place*, kept alive until released; None while another run has it."""
        vault = self._vault
        lease: Lease | None = yield vault.call("acquire", vault.namespace, place, ttl_s=self.lease_s, now=vault.now())
        if lease is not None:
            with self._lock:
                self._held.add(lease)
                self._start()
        return lease

    def release(self, lease: Lease) -> Flow[None]:
        """Give *lease* back."""
        with self._lock:
            self._held.discard(lease)
        yield from self._vault.release(lease)

    def _start(self) -> None:
        if self._thread is None:
            # A thread even for tasks: a stage that blocks the event loop must not look dead.
            self._thread = start_thread("langcache-leases", self._keep_alive)

    def _keep_alive(self) -> None:
        while not self._end.wait(self.lease_s / 3):
            with self._lock:
                held = list(self._held)
            for lease in held:
                try:
                    self._vault.cache.store.renew(lease, ttl_s=self.lease_s, now=self._vault.now())
                except Exception as error:
                    self._vault.told(error)

    def __enter__(self) -> "Leases":
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        if self._thread is not None:
            self._thread.join()
