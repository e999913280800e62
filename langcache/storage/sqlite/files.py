"""Whose file it is, and how it is made, locked and set aside, all below SQLite's own reach."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG
from threading import Lock
from typing import Final, NamedTuple

from langcache.errors import ForeignFile

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

APPLICATION_ID: Final = 0x4C634361
"""``LcCa``, at offset 68 of the file (SQLite file format, 1.3.17)."""

_MAGIC: Final = b"SQLite format 3\x00"
_HEADER_BYTES: Final = 100
_SIDECARS: Final = ("-wal", "-shm", "-journal")


class Identity(NamedTuple):
    """Which file a path leads to, whatever it is called by now."""

    device: int
    inode: int


class Vanished(OSError):
    """The file was there a moment ago: another process has set it aside."""


def identify(path: Path) -> Identity | None:
    """The identity of the file at *path*; None where there is none or an empty one, which is as good as none.

    Raises:
        ForeignFile: it is no regular file, or may not be looked at.
    """
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ForeignFile(f"{path} cannot be read: {error.strerror}") from error
    if not S_ISREG(status.st_mode):  # of the file just seen; by now another may be there, or none
        raise ForeignFile(f"{path} is not a file")
    return Identity(status.st_dev, status.st_ino) if status.st_size else None


def flush(path: Path, known: Identity | None) -> Identity | None:
    """Flush the file at *path* to the disk, and its folder unless the file is the *known* one; its identity.

    No file means that there is nothing left to flush: closing the last connection moves all of it and removes it.
    """
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        os.fsync(descriptor)
        status = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    identity = Identity(status.st_dev, status.st_ino)
    if identity != known and sys.platform != "win32":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return identity


class _Probe:
    """A file descriptor of a database in use, and how many connections use it."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.users = 0

    def is_ours(self) -> bool:
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        header = os.read(self.descriptor, _HEADER_BYTES)
        mark = header[68:72]
        return header.startswith(_MAGIC) and mark == APPLICATION_ID.to_bytes(4, "big")


# POSIX drops all of a process's locks on a file when it closes any descriptor of it ("How To Corrupt An
# SQLite Database File", 2.2). So the descriptor that read the header stays open as long as SQLite has the
# file open.
_probes: dict[Identity, _Probe] = {}
_probes_lock = Lock()


def _renew_lock() -> None:
    global _probes_lock
    _probes_lock = Lock()


if hasattr(os, "register_at_fork"):
    # Another thread of the parent may hold it at that moment, and would never release the child's copy.
    os.register_at_fork(after_in_child=_renew_lock)


def hold(path: Path, identity: Identity) -> None:
    """Vouch for the file at *path* before SQLite opens it, until :func:`let_go` is called as often.

    Raises:
        ForeignFile: its header is not ours. Nothing was written or moved.
    """
    with _probes_lock:
        probe = _probes.get(identity)
        if probe is None:
            try:
                probe = _Probe(os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0)))
            except FileNotFoundError as error:
                raise Vanished(error.errno, error.strerror, str(path)) from error
            except OSError as error:
                raise ForeignFile(f"{path} cannot be read: {error.strerror}") from error
            if not probe.is_ours():
                os.close(probe.descriptor)
                raise _foreign(path)
            _probes[identity] = probe
        probe.users += 1


def _foreign(path: Path) -> ForeignFile:
    return ForeignFile(f"{path} is not a langcache database; it was left as it is")


def let_go(identity: Identity) -> None:
    """Undo one :func:`hold`, after SQLite has closed the file."""
    with _probes_lock:
        probe = _probes[identity]
        probe.users -= 1
        if not probe.users:
            os.close(probe.descriptor)
            del _probes[identity]


@contextmanager
def exclusively(path: Path) -> Iterator[None]:
    """Be the only one in any process that makes, migrates or sets aside the database at *path*.

    The lock is a file of its own, ``<name>.lock``, which stays: a lock file that is removed can be locked
    twice.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(_open_lock(path), alone=True):
        yield


@contextmanager
def in_place(path: Path) -> Iterator[None]:
    """Have the database at *path* neither made, migrated nor set aside meanwhile; any number may have it so at once.

    SQLite finds the log of a database by its name, when it first reads and when it closes last. Were the file
    moved in between, it would take the log of the one that took its place ("How To Corrupt An SQLite Database
    File", 2.4). Where the lock cannot be made, as in a folder that has gone or may only be read, there is none.
    """
    try:
        descriptor = _open_lock(path)
    except OSError:
        yield
        return
    with _locked(descriptor, alone=False):
        yield


def _open_lock(path: Path) -> int:
    return os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o666)


@contextmanager
def _locked(descriptor: int, *, alone: bool) -> Iterator[None]:
    try:
        _lock(descriptor, alone)
        yield
    finally:
        _unlock(descriptor)
        os.close(descriptor)


if sys.platform == "win32":

    def _lock(descriptor: int, alone: bool) -> None:  # Windows has no shared one here
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

    def _unlock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:

    def _lock(descriptor: int, alone: bool) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)

    def _unlock(descriptor: int) -> None:
        # Not left to the closing: a child forked meanwhile has the descriptor too, and would keep the lock.
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def install(new: Path, path: Path) -> None:
    """Put the finished database *new* at *path*; the caller holds the lock and saw nothing there.

    What a deleted database left beside it goes first, since SQLite would replay it into the new one.
    """
    for suffix in _SIDECARS:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    new.replace(path)


def set_aside(path: Path, identity: Identity) -> Path | None:
    """Rename the torn database of *identity* with its ``-wal`` and ``-shm`` to ``<name>.corrupt-<n>``.

    Returns:
        The new path, or None if somebody else was quicker.

    Raises:
        ForeignFile: somebody wrote a file of their own over ours.
    """
    with exclusively(path):
        if identify(path) != identity:
            return None
        _still_ours(path, identity)
        target = _free_name(path)
        # The sidecars go first: a WAL left beside a new database would be replayed into it.
        for suffix in (*_SIDECARS, ""):
            source = path.with_name(path.name + suffix)
            if source.exists():
                source.rename(target.with_name(target.name + suffix))
        return target


def _still_ours(path: Path, identity: Identity) -> None:
    hold(path, identity)
    try:
        with _probes_lock:
            if not _probes[identity].is_ours():
                raise _foreign(path)
    finally:
        let_go(identity)


def _free_name(path: Path) -> Path:
    number = 1
    while (target := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    return target
