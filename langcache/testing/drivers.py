"""One way to call a store's two halves, so that each law is written once."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from langcache.storage.base import Cells, Lease, Record, Row, Sheet, Store, Usage

Half = Literal["sync", "async"]
Call = tuple[str, tuple[Any, ...], dict[str, Any]]
"""A method's name and its arguments, to be called later."""


def call(method: str, *args: Any, **kwargs: Any) -> Call:
    """Write down a call, for :meth:`Driver.together`."""
    return method, args, kwargs


class Driver(ABC):
    """A store's methods under their plain names, whichever half answers."""

    def __init__(self, make_store: Callable[[], Store]) -> None:
        self._make_store = make_store
        self.store = make_store()

    @abstractmethod
    def run(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call *method*; a scan comes back as a list."""

    @abstractmethod
    def together(self, calls: Sequence[Call]) -> list[Any]:
        """Make all *calls* at once, in threads or in tasks; their results in the same order."""

    def reopen(self) -> None:
        """Close the store and make it again, on the same data if it is durable."""
        self.close()
        self.store = self._make_store()

    def finish(self) -> None:
        """Close the store and the driver itself."""
        self.close()

    def get(self, namespace: str, key: str, *, now: float) -> Record | None:
        """See :meth:`Store.get`."""
        found: Record | None = self.run("get", namespace, key, now=now)
        return found

    def put(self, namespace: str, key: str, record: Record, *, now: float, lease: Lease | None = None) -> bool:
        """See :meth:`Store.put`."""
        stored: bool = self.run("put", namespace, key, record, now=now, lease=lease)
        return stored

    def delete(self, namespace: str, keys: Collection[str]) -> int:
        """See :meth:`Store.delete`."""
        deleted: int = self.run("delete", namespace, keys)
        return deleted

    def scan(self, namespace: str, *, now: float, labels: Collection[str] = ()) -> list[Row]:
        """See :meth:`Store.scan`."""
        rows: list[Row] = self.run("scan", namespace, now=now, labels=labels)
        return rows

    def clear(self, namespace: str) -> int:
        """See :meth:`Store.clear`."""
        cleared: int = self.run("clear", namespace)
        return cleared

    def acquire(self, namespace: str, key: str, *, ttl_s: float, now: float) -> Lease | None:
        """See :meth:`Store.acquire`."""
        lease: Lease | None = self.run("acquire", namespace, key, ttl_s=ttl_s, now=now)
        return lease

    def renew(self, lease: Lease, *, ttl_s: float, now: float) -> bool:
        """See :meth:`Store.renew`."""
        renewed: bool = self.run("renew", lease, ttl_s=ttl_s, now=now)
        return renewed

    def release(self, lease: Lease) -> None:
        """See :meth:`Store.release`."""
        self.run("release", lease)

    def usage(self, namespace: str | None = None) -> Usage:
        """See :meth:`Store.usage`."""
        usage: Usage = self.run("usage", namespace)
        return usage

    def purge(self, *, now: float, limit: int = 1000) -> int:
        """See :meth:`Store.purge`."""
        purged: int = self.run("purge", now=now, limit=limit)
        return purged

    def quick_usage(self, namespace: str) -> Usage | None:
        """See :meth:`Store.quick_usage`."""
        usage: Usage | None = self.run("quick_usage", namespace)
        return usage

    def add_counts(self, namespace: str, sheets: Collection[Sheet], *, batch: str, now: float) -> None:
        """See :meth:`Store.add_counts`."""
        self.run("add_counts", namespace, sheets, batch=batch, now=now)

    def read_counts(self, namespace: str, names: Collection[str], *, now: float) -> dict[str, dict[str, Cells]]:
        """See :meth:`Store.read_counts`."""
        found: dict[str, dict[str, Cells]] = self.run("read_counts", namespace, names, now=now)
        return found

    def drop_counts(self, namespace: str, name: str, rows: Collection[str]) -> None:
        """See :meth:`Store.drop_counts`."""
        self.run("drop_counts", namespace, name, rows)

    def close(self) -> None:
        """See :meth:`Store.close`."""
        self.run("close")


class SyncDriver(Driver):
    """The synchronous half."""

    def run(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call *method* as it is."""
        result = getattr(self.store, method)(*args, **kwargs)
        return list(result) if method == "scan" else result

    def together(self, calls: Sequence[Call]) -> list[Any]:
        """Make all *calls* at once, each in a thread."""
        with ThreadPoolExecutor(len(calls)) as threads:
            futures = [threads.submit(self.run, name, *args, **kwargs) for name, args, kwargs in calls]
            return [future.result() for future in futures]


class AsyncDriver(Driver):
    """The asynchronous half, on one event loop."""

    def __init__(self, make_store: Callable[[], Store]) -> None:
        self._runner = asyncio.Runner()
        super().__init__(make_store)

    def run(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Run *method*'s twin to its end."""
        return self._runner.run(self._arun(method, *args, **kwargs))

    async def _arun(self, method: str, *args: Any, **kwargs: Any) -> Any:
        result = getattr(self.store, f"a{method}")(*args, **kwargs)
        if method == "scan":
            return [row async for row in result]
        return await result

    def together(self, calls: Sequence[Call]) -> list[Any]:
        """Make all *calls* at once, each in a task."""

        async def gather() -> list[Any]:
            return await asyncio.gather(*(self._arun(name, *args, **kwargs) for name, args, kwargs in calls))

        return self._runner.run(gather())

    def finish(self) -> None:
        """Close the store and the event loop."""
        super().finish()
        self._runner.close()


def drive(half: Half, make_store: Callable[[], Store]) -> Driver:
    """A driver of the store's *half*."""
    return SyncDriver(make_store) if half == "sync" else AsyncDriver(make_store)
