"""Copies of records in this process's memory, each only for as long as it is sure to be right."""

from collections import OrderedDict
from collections.abc import Collection
from threading import Lock
from typing import Final

from langcache.storage.base import Record, is_expired
from langcache.storage.forking import survive_fork

_OVERHEAD_BYTES: Final = 500
"""About what a copy takes besides its value."""

_Place = tuple[str, str]


class Tier:
    """Copies of records, least recently used first out. A store's listener.

    While changes are told, a copy is good until its record changes or expires; while not, for *max_age_s*. A copy
    is only taken if nothing at all changed since its record was asked for, so that none is older than its removal.

    Args:
        memory_bytes: bound on what the copies take, in bytes.
        max_age_s: how long a copy is good while changes are not told, in seconds.
    """

    def __init__(self, memory_bytes: int, max_age_s: float) -> None:
        self._memory_bytes, self._max_age_s = memory_bytes, max_age_s
        self._copies: OrderedDict[_Place, tuple[Record, float]] = OrderedDict()
        self._size_bytes = 0
        self._told = False
        self._closed = False
        self._changes = 0
        self._lock = Lock()
        survive_fork(self)

    def look(self, place: _Place, now: float) -> tuple[Record | None, int]:
        """A good copy, if there is one, and what to show to :meth:`keep`."""
        with self._lock:
            copy = self._copies.get(place)
            if copy is None:
                return None, self._changes
            record, taken_at = copy
            if is_expired(record.expires_at, now) or not (self._told or 0 <= now - taken_at < self._max_age_s):
                self._drop(place)
                return None, self._changes
            self._copies.move_to_end(place)
            return record, self._changes

    def keep(self, place: _Place, record: Record, now: float, changes: int) -> None:
        """Take a copy, unless anything changed since :meth:`look` said *changes*."""
        with self._lock:
            if changes != self._changes or self._closed:
                return
            self._drop(place)
            self._copies[place] = (record, now)
            self._size_bytes += _size(record)
            while self._size_bytes > self._memory_bytes:
                self._drop(next(iter(self._copies)))

    def forget(self, places: Collection[_Place]) -> None:
        """Drop the copies of *places*."""
        with self._lock:
            self._changes += 1
            for place in places:
                self._drop(place)

    def forget_all(self, namespace: str | None = None) -> None:
        """Drop all copies, or those of *namespace*."""
        with self._lock:
            self._changes += 1
            for place in [place for place in self._copies if namespace in (None, place[0])]:
                self._drop(place)

    def close(self) -> None:
        """Drop all copies and take no more."""
        self._closed = True
        self.forget_all()

    def begun(self) -> None:
        """See :class:`~langcache.storage.tracking.Listener`: copies from before were not watched."""
        self.forget_all()
        self._told = True

    def changed(self, namespace: str, key: str) -> None:
        """See :class:`~langcache.storage.tracking.Listener`."""
        self.forget([(namespace, key)])

    def lost(self) -> None:
        """See :class:`~langcache.storage.tracking.Listener`."""
        self._told = False
        self.forget_all()

    def _drop(self, place: _Place) -> None:
        copy = self._copies.pop(place, None)
        if copy is not None:
            self._size_bytes -= _size(copy[0])

    def before_fork(self) -> None:
        """Let the call under way finish."""
        self._lock.acquire()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Begin empty: the thread that hears of changes stayed in the parent."""
        self._lock = Lock()
        self._told = False
        self._copies.clear()
        self._size_bytes = 0


def _size(record: Record) -> int:
    return len(record.value) + _OVERHEAD_BYTES
