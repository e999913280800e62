"""A store in front of another: whatever it does not change goes straight through."""

from collections.abc import AsyncIterator, Collection, Iterator

from langcache.storage.base import Cells, Lease, Record, Row, Sheet, Store, Usage


def innermost(store: Store) -> Store:
    """The store behind all wrappers."""
    return innermost(store.inner) if isinstance(store, Wrapper) else store


class Wrapper(Store):
    """Passes every call on.

    Args:
        inner: the store behind; closed with this one.
    """

    def __init__(self, inner: Store) -> None:
        self.inner = inner
        self.shared, self.keeps_counts = inner.shared, inner.keeps_counts

    def get(self, namespace: str, key: str, *, now: float) -> Record | None:
        """See :meth:`Store.get`."""
        return self.inner.get(namespace, key, now=now)

    def put(self, namespace: str, key: str, record: Record, *, now: float, lease: Lease | None = None) -> bool:
        """See :meth:`Store.put`."""
        return self.inner.put(namespace, key, record, now=now, lease=lease)

    def delete(self, namespace: str, keys: Collection[str]) -> int:
        """See :meth:`Store.delete`."""
        return self.inner.delete(namespace, keys)

    def scan(self, namespace: str, *, now: float, labels: Collection[str] = ()) -> Iterator[Row]:
        """See :meth:`Store.scan`."""
        return self.inner.scan(namespace, now=now, labels=labels)

    def clear(self, namespace: str) -> int:
        """See :meth:`Store.clear`."""
        return self.inner.clear(namespace)

    def acquire(self, namespace: str, key: str, *, ttl_s: float, now: float) -> Lease | None:
        """See :meth:`Store.acquire`."""
        return self.inner.acquire(namespace, key, ttl_s=ttl_s, now=now)

    def renew(self, lease: Lease, *, ttl_s: float, now: float) -> bool:
        """See :meth:`Store.renew`."""
        return self.inner.renew(lease, ttl_s=ttl_s, now=now)

    def release(self, lease: Lease) -> None:
        """See :meth:`Store.release`."""
        self.inner.release(lease)

    def wait_for_release(self, namespace: str, key: str, *, timeout_s: float, now: float) -> bool:
        """See :meth:`Store.wait_for_release`."""
        return self.inner.wait_for_release(namespace, key, timeout_s=timeout_s, now=now)

    def usage(self, namespace: str | None = None) -> Usage:
        """See :meth:`Store.usage`."""
        return self.inner.usage(namespace)

    def quick_usage(self, namespace: str) -> Usage | None:
        """See :meth:`Store.quick_usage`."""
        return self.inner.quick_usage(namespace)

    def add_counts(self, namespace: str, sheets: Collection[Sheet], *, batch: str, now: float) -> None:
        """See :meth:`Store.add_counts`."""
        self.inner.add_counts(namespace, sheets, batch=batch, now=now)

    def read_counts(self, namespace: str, names: Collection[str], *, now: float) -> dict[str, dict[str, Cells]]:
        """See :meth:`Store.read_counts`."""
        return self.inner.read_counts(namespace, names, now=now)

    def drop_counts(self, namespace: str, name: str, rows: Collection[str]) -> None:
        """See :meth:`Store.drop_counts`."""
        self.inner.drop_counts(namespace, name, rows)

    def purge(self, *, now: float, limit: int = 1000) -> int:
        """See :meth:`Store.purge`."""
        return self.inner.purge(now=now, limit=limit)

    def flush(self) -> None:
        """See :meth:`Store.flush`."""
        self.inner.flush()

    def close(self) -> None:
        """See :meth:`Store.close`."""
        self.inner.close()

    async def aget(self, namespace: str, key: str, *, now: float) -> Record | None:
        """See :meth:`Store.aget`."""
        return await self.inner.aget(namespace, key, now=now)

    async def aput(self, namespace: str, key: str, record: Record, *, now: float, lease: Lease | None = None) -> bool:
        """See :meth:`Store.aput`."""
        return await self.inner.aput(namespace, key, record, now=now, lease=lease)

    async def adelete(self, namespace: str, keys: Collection[str]) -> int:
        """See :meth:`Store.adelete`."""
        return await self.inner.adelete(namespace, keys)

    def ascan(self, namespace: str, *, now: float, labels: Collection[str] = ()) -> AsyncIterator[Row]:
        """See :meth:`Store.ascan`."""
        return self.inner.ascan(namespace, now=now, labels=labels)

    async def aclear(self, namespace: str) -> int:
        """See :meth:`Store.aclear`."""
        return await self.inner.aclear(namespace)

    async def aacquire(self, namespace: str, key: str, *, ttl_s: float, now: float) -> Lease | None:
        """See :meth:`Store.aacquire`."""
        return await self.inner.aacquire(namespace, key, ttl_s=ttl_s, now=now)

    async def arenew(self, lease: Lease, *, ttl_s: float, now: float) -> bool:
        """See :meth:`Store.arenew`."""
        return await self.inner.arenew(lease, ttl_s=ttl_s, now=now)

    async def arelease(self, lease: Lease) -> None:
        """See :meth:`Store.arelease`."""
        await self.inner.arelease(lease)

    async def await_for_release(self, namespace: str, key: str, *, timeout_s: float, now: float) -> bool:
        """See :meth:`Store.await_for_release`."""
        return await self.inner.await_for_release(namespace, key, timeout_s=timeout_s, now=now)

    async def ausage(self, namespace: str | None = None) -> Usage:
        """See :meth:`Store.ausage`."""
        return await self.inner.ausage(namespace)

    async def aquick_usage(self, namespace: str) -> Usage | None:
        """See :meth:`Store.aquick_usage`."""
        return await self.inner.aquick_usage(namespace)

    async def aadd_counts(self, namespace: str, sheets: Collection[Sheet], *, batch: str, now: float) -> None:
        """See :meth:`Store.aadd_counts`."""
        await self.inner.aadd_counts(namespace, sheets, batch=batch, now=now)

    async def aread_counts(self, namespace: str, names: Collection[str], *, now: float) -> dict[str, dict[str, Cells]]:
        """See :meth:`Store.aread_counts`."""
        return await self.inner.aread_counts(namespace, names, now=now)

    async def adrop_counts(self, namespace: str, name: str, rows: Collection[str]) -> None:
        """See :meth:`Store.adrop_counts`."""
        await self.inner.adrop_counts(namespace, name, rows)

    async def apurge(self, *, now: float, limit: int = 1000) -> int:
        """See :meth:`Store.apurge`."""
        return await self.inner.apurge(now=now, limit=limit)

    async def aflush(self) -> None:
        """See :meth:`Store.aflush`."""
        await self.inner.aflush()

    async def aclose(self) -> None:
        """See :meth:`Store.aclose`."""
        await self.inner.aclose()
