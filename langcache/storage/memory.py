"""A store in this process's memory: least recently used goes first, bounded in bytes and in entries."""

import heapq
from collections import OrderedDict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import count
from threading import Lock
from typing import Final
from urllib.parse import SplitResult

from langcache.errors import StoreError, StoreURLError
from langcache.storage.asynchrony import DirectAsync
from langcache.storage.base import LEASE_MEMORY_S, Cells, Lease, Record, Row, Sheet, Usage, is_expired
from langcache.storage.counters import Counters
from langcache.storage.forking import survive_fork

MAX_BYTES: Final = 256 * 1024 * 1024
MAX_ENTRIES: Final = 100_000
_PURGE_PER_PUT = 2

_Place = tuple[str, str]


@dataclass(slots=True)
class _Tenure:
    token: int
    ends_at: float
    held: bool = True


class MemoryStore(DirectAsync):
    """Records in a dictionary of this process, for tests and for caches that may be lost.

    Args:
        max_bytes: bound on the sum of the values' lengths, in bytes.
        max_entries: bound on the number of records.
    """

    shared: bool = False
    keeps_counts: bool = True

    def __init__(self, *, max_bytes: int = MAX_BYTES, max_entries: int = MAX_ENTRIES) -> None:
        self._max_bytes, self._max_entries = max_bytes, max_entries
        self._records: OrderedDict[_Place, Record] = OrderedDict()
        self._expiries: list[tuple[float, _Place]] = []
        self._leases: OrderedDict[_Place, _Tenure] = OrderedDict()
        self._tokens = count(1)
        self._size_bytes = 0
        self._usages: dict[str, Usage] = {}
        self._counters = Counters()
        self._closed = False
        self._lock = Lock()
        survive_fork(self)

    def get(self, namespace: str, key: str, *, now: float) -> Record | None:
        """See :meth:`Store.get`."""
        place = (namespace, key)
        with self._lock:
            record = self._records.get(place)
            if record is None:
                if self._closed:
                    raise StoreError("the memory store is closed")
                return None
            if is_expired(record.expires_at, now):
                return None
            self._records.move_to_end(place)
            return record

    def put(self, namespace: str, key: str, record: Record, *, now: float, lease: Lease | None = None) -> bool:
        """See :meth:`Store.put`."""
        place = (namespace, key)
        with self._open():
            if lease is not None and not self._give_back(lease):
                return False
            self._drop(place)
            self._records[place] = record
            self._weigh(namespace, 1, len(record.value))
            if record.expires_at is not None:
                heapq.heappush(self._expiries, (record.expires_at, place))
            self._purge(now, _PURGE_PER_PUT)
            self._evict()
            return True

    def delete(self, namespace: str, keys: Collection[str]) -> int:
        """See :meth:`Store.delete`."""
        with self._open():
            return sum(self._drop((namespace, key)) for key in keys)

    def scan(self, namespace: str, *, now: float, labels: Collection[str] = ()) -> Iterator[Row]:
        """See :meth:`Store.scan`; a list of references is the whole of the copy."""
        wanted = frozenset(labels)
        with self._open():
            items = [(place[1], record) for place, record in self._records.items() if place[0] == namespace]
        for key, record in items:
            if wanted <= record.labels and not is_expired(record.expires_at, now):
                yield Row(key, len(record.value), record.created_at, record.expires_at, record.labels)

    def clear(self, namespace: str) -> int:
        """See :meth:`Store.clear`."""
        with self._open():
            for place in [place for place in self._leases if place[0] == namespace]:
                del self._leases[place]
            return sum(self._drop(place) for place in list(self._records) if place[0] == namespace)

    def acquire(self, namespace: str, key: str, *, ttl_s: float, now: float) -> Lease | None:
        """See :meth:`Store.acquire`."""
        place = (namespace, key)
        with self._open():
            tenure = self._leases.get(place)
            if tenure is not None and tenure.held and not is_expired(tenure.ends_at, now):
                return None
            token = next(self._tokens)
            self._leases[place] = _Tenure(token, now + ttl_s)
            self._leases.move_to_end(place)
            self._forget_leases(now)
            there = self._records.get(place)
            return Lease(namespace, key, token, vacant=there is None or is_expired(there.expires_at, now))

    def renew(self, lease: Lease, *, ttl_s: float, now: float) -> bool:
        """See :meth:`Store.renew`."""
        with self._open():
            tenure = self._leases.get((lease.namespace, lease.key))
            if tenure is None or tenure.token != lease.token or not tenure.held:
                return False
            if is_expired(tenure.ends_at, now):
                return False
            tenure.ends_at = now + ttl_s
            self._leases.move_to_end((lease.namespace, lease.key))
            return True

    def release(self, lease: Lease) -> None:
        """See :meth:`Store.release`."""
        with self._open():
            self._give_back(lease)

    def usage(self, namespace: str | None = None) -> Usage:
        """See :meth:`Store.usage`."""
        with self._open():
            if namespace is None:
                return Usage(len(self._records), self._size_bytes)
            return self._usages.get(namespace, Usage(0, 0))

    def quick_usage(self, namespace: str) -> Usage:
        """See :meth:`Store.quick_usage`."""
        return self.usage(namespace)

    def add_counts(self, namespace: str, sheets: Collection[Sheet], *, batch: str, now: float) -> None:
        """See :meth:`Store.add_counts`."""
        with self._open():
            self._counters.add(namespace, sheets, batch, now)

    def read_counts(self, namespace: str, names: Collection[str], *, now: float) -> dict[str, dict[str, Cells]]:
        """See :meth:`Store.read_counts`."""
        with self._open():
            return self._counters.read(namespace, names, now)

    def drop_counts(self, namespace: str, name: str, rows: Collection[str]) -> None:
        """See :meth:`Store.drop_counts`."""
        with self._open():
            self._counters.drop(namespace, name, rows)

    def purge(self, *, now: float, limit: int = 1000) -> int:
        """See :meth:`Store.purge`."""
        with self._open():
            self._forget_leases(now)
            return self._purge(now, limit)

    def close(self) -> None:
        """Forget everything; later calls raise :class:`StoreError`."""
        with self._lock:
            self._closed = True
            self._records.clear()
            self._expiries.clear()
            self._leases.clear()
            self._usages.clear()
            self._counters.clear()
            self._size_bytes = 0

    def before_fork(self) -> None:
        """Let the call under way finish: the child would inherit its lock and not its thread."""
        self._lock.acquire()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Go on with a copy of the records."""
        self._lock.release()

    def _open(self) -> Lock:
        if self._closed:
            raise StoreError("the memory store is closed")
        return self._lock

    def _give_back(self, lease: Lease) -> bool:
        """False, and nothing changes, if *lease* is fenced off."""
        tenure = self._leases.get((lease.namespace, lease.key))
        if tenure is None or tenure.token != lease.token:
            return False
        tenure.held = False
        return True

    def _drop(self, place: _Place) -> bool:
        record = self._records.pop(place, None)
        if record is None:
            return False
        self._weigh(place[0], -1, -len(record.value))
        return True

    def _weigh(self, namespace: str, entries: int, size_bytes: int) -> None:
        self._size_bytes += size_bytes
        was = self._usages.pop(namespace, Usage(0, 0))
        if was.entries + entries:
            self._usages[namespace] = Usage(was.entries + entries, was.size_bytes + size_bytes)

    def _purge(self, now: float, limit: int) -> int:
        purged = 0
        while purged < limit and self._expiries and is_expired(self._expiries[0][0], now):
            expires_at, place = heapq.heappop(self._expiries)
            record = self._records.get(place)
            # An overwritten record left its old expiry behind; only the current one counts.
            if record is not None and record.expires_at == expires_at:
                purged += self._drop(place)
        return purged

    def _evict(self) -> None:
        while len(self._records) > self._max_entries or self._size_bytes > self._max_bytes:
            self._drop(next(iter(self._records)))
        if len(self._expiries) > 2 * len(self._records) + 64:
            self._expiries = [
                (record.expires_at, place) for place, record in self._records.items() if record.expires_at is not None
            ]
            heapq.heapify(self._expiries)

    def _forget_leases(self, now: float) -> None:
        while self._leases:
            place = next(iter(self._leases))
            if not is_expired(self._leases[place].ends_at + LEASE_MEMORY_S, now):
                return
            del self._leases[place]


def open_memory(url: SplitResult, *, max_bytes: int = MAX_BYTES, max_entries: int = MAX_ENTRIES) -> MemoryStore:
    """The store behind a ``memory://`` URL.

    Raises:
        StoreURLError: the URL names a host or path.
    """
    if url.netloc or url.path.strip("/"):
        raise StoreURLError("a memory store has no path; write memory://")
    return MemoryStore(max_bytes=max_bytes, max_entries=max_entries)
