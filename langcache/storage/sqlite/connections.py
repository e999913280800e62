"""The connections of one process to one database file: few, shared by all threads, and never a stale one."""

import errno
import os
import sqlite3
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from langcache.errors import ForeignFile, StoreError
from langcache.storage.sqlite import files, schema
from langcache.storage.sqlite.files import Identity

_CACHE_KIB: Final = 8 * 1024
_WAL_LIMIT_BYTES: Final = 16 * 1024 * 1024
_TORN_CODES: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Torn(Exception):
    """The database of *identity* is ours and malformed."""

    def __init__(self, identity: Identity) -> None:
        super().__init__(identity)
        self.identity = identity


class Connection(sqlite3.Connection):
    """A connection that knows which file it opened, even after that file was renamed."""

    identity: Identity

    def leave(self) -> None:
        """Close, and stop vouching for the file."""
        self.close()
        files.let_go(self.identity)


def has_moved(error: Exception) -> bool:
    """Whether another process has set the file aside between our opening and our writing it."""
    moved = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_READONLY_DBMOVED
    return moved or isinstance(error, files.Vanished)


def is_of_a_moved_file(error: sqlite3.Error) -> bool:
    """Whether SQLite may say so because the log of its open file is elsewhere."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)


def is_locked(error: BaseException) -> bool:
    """Whether another process kept the file locked for too long."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def is_torn(error: sqlite3.Error) -> bool:
    """Whether *error* means a malformed database rather than a busy, full or unreachable one."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _TORN_CODES


def _raise_torn(identity: Identity, error: BaseException) -> None:
    if isinstance(error, sqlite3.Error) and is_torn(error):
        raise Torn(identity) from error


class Connections:
    """A bounded pool, opened as needed.

    Args:
        path: the database file; made when first needed.
        limit: most connections open at once; more threads than that wait for each other.
        busy_timeout_s: how long to wait for another process's write, in seconds.
        synchronous: SQLite's ``synchronous`` setting, ``"NORMAL"`` or ``"FULL"``.
    """

    def __init__(self, path: Path, *, limit: int, busy_timeout_s: float, synchronous: str) -> None:
        self.path = path
        self._name = str(path)
        self._limit, self._busy_timeout_s, self._synchronous = limit, busy_timeout_s, synchronous
        self._closed = False
        self._reset()

    def _reset(self) -> None:
        # None is leave to open one more. All of them together, idle or in use, always number `limit`.
        self._idle: SimpleQueue[Connection | None] = SimpleQueue()
        self._unopened: SimpleQueue[None] = SimpleQueue()
        for _ in range(self._limit):
            self._unopened.put(None)

    def take(self) -> Connection:
        """A connection to the file that is at the path now; give it back with :meth:`give`.

        Raises:
            ForeignFile: the file there is not ours.
            StoreError: the pool is closed, or all connections stayed in use.
            Torn: the file there is ours and malformed.
            sqlite3.Error: the file cannot be opened.
        """
        while True:
            connection = self._next()
            if connection is None:
                return self._open_or_return_leave()
            if self.is_current(connection):
                return connection
            self.drop(connection)

    def give(self, connection: Connection) -> None:
        """Take *connection* back."""
        if self._closed:
            self.drop(connection)
        else:
            self._idle.put(connection)

    def drop(self, connection: Connection) -> None:
        """Close *connection* instead of taking it back."""
        self._leave(connection)
        self._idle.put(None)

    def is_current(self, connection: Connection) -> bool:
        """Whether the path still leads to the file *connection* opened.

        Another process may have set a torn file aside, or somebody deleted it; what is written there is lost.
        """
        try:
            status = os.stat(self._name)
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == connection.identity

    def close(self) -> None:
        """Close what is idle now, and the rest as it comes back."""
        self._closed = True
        for _ in range(self._limit):
            try:
                connection = self._idle.get_nowait()
            except Empty:
                return
            if connection is None:
                self._unopened.put(None)
            else:
                self.drop(connection)

    def rest(self) -> None:
        """Close all connections before a fork, waiting for those in use.

        SQLite keeps a process's locks in memory. A copy of it would believe to hold locks that only the
        parent holds ("How To Corrupt An SQLite Database File", 2.6), so no connection may cross the fork.
        """
        for _ in range(self._limit):
            try:
                connection = self._next()
            except StoreError:
                return
            if connection is not None:
                self._leave(connection)

    def resume(self) -> None:
        """Go on in the parent of a fork, waking those who waited meanwhile."""
        for _ in range(self._limit):
            self._idle.put(None)

    def renew(self) -> None:
        """Go on in the child of a fork."""
        self._reset()

    def _next(self) -> Connection | None:
        for queue in (self._idle, self._unopened):
            try:
                return queue.get_nowait()
            except Empty:
                continue
        try:
            return self._idle.get(timeout=self._busy_timeout_s)
        except Empty:
            raise StoreError(f"all {self._limit} connections to {self.path} are in use") from None

    def _open_or_return_leave(self) -> Connection:
        try:
            if self._closed:
                raise StoreError(f"the store at {self.path} is closed")
            return self._open()
        except BaseException:
            self._idle.put(None)
            raise

    def _leave(self, connection: Connection) -> None:
        with files.in_place(self.path):
            connection.leave()

    def _open(self) -> Connection:
        while (connection := self._open_existing()) is None:
            self._make()
        try:
            self._bring_up_to_date(connection)
        except BaseException as error:
            self._leave(connection)
            _raise_torn(connection.identity, error)
            raise
        return connection

    def _open_existing(self) -> Connection | None:
        """A connection to the file that is there; None where there is none, or another one by now."""
        identity = files.identify(self.path)
        if identity is None:
            return None
        files.hold(self.path, identity)
        try:
            with files.in_place(self.path):
                if files.identify(self.path) == identity:
                    return self._connect_for_good(identity)
        except BaseException as error:
            files.let_go(identity)
            _raise_torn(identity, error)
            raise
        files.let_go(identity)
        return None

    def _connect_for_good(self, identity: Identity) -> Connection:
        """A connection that has read from the file, and so has its log open whatever happens to the names."""
        connection = self._connect(self.path)
        connection.identity = identity
        try:
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            connection.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT_BYTES}")
            connection.execute("PRAGMA user_version").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection

    def _bring_up_to_date(self, connection: Connection) -> None:
        try:
            if not schema.is_current(connection):
                with files.exclusively(self.path):
                    schema.migrate(connection)
        except ForeignFile as error:
            raise ForeignFile(f"{self.path}: {error}") from None

    def ensure_still_there(self, identity: Identity, error: sqlite3.Error) -> None:
        """Raise `files.Vanished` from *error* if somebody has set the file of *identity* aside."""
        with files.exclusively(self.path):
            if files.identify(self.path) != identity:
                raise files.Vanished(errno.ENOENT, "set aside while it was in use", str(self.path)) from error

    def _connect(self, path: Path) -> Connection:
        return sqlite3.connect(
            path,
            timeout=self._busy_timeout_s,
            isolation_level=None,
            check_same_thread=False,
            factory=Connection,
        )

    def _make(self) -> None:
        """A new database, complete before anybody can see it."""
        with files.exclusively(self.path):
            if files.identify(self.path) is not None:
                return
            new = self.path.with_name(self.path.name + ".new")
            new.unlink(missing_ok=True)
            connection = self._connect(new)
            try:
                schema.mark_as_ours(connection)
                schema.migrate(connection)
            finally:
                connection.close()
            files.install(new, self.path)
