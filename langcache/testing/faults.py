"""A store that fails on cue: one seam, in front of every call, where a script says what happens."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import repeat

from langcache.storage.base import Cells, Lease, Record, Row, Sheet, Store, Usage


@dataclass(frozen=True, slots=True)
class Raise:
    """The call raises *error* and never reaches the store."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Delay:
    """The call reaches the store *seconds* late."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Garbage:
    """A record that a get finds holds *value* instead of its own."""

    value: bytes


StoreFault = Raise | Delay | Garbage | None
"""What befalls one call; None lets it pass."""


_METHODS = {name for name in vars(Store) if f"a{name}" in vars(Store)}


def always(fault: StoreFault) -> Iterable[StoreFault]:
    """A script that never ends."""
    return repeat(fault)


class FaultyStore(Store):
    """*store* behind a script of faults.

    Args:
        store: what answers where the script lets it.
        script: per method name (``"get"`` stands for ``aget`` too), what befalls its calls one after another;
            past the end of its script a method works. A scan meets its fault when its first row is asked for.
        sleep: waits out a :class:`Delay` in synchronous calls; such as ``FakeClock.sleep``.
        asleep: the same for asynchronous calls.
    """

    def __init__(
        self,
        store: Store,
        script: Mapping[str, Iterable[StoreFault]],
        *,
        sleep: Callable[[float], None] = time.sleep,
        asleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if unknown := script.keys() - _METHODS:
            raise ValueError(f"a store has no method {sorted(unknown)[0]!r}")
        self.calls: list[str] = []
        self.shared, self.keeps_counts = store.shared, store.keeps_counts
        self._store = store
        self._script = {name: iter(faults) for name, faults in script.items()}
        self._sleep, self._asleep = sleep, asleep

    def _fault(self, method: str) -> StoreFault:
        self.calls.append(method)
        fault = next(self._script.get(method, iter(())), None)
        if isinstance(fault, Raise):
            raise fault.error
        return fault

    def _meet(self, method: str) -> StoreFault:
        fault = self._fault(method)
        if isinstance(fault, Delay):
            self._sleep(fault.seconds)
        return fault

    async def _ameet(self, method: str) -> StoreFault:
        fault = self._fault(method)
        if isinstance(fault, Delay):
            await self._asleep(fault.seconds)
        return fault

    def get(self, namespace: str, key: str, *, now: float) -> Record | None:
        """See :meth:`Store.get`."""
        fault = self._meet("get")
        return _spoil(self._store.get(namespace, key, now=now), fault)

    def put(self, namespace: str, key: str, record: Record, *, now: float, lease: Lease | None = None) -> bool:
        """See :meth:`Store.put`."""
        self._meet("put")
        return self._store.put(namespace, key, record, now=now, lease=lease)

    def delete(self, namespace: str, keys: Collection[str]) -> int:
        """See :meth:`Store.delete`."""
        self._meet("delete")
        return self._store.delete(namespace, keys)

    def scan(self, namespace: str, *, now: float, labels: Collection[str] = ()) -> Iterator[Row]:
        """See :meth:`Store.scan`."""
        self._meet("scan")
        yield from self._store.scan(namespace, now=now, labels=labels)

    def clear(self, namespace: str) -> int:
        """See :meth:`Store.clear`."""
        self._meet("clear")
        return self._store.clear(namespace)

    def acquire(self, namespace: str, key: str, *, ttl_s: float, now: float) -> Lease | None:
        """See :meth:`Store.acquire`."""
        self._meet("acquire")
        return self._store.acquire(namespace, key, ttl_s=ttl_s, now=now)

    def renew(self, lease: Lease, *, ttl_s: float, now: float) -> bool:
        """See :meth:`Store.renew`."""
        self._meet("renew")
        return self._store.renew(lease, ttl_s=ttl_s, now=now)

    def release(self, lease: Lease) -> None:
        """See :meth:`Store.release`."""
        self._meet("release")
        self._store.release(lease)

    def wait_for_release(self, namespace: str, key: str, *, timeout_s: float, now: float) -> bool:
        """See :meth:`Store.wait_for_release`."""
        self._meet("wait_for_release")
        return self._store.wait_for_release(namespace, key, timeout_s=timeout_s, now=now)

    def usage(self, namespace: str | None = None) -> Usage:
        """See :meth:`Store.usage`."""
        self._meet("usage")
        return self._store.usage(namespace)

    def quick_usage(self, namespace: str) -> Usage | None:
        """See :meth:`Store.quick_usage`."""
        self._meet("quick_usage")
        return self._store.quick_usage(namespace)

    def add_counts(self, namespace: str, sheets: Collection[Sheet], *, batch: str, now: float) -> None:
        """See :meth:`Store.add_counts`."""
        self._meet("add_counts")
        self._store.add_counts(namespace, sheets, batch=batch, now=now)

    def read_counts(self, namespace: str, names: Collection[str], *, now: float) -> dict[str, dict[str, Cells]]:
        """See :meth:`Store.read_counts`."""
        self._meet("read_counts")
        return self._store.read_counts(namespace, names, now=now)

    def drop_counts(self, namespace: str, name: str, rows: Collection[str]) -> None:
        """See :meth:`Store.drop_counts`."""
        self._meet("drop_counts")
        self._store.drop_counts(namespace, name, rows)

    def purge(self, *, now: float, limit: int = 1000) -> int:
        """See :meth:`Store.purge`."""
        self._meet("purge")
        return self._store.purge(now=now, limit=limit)

    def flush(self) -> None:
        """See :meth:`Store.flush`."""
        self._meet("flush")
        self._store.flush()

    def close(self) -> None:
        """See :meth:`Store.close`."""
        self._meet("close")
        self._store.close()

    async def aget(self, namespace: str, key: str, *, now: float) -> Record | None:
        """See :meth:`Store.aget`."""
        fault = await self._ameet("get")
        return _spoil(await self._store.aget(namespace, key, now=now), fault)

    async def aput(self, namespace: str, key: str, record: Record, *, now: float, lease: Lease | None = None) -> bool:
        """See :meth:`Store.aput`."""
        await self._ameet("put")
        return await self._store.aput(namespace, key, record, now=now, lease=lease)

    async def adelete(self, namespace: str, keys: Collection[str]) -> int:
        """See :meth:`Store.adelete`."""
        await self._ameet("delete")
        return await self._store.adelete(namespace, keys)

    async def ascan(self, namespace: str, *, now: float, labels: Collection[str] = ()) -> AsyncIterator[Row]:
        """See :meth:`Store.ascan`."""
        await self._ameet("scan")
        async for row in self._store.ascan(namespace, now=now, labels=labels):
            yield row

    async def aclear(self, namespace: str) -> int:
        """See :meth:`Store.aclear`."""
        await self._ameet("clear")
        return await self._store.aclear(namespace)

    async def aacquire(self, namespace: str, key: str, *, ttl_s: float, now: float) -> Lease | None:
        """See :meth:`Store.aacquire`."""
        await self._ameet("acquire")
        return await self._store.aacquire(namespace, key, ttl_s=ttl_s, now=now)

    async def arenew(self, lease: Lease, *, ttl_s: float, now: float) -> bool:
        """See :meth:`Store.arenew`."""
        await self._ameet("renew")
        return await self._store.arenew(lease, ttl_s=ttl_s, now=now)

    async def arelease(self, lease: Lease) -> None:
        """See :meth:`Store.arelease`."""
        await self._ameet("release")
        await self._store.arelease(lease)

    async def await_for_release(self, namespace: str, key: str, *, timeout_s: float, now: float) -> bool:
        """See :meth:`Store.await_for_release`."""
        await self._ameet("wait_for_release")
        return await self._store.await_for_release(namespace, key, timeout_s=timeout_s, now=now)

    async def ausage(self, namespace: str | None = None) -> Usage:
        """See :meth:`Store.ausage`."""
        await self._ameet("usage")
        return await self._store.ausage(namespace)

    async def aquick_usage(self, namespace: str) -> Usage | None:
        """See :meth:`Store.aquick_usage`."""
        await self._ameet("quick_usage")
        return await self._store.aquick_usage(namespace)

    async def aadd_counts(self, namespace: str, sheets: Collection[Sheet], *, batch: str, now: float) -> None:
        """See :meth:`Store.aadd_counts`."""
        await self._ameet("add_counts")
        await self._store.aadd_counts(namespace, sheets, batch=batch, now=now)

    async def aread_counts(self, namespace: str, names: Collection[str], *, now: float) -> dict[str, dict[str, Cells]]:
        """See :meth:`Store.aread_counts`."""
        await self._ameet("read_counts")
        return await self._store.aread_counts(namespace, names, now=now)

    async def adrop_counts(self, namespace: str, name: str, rows: Collection[str]) -> None:
        """See :meth:`Store.adrop_counts`."""
        await self._ameet("drop_counts")
        await self._store.adrop_counts(namespace, name, rows)

    async def apurge(self, *, now: float, limit: int = 1000) -> int:
        """See :meth:`Store.apurge`."""
        await self._ameet("purge")
        return await self._store.apurge(now=now, limit=limit)

    async def aflush(self) -> None:
        """See :meth:`Store.aflush`."""
        await self._ameet("flush")
        await self._store.aflush()

    async def aclose(self) -> None:
        """See :meth:`Store.aclose`."""
        await self._ameet("close")
        await self._store.aclose()


def _spoil(record: Record | None, fault: StoreFault) -> Record | None:
    if record is None or not isinstance(fault, Garbage):
        return record
    return replace(record, value=fault.value)
