"""What a store does to its tables, each a function of an open connection; no retries, no locks, no clock."""

import json
from collections.abc import Collection, Iterable
from functools import lru_cache
from sqlite3 import Connection
from typing import Final

from langcache.storage.base import LEASE_MEMORY_S, PAGE_ROWS, Lease, Record, Row, Usage, is_expired

_PURGE_PER_PUT: Final = 4
_EVICT_AT_ONCE: Final = 32
_EVICTIONS_PER_PUT: Final = 64

_GET = "SELECT value, created_at, expires_at, labels FROM entry WHERE namespace = ? AND key = ?"
_PUT = (
    "INSERT INTO entry (namespace, key, created_at, expires_at, size_bytes, labels, value) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_DELETE = "DELETE FROM entry WHERE namespace = ? AND key = ?"
# One may be left where a trigger cannot read it (a NUL): the entry it was of is found by it again, or not at all.
_LABEL = "INSERT OR IGNORE INTO label (namespace, label, key) VALUES (?, ?, ?)"
_ROWS = "SELECT key, size_bytes, created_at, expires_at, labels FROM entry WHERE namespace = ? AND key >= ?"
_BY_LABEL = (
    "SELECT entry.key, size_bytes, created_at, expires_at, labels"
    " FROM label JOIN entry USING (namespace, key)"
    " WHERE label.namespace = ? AND label.label = ? AND label.key >= ?"
)
_LABELLED_TOO = (
    " AND EXISTS (SELECT 1 FROM label AS other"
    " WHERE other.namespace = entry.namespace AND other.label = ? AND other.key = entry.key)"
)
_PURGE = "DELETE FROM entry WHERE id IN (SELECT id FROM entry WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)"
_OLDEST = "SELECT id, size_bytes FROM entry ORDER BY created_at, id LIMIT ?"
_HELD = "SELECT 1 FROM lease WHERE namespace = ? AND key = ? AND held AND ends_at > ?"
_NEXT_LEASE = (
    "SELECT max(?, 1 + coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'lease'), 0)), NOT EXISTS"
    " (SELECT 1 FROM entry WHERE namespace = ? AND key = ? AND (expires_at IS NULL OR expires_at > ?))"
)
_ACQUIRE = "INSERT OR REPLACE INTO lease (token, namespace, key, ends_at) VALUES (?, ?, ?, ?)"
_RENEW = "UPDATE lease SET ends_at = ? WHERE token = ? AND namespace = ? AND key = ? AND held AND ends_at > ?"
_RELEASE = "UPDATE lease SET held = 0 WHERE token = ? AND namespace = ? AND key = ?"


def get(connection: Connection, namespace: str, key: str, now: float) -> Record | None:
    """The live record under *key*."""
    row = connection.execute(_GET, (namespace, key)).fetchone()
    if row is None or is_expired(row[2], now):
        return None
    return Record(row[0], row[1], row[2], _labels_of(row[3]))


def put(connection: Connection, namespace: str, key: str, record: Record, now: float, lease: Lease | None) -> bool:
    """Store *record* and give *lease* back, unless that is fenced off; remove a few of the expired."""
    if lease is not None and not release(connection, lease):
        return False
    connection.execute(_DELETE, (namespace, key))
    labels = sorted(record.labels)
    connection.execute(
        _PUT,
        (
            namespace,
            key,
            record.created_at,
            record.expires_at,
            len(record.value),
            json.dumps(labels) if labels else "",
            record.value,
        ),
    )
    connection.executemany(_LABEL, [(namespace, label, key) for label in labels])
    purge(connection, now, _PURGE_PER_PUT)
    return True


def delete(connection: Connection, namespace: str, keys: Iterable[str]) -> int:
    """Remove *keys*."""
    return sum(connection.execute(_DELETE, (namespace, key)).rowcount for key in keys)


def page(connection: Connection, namespace: str, labels: Collection[str], start: str) -> list[Row]:
    """The next rows from the key *start* on, in the order of keys; the expired among them included."""
    sql, values = _page_query(namespace, sorted(set(labels)), start)
    rows = connection.execute(f"{sql} LIMIT {PAGE_ROWS}", values).fetchall()
    return [
        Row(key, size_bytes, created_at, expires_at, _labels_of(text))
        for key, size_bytes, created_at, expires_at, text in rows
    ]


def _page_query(namespace: str, labels: list[str], start: str) -> tuple[str, tuple[str, ...]]:
    if not labels:
        return f"{_ROWS} ORDER BY key", (namespace, start)
    first, *others = labels
    sql = _BY_LABEL + _LABELLED_TOO * len(others)
    return f"{sql} ORDER BY label.key", (namespace, first, start, *others)


def clear(connection: Connection, namespace: str) -> int:
    """Remove all records and leases of *namespace*."""
    connection.execute("DELETE FROM lease WHERE namespace = ?", (namespace,))
    return connection.execute("DELETE FROM entry WHERE namespace = ?", (namespace,)).rowcount


def acquire(connection: Connection, namespace: str, key: str, ends_at: float, now: float) -> Lease | None:
    """A new lease unless one is held."""
    if connection.execute(_HELD, (namespace, key, now)).fetchone():
        return None
    # At least the time in milliseconds, so that tokens also grow past a file that was set aside.
    token, vacant = connection.execute(_NEXT_LEASE, (int(now * 1000), namespace, key, now)).fetchone()
    connection.execute(_ACQUIRE, (token, namespace, key, ends_at))
    connection.execute("DELETE FROM lease WHERE ends_at <= ?", (now - LEASE_MEMORY_S,))
    return Lease(namespace, key, token, vacant=bool(vacant))


def renew(connection: Connection, lease: Lease, ends_at: float, now: float) -> bool:
    """Move the end of *lease* if it is still held."""
    values = (ends_at, lease.token, lease.namespace, lease.key, now)
    return connection.execute(_RENEW, values).rowcount == 1


def release(connection: Connection, lease: Lease) -> bool:
    """Let the next acquire, unless *lease* is fenced off; its token stays known, to fence off holders of older ones."""
    return connection.execute(_RELEASE, (lease.token, lease.namespace, lease.key)).rowcount == 1


def usage(connection: Connection, namespace: str | None) -> Usage:
    """What *namespace*, or everything, takes."""
    sql = "SELECT coalesce(sum(entries), 0), coalesce(sum(size_bytes), 0) FROM usage"
    if namespace is None:
        return Usage(*connection.execute(sql).fetchone())
    return Usage(*connection.execute(f"{sql} WHERE namespace = ?", (namespace,)).fetchone())


def purge(connection: Connection, now: float, limit: int) -> int:
    """Remove at most *limit* of the expired, longest expired first."""
    return connection.execute(_PURGE, (now, limit)).rowcount


def evict(connection: Connection, max_bytes: int) -> bool:
    """Remove the oldest until the pages in use fit *max_bytes*; some more, so that not each put must.

    One call removes a bounded number, so that a bound made much smaller is reached over several puts.

    Returns:
        Whether the file is larger than its bound, so that :func:`shrink` has something to do.
    """
    if _pragma(connection, "page_count") * _page_bytes(connection) <= max_bytes:
        return False
    if used_bytes(connection) > max_bytes:
        goal = max_bytes - max_bytes // 20
        for _ in range(_EVICTIONS_PER_PUT):
            excess = used_bytes(connection) - goal
            if excess <= 0 or not _evict_oldest(connection, excess):
                break
    return True


def _evict_oldest(connection: Connection, excess_bytes: int) -> int:
    doomed = []
    for number, size_bytes in connection.execute(_OLDEST, (_EVICT_AT_ONCE,)).fetchall():
        if excess_bytes <= 0:
            break
        doomed.append((number,))
        excess_bytes -= size_bytes
    connection.executemany("DELETE FROM entry WHERE id = ?", doomed)
    return len(doomed)


def used_bytes(connection: Connection) -> int:
    """The pages in use, in bytes; free ones inside the file do not count."""
    pages = _pragma(connection, "page_count") - _pragma(connection, "freelist_count")
    return pages * _page_bytes(connection)


def shrink(connection: Connection, max_bytes: int = 0) -> None:
    """Give free pages back to the file system until the file fits *max_bytes*. Not within a transaction."""
    surplus = _pragma(connection, "page_count") - max_bytes // _page_bytes(connection)
    if surplus > 0:
        # A script, since execute stops at the first page given back.
        connection.executescript(f"PRAGMA incremental_vacuum({surplus}); PRAGMA wal_checkpoint(PASSIVE);")


def _page_bytes(connection: Connection) -> int:
    return _pragma(connection, "page_size")


def _pragma(connection: Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value


@lru_cache(maxsize=1024)
def _labels_of(text: str) -> frozenset[str]:
    return frozenset(json.loads(text)) if text else frozenset()
