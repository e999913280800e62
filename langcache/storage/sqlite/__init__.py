"""The SQLite store: one file, many processes and threads."""

from langcache.storage.sqlite.store import SQLiteStore, open_sqlite

__all__ = ["SQLiteStore", "open_sqlite"]
