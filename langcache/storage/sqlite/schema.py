"""The tables of a SQLite store and how older files become newer ones.

``PRAGMA user_version`` counts the steps a file has taken; a step once released is never edited, only
followed.
"""

import sqlite3
from typing import Final

from langcache.errors import ForeignFile
from langcache.storage.sqlite.files import APPLICATION_ID

_ENTRIES = """
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    key TEXT NOT NULL,
    created_at REAL NOT NULL,
    expires_at REAL,
    size_bytes INTEGER NOT NULL,
    labels TEXT NOT NULL DEFAULT '',
    value BLOB NOT NULL,
    UNIQUE (namespace, key)
);
CREATE INDEX entry_by_age ON entry (created_at);
CREATE INDEX entry_by_expiry ON entry (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX entry_sizes ON entry (namespace, size_bytes);
"""

_LABELS = """
CREATE TABLE label (
    namespace TEXT NOT NULL,
    label TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (namespace, label, key)
) WITHOUT ROWID;
CREATE TRIGGER entry_gone AFTER DELETE ON entry WHEN OLD.labels <> '' BEGIN
    DELETE FROM label WHERE namespace = OLD.namespace AND key = OLD.key
        AND label IN (SELECT value FROM json_each(OLD.labels));
END;
INSERT INTO label (namespace, label, key)
    SELECT entry.namespace, word.value, entry.key FROM entry, json_each(entry.labels) AS word
    WHERE entry.labels <> '';
"""

_LEASES = """
CREATE TABLE lease (
    token INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace TEXT NOT NULL,
    key TEXT NOT NULL,
    ends_at REAL NOT NULL,
    held INTEGER NOT NULL DEFAULT 1,
    UNIQUE (namespace, key)
);
CREATE INDEX lease_by_end ON lease (ends_at);
"""

_COUNTS = """
CREATE TABLE sheet (
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    expires_at REAL NOT NULL,
    PRIMARY KEY (namespace, name)
) WITHOUT ROWID;
CREATE INDEX sheet_by_expiry ON sheet (expires_at);
CREATE TABLE count (
    namespace TEXT NOT NULL,
    sheet TEXT NOT NULL,
    name TEXT NOT NULL,
    cells TEXT NOT NULL,
    PRIMARY KEY (namespace, sheet, name)
) WITHOUT ROWID;
CREATE TABLE batch (
    namespace TEXT NOT NULL,
    id TEXT NOT NULL,
    added_at REAL NOT NULL,
    PRIMARY KEY (namespace, id)
) WITHOUT ROWID;
CREATE INDEX batch_by_age ON batch (added_at);
"""

_USAGE = """
CREATE TABLE usage (
    namespace TEXT PRIMARY KEY,
    entries INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO usage SELECT namespace, count(*), sum(size_bytes) FROM entry GROUP BY namespace;
CREATE TRIGGER entry_came AFTER INSERT ON entry BEGIN
    INSERT INTO usage VALUES (NEW.namespace, 1, NEW.size_bytes) ON CONFLICT (namespace)
        DO UPDATE SET entries = entries + 1, size_bytes = size_bytes + NEW.size_bytes;
END;
CREATE TRIGGER entry_went AFTER DELETE ON entry BEGIN
    UPDATE usage SET entries = entries - 1, size_bytes = size_bytes - OLD.size_bytes
        WHERE namespace = OLD.namespace;
END;
"""

_NO_SIZES = """
DROP INDEX entry_sizes;
"""
"""Sizes are summed by triggers, so an index of them is only one more page to write at each put."""

MIGRATIONS: Final = (_ENTRIES, _LABELS, _LEASES, _COUNTS, _USAGE, _NO_SIZES)


def version_of(connection: sqlite3.Connection) -> int:
    """How many migrations the database has taken.

    Raises:
        ForeignFile: more than this release knows, so it must not write there.
    """
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise ForeignFile(f"schema {version} was written by a newer langcache; this one knows {len(MIGRATIONS)}")
    return version


def is_current(connection: sqlite3.Connection) -> bool:
    """Whether nothing is left to migrate."""
    return version_of(connection) == len(MIGRATIONS)


def migrate(connection: sqlite3.Connection) -> None:
    """Take the steps that are missing, each in its own transaction: a kill in between loses nothing."""
    for number in range(version_of(connection), len(MIGRATIONS)):
        connection.executescript(f"BEGIN IMMEDIATE; {MIGRATIONS[number]} PRAGMA user_version = {number + 1}; COMMIT;")


def mark_as_ours(connection: sqlite3.Connection) -> None:
    """Prepare an empty database: these settings must come before its first table."""
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA journal_mode = WAL")
