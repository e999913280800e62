"""The SQLite store: transactions, retries after a torn file, and threads for the async half."""

import logging
import os
import sqlite3
import weakref
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, Concatenate, Final, ParamSpec, TypeVar
from urllib.parse import SplitResult, unquote

from langcache.errors import StoreError, StoreURLError
from langcache.storage.asynchrony import ThreadedAsync
from langcache.storage.base import PAGE_ROWS, Cells, Lease, Record, Row, Sheet, Usage, is_expired
from langcache.storage.forking import survive_fork
from langcache.storage.sqlite import counts, files, tables
from langcache.storage.sqlite.connections import (
    Connection,
    Connections,
    Torn,
    has_moved,
    is_locked,
    is_of_a_moved_file,
    is_torn,
)

logger = logging.getLogger("langcache")

P = ParamSpec("P")
T = TypeVar("T")

MAX_BYTES: Final = 1024**3
_THREADS: Final = 4
_ATTEMPTS: Final = 3


class SQLiteStore(ThreadedAsync):
    """Records in one SQLite file in WAL mode, for any number of processes and threads of one machine.

    A put survives the death of any process from the moment it returns. A power cut may take the last puts,
    never the file; with *durable* it takes nothing, at the price of one disk flush per put.

    A file that is not ours raises :class:`~langcache.errors.ForeignFile` and stays as it is. One that is ours
    but malformed is renamed to ``<name>.corrupt-<n>``, by one process only, and a new one takes its place.
    Nothing is opened before the first call.

    Args:
        path: the database file; it and its directory are made when needed.
        max_bytes: bound on the file's pages in use, in bytes; the oldest entries go first. The write-ahead
            log comes on top, usually some 4 MB.
        durable: flush to the disk with each put.
        busy_timeout_s: how long to wait for another process's write, in seconds.
        max_connections: most connections open at once in this process.
        on_quarantine: called with the new path of a torn file, in the process that moved it.
    """

    keeps_counts: bool = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        max_bytes: int = MAX_BYTES,
        durable: bool = False,
        busy_timeout_s: float = 10.0,
        max_connections: int = 16,
        on_quarantine: Callable[[Path], None] | None = None,
    ) -> None:
        # Absolute, so that a later chdir does not lead to another file.
        self.path = Path(os.path.abspath(path))
        self.quarantined = 0
        self._max_bytes = max_bytes
        self._on_quarantine = on_quarantine
        self._connections = Connections(
            self.path,
            limit=max_connections,
            busy_timeout_s=busy_timeout_s,
            synchronous="FULL" if durable else "NORMAL",
        )
        self._reset()
        weakref.finalize(self, self._connections.close)
        survive_fork(self)

    def _reset(self) -> None:
        self._threads: ThreadPoolExecutor | None = None
        self._writer_thread: ThreadPoolExecutor | None = None
        self._flushed: files.Identity | None = None
        # SQLite's own waiting is polling; inside one process a lock is fairer and quicker.
        self._writing = Lock()
        self._timeouts = 0  # of writes that waited for another process in vain

    def get(self, namespace: str, key: str, *, now: float) -> Record | None:
        """See :meth:`Store.get`; writes nothing."""
        return self._read(tables.get, namespace, key, now)

    def put(self, namespace: str, key: str, record: Record, *, now: float, lease: Lease | None = None) -> bool:
        """See :meth:`Store.put`."""
        stored, is_large = self._write(self._put_within_bound, namespace, key, record, now, lease)
        if is_large:
            self._shrink(self._max_bytes)
        return stored

    def _put_within_bound(
        self,
        connection: Connection,
        namespace: str,
        key: str,
        record: Record,
        now: float,
        lease: Lease | None,
    ) -> tuple[bool, bool]:
        stored = tables.put(connection, namespace, key, record, now, lease)
        return stored, tables.evict(connection, self._max_bytes)

    def delete(self, namespace: str, keys: Collection[str]) -> int:
        """See :meth:`Store.delete`; the file shrinks."""
        return self._removing(tables.delete, namespace, tuple(keys))

    def scan(self, namespace: str, *, now: float, labels: Collection[str] = ()) -> Iterator[Row]:
        """See :meth:`Store.scan`."""
        wanted = tuple(labels)
        start = ""
        while rows := self._read(tables.page, namespace, wanted, start):
            yield from (row for row in rows if not is_expired(row.expires_at, now))
            if len(rows) < PAGE_ROWS:
                return
            # The least text above the last key, in the order of bytes.
            start = rows[-1].key + "\0"

    def clear(self, namespace: str) -> int:
        """See :meth:`Store.clear`; the file shrinks."""
        return self._removing(tables.clear, namespace)

    def acquire(self, namespace: str, key: str, *, ttl_s: float, now: float) -> Lease | None:
        """See :meth:`Store.acquire`."""
        return self._write(tables.acquire, namespace, key, now + ttl_s, now)

    def renew(self, lease: Lease, *, ttl_s: float, now: float) -> bool:
        """See :meth:`Store.renew`."""
        return self._write(tables.renew, lease, now + ttl_s, now)

    def release(self, lease: Lease) -> None:
        """See :meth:`Store.release`."""
        self._write(tables.release, lease)

    def usage(self, namespace: str | None = None) -> Usage:
        """See :meth:`Store.usage`."""
        return self._read(tables.usage, namespace)

    def quick_usage(self, namespace: str) -> Usage:
        """See :meth:`Store.quick_usage`."""
        return self.usage(namespace)

    def add_counts(self, namespace: str, sheets: Collection[Sheet], *, batch: str, now: float) -> None:
        """See :meth:`Store.add_counts`; all of it in one transaction."""
        self._write(counts.add, namespace, tuple(sheets), batch, now)

    def read_counts(self, namespace: str, names: Collection[str], *, now: float) -> dict[str, dict[str, Cells]]:
        """See :meth:`Store.read_counts`."""
        return self._read(counts.read, namespace, tuple(names), now)

    def drop_counts(self, namespace: str, name: str, rows: Collection[str]) -> None:
        """See :meth:`Store.drop_counts`."""
        self._write(counts.drop, namespace, name, tuple(rows))

    def purge(self, *, now: float, limit: int = 1000) -> int:
        """See :meth:`Store.purge`; the file shrinks."""
        return self._removing(tables.purge, now, limit)

    def flush(self) -> None:
        """See :meth:`Store.flush`.

        What was committed is in the write-ahead log, or a checkpoint has already flushed it to the database
        (https://www.sqlite.org/wal.html, 2.2 and 3.3), so flushing the log is enough.
        """
        try:
            self._flushed = files.flush(self.path.with_name(self.path.name + "-wal"), self._flushed)
        except OSError as error:
            raise StoreError(f"{self.path}: {error}") from error

    async def aflush(self) -> None:
        """:meth:`flush` in a thread."""
        await self._in_thread(self.flush)

    def close(self) -> None:
        """Close all connections; later calls raise :class:`~langcache.errors.StoreError`."""
        for threads in (self._threads, self._writer_thread):
            if threads is not None:
                threads.shutdown()
        self._connections.close()

    def _executor(self) -> Executor:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="langcache-sqlite")
        return self._threads

    def _writer(self) -> Executor:
        if self._writer_thread is None:  # writes take turns anyway
            self._writer_thread = ThreadPoolExecutor(1, thread_name_prefix="langcache-sqlite-writer")
        return self._writer_thread

    def _submit_write(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        timeouts_before = self._timeouts

        def in_turn() -> T:
            self._check_turn(timeouts_before)
            return work(*args, **kwargs)

        return super()._submit_write(in_turn)

    def _check_turn(self, timeouts_before: int) -> None:
        """Raise for a write that queued up behind one that timed out: a crowd waits for another process once."""
        if self._timeouts != timeouts_before:
            raise StoreError(f"{self.path}: locked by another process while this call waited for its turn")

    def _read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        result: T = self._through_tears(self._plain, work, *args, **kwargs)
        return result

    def _write(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        result: T = self._through_tears(self._transaction, work, *args, **kwargs)
        return result

    def _removing(self, work: Callable[Concatenate[Connection, P], int], *args: P.args, **kwargs: P.kwargs) -> int:
        removed = self._write(work, *args, **kwargs)
        if removed:
            self._shrink()
        return removed

    def _shrink(self, max_bytes: int = 0) -> None:
        # What was asked for is done and durable; a file that stays large for now is no failure of it.
        with suppress(StoreError):
            self._through_tears(self._plain, tables.shrink, max_bytes)

    def _through_tears(self, attempt: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        for _ in range(_ATTEMPTS):
            try:
                return attempt(*args, **kwargs)
            except Torn as torn:
                self._set_aside(torn)
            except (sqlite3.Error, OSError) as error:
                if not has_moved(error):
                    raise StoreError(f"{self.path}: {error}") from error
        raise StoreError(f"{self.path} is malformed again and again")

    def _plain(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        connection = self._connections.take()
        try:
            result = work(connection, *args, **kwargs)
        except BaseException as error:
            self._abandon(connection, error)
            raise
        self._connections.give(connection)
        return result

    def _transaction(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        timeouts_before = self._timeouts
        with self._writing:
            self._check_turn(timeouts_before)
            while True:
                connection = self._connections.take()
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    result = work(connection, *args, **kwargs)
                    connection.execute("COMMIT")
                except BaseException as error:
                    self._timeouts += is_locked(error)
                    self._abandon(connection, error)
                    raise
                # Had the file been set aside meanwhile, this would have gone into the one set aside.
                kept = self._connections.is_current(connection)
                self._connections.give(connection)
                if kept:
                    return result

    def _abandon(self, connection: Connection, error: BaseException) -> None:
        # Closing rolls back, and is right whatever state the error left.
        self._connections.drop(connection)
        if not isinstance(error, sqlite3.Error):
            return
        if is_torn(error):
            raise Torn(connection.identity) from error
        if is_of_a_moved_file(error):
            self._connections.ensure_still_there(connection.identity, error)

    def _set_aside(self, torn: Torn) -> None:
        moved_to = files.set_aside(self.path, torn.identity)
        if moved_to is None:
            return
        self.quarantined += 1
        logger.warning(
            "langcache: %s was malformed; it is now %s, and an empty one takes its place", self.path, moved_to
        )
        if self._on_quarantine is not None:
            self._on_quarantine(moved_to)

    def before_fork(self) -> None:
        """Let writes finish and close all connections."""
        self._writing.acquire()
        self._connections.rest()

    def after_fork_in_parent(self) -> None:
        """Open again as needed."""
        self._connections.resume()
        self._writing.release()

    def after_fork_in_child(self) -> None:
        """Open anew as needed; the threads stayed in the parent."""
        self._connections.renew()
        self._reset()


def open_sqlite(
    url: SplitResult,
    *,
    max_bytes: int = MAX_BYTES,
    durable: bool = False,
    busy_timeout_s: float = 10.0,
    max_connections: int = 16,
    on_quarantine: Callable[[Path], None] | None = None,
) -> SQLiteStore:
    """The store behind ``sqlite:///relative`` or ``sqlite:////absolute``.

    Raises:
        StoreURLError: the URL names no file, or a host.
    """
    path = unquote(url.path.removeprefix("/"))
    if url.netloc:
        raise StoreURLError(f"a SQLite store has no host; write sqlite:///{unquote(url.netloc)}{unquote(url.path)}")
    if not path:
        raise StoreURLError("a SQLite store needs a file; write sqlite:///langcache.db")
    if path == ":memory:":
        raise StoreURLError("SQLite in memory is one per connection; write memory://")
    return SQLiteStore(
        path,
        max_bytes=max_bytes,
        durable=durable,
        busy_timeout_s=busy_timeout_s,
        max_connections=max_connections,
        on_quarantine=on_quarantine,
    )
