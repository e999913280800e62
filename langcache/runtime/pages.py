"""The store page by page, as steps of a flow: rows, and the records behind them."""

from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from itertools import islice

from langcache.runtime.steps import Step
from langcache.storage.base import PAGE_ROWS, Record, Row, Store

__all__ = ["Pages", "delete", "put", "read"]


class Pages:
    """A scan under way, so that memory does not grow with the store.

    Args:
        store: what is scanned.
        namespace: of the entries.
        now: seconds since the epoch.
        labels: only rows that carry all of these.
    """

    def __init__(self, store: Store, namespace: str, now: float, labels: Collection[str] = ()) -> None:
        self._store, self._namespace, self._now, self._labels = store, namespace, now, labels
        self._rows: Iterator[Row] | None = None
        self._arows: AsyncIterator[Row] | None = None

    def next(self) -> Step[list[Row]]:
        """The next page; empty at the end."""
        return Step(self._next, self._anext)

    def _next(self) -> list[Row]:
        if self._rows is None:
            self._rows = self._store.scan(self._namespace, now=self._now, labels=self._labels)
        return list(islice(self._rows, PAGE_ROWS))

    async def _anext(self) -> list[Row]:
        if self._arows is None:
            self._arows = self._store.ascan(self._namespace, now=self._now, labels=self._labels)
        page: list[Row] = []
        async for row in self._arows:
            page.append(row)
            if len(page) == PAGE_ROWS:
                break
        return page


def read(store: Store, namespace: str, key: str, now: float) -> Step[Record | None]:
    """The record under *key*."""
    return Step(lambda: store.get(namespace, key, now=now), lambda: store.aget(namespace, key, now=now))


def delete(store: Store, namespace: str, keys: Sequence[str]) -> Step[int]:
    """Remove *keys*; says how many there were."""
    return Step(lambda: store.delete(namespace, keys), lambda: store.adelete(namespace, keys))


def put(store: Store, namespace: str, key: str, record: Record, now: float) -> Step[bool]:
    """Store *record* under *key*."""
    return Step(lambda: store.put(namespace, key, record, now=now), lambda: store.aput(namespace, key, record, now=now))
