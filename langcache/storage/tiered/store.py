"""The tiered store: what is asked again and again is asked of the store behind only once in a while."""

import asyncio
from collections.abc import Collection
from threading import Lock
from typing import Final

from langcache.storage.base import Lease, Record, Store
from langcache.storage.forking import survive_fork
from langcache.storage.tiered.tier import Tier
from langcache.storage.tracking import Trackable, Tracker
from langcache.storage.wrapper import Wrapper

MEMORY_BYTES: Final = 64 * 1024 * 1024
MAX_AGE_S: Final = 1.0


class TieredStore(Wrapper):
    """Answers a get from memory where it can, else from *inner*; all else is *inner*'s.

    What another process puts, deletes or clears is served from memory for *max_age_s* at the very most: where the
    store tells of changes (Redis, but not a cluster) usually for a millisecond, and copies that nobody changes stay;
    elsewhere a copy is asked for again after *max_age_s*. What this process does itself shows at once.

    Args:
        inner: any store; closed with this one.
        memory_bytes: bound on the memory, in bytes.
        max_age_s: the bound on serving what others changed, in seconds.
    """

    def __init__(self, inner: Store, *, memory_bytes: int = MEMORY_BYTES, max_age_s: float = MAX_AGE_S) -> None:
        super().__init__(inner)
        self._tier = Tier(memory_bytes, max_age_s)
        self._max_age_s = max_age_s
        self._reset()
        survive_fork(self)

    def _reset(self) -> None:
        self._starting = Lock()
        self._started = False
        self._tracker: Tracker | None = None

    def get(self, namespace: str, key: str, *, now: float) -> Record | None:
        """See :meth:`Store.get`."""
        place = (namespace, key)
        record, changes = self._tier.look(place, now)
        if record is not None:
            return record
        self._listen()
        record = self.inner.get(namespace, key, now=now)
        if record is not None:
            self._tier.keep(place, record, now, changes)
        return record

    def put(self, namespace: str, key: str, record: Record, *, now: float, lease: Lease | None = None) -> bool:
        """See :meth:`Store.put`."""
        try:
            return self.inner.put(namespace, key, record, now=now, lease=lease)
        finally:
            self._tier.forget([(namespace, key)])

    def delete(self, namespace: str, keys: Collection[str]) -> int:
        """See :meth:`Store.delete`."""
        try:
            return self.inner.delete(namespace, keys)
        finally:
            self._tier.forget([(namespace, key) for key in keys])

    def clear(self, namespace: str) -> int:
        """See :meth:`Store.clear`."""
        try:
            return self.inner.clear(namespace)
        finally:
            self._tier.forget_all(namespace)

    def close(self) -> None:
        """See :meth:`Store.close`."""
        self._stop()
        self.inner.close()

    async def aget(self, namespace: str, key: str, *, now: float) -> Record | None:
        """See :meth:`Store.aget`."""
        place = (namespace, key)
        record, changes = self._tier.look(place, now)
        if record is not None:
            return record
        self._listen()
        record = await self.inner.aget(namespace, key, now=now)
        if record is not None:
            self._tier.keep(place, record, now, changes)
        return record

    async def aput(self, namespace: str, key: str, record: Record, *, now: float, lease: Lease | None = None) -> bool:
        """See :meth:`Store.aput`."""
        try:
            return await self.inner.aput(namespace, key, record, now=now, lease=lease)
        finally:
            self._tier.forget([(namespace, key)])

    async def adelete(self, namespace: str, keys: Collection[str]) -> int:
        """See :meth:`Store.adelete`."""
        try:
            return await self.inner.adelete(namespace, keys)
        finally:
            self._tier.forget([(namespace, key) for key in keys])

    async def aclear(self, namespace: str) -> int:
        """See :meth:`Store.aclear`."""
        try:
            return await self.inner.aclear(namespace)
        finally:
            self._tier.forget_all(namespace)

    async def aclose(self) -> None:
        """See :meth:`Store.aclose`."""
        await asyncio.to_thread(self._stop)
        await self.inner.aclose()

    def _listen(self) -> None:
        if self._started:
            return
        with self._starting:
            if not self._started and isinstance(self.inner, Trackable):
                self._tracker = self.inner.track(self._tier, within_s=self._max_age_s)
            self._started = True

    def _stop(self) -> None:
        with self._starting:
            self._started = True
            tracker, self._tracker = self._tracker, None
        if tracker is not None:
            tracker.stop()
        # Whatever is asked from now on, the closed store behind answers.
        self._tier.close()

    def before_fork(self) -> None:
        """Let a beginning finish."""
        self._starting.acquire()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self._starting.release()

    def after_fork_in_child(self) -> None:
        """Listen anew when first asked."""
        self._reset()
