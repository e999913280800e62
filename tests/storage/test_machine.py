"""Each store tells any story as a dictionary would, on both halves."""

import tempfile
from pathlib import Path

from hypothesis import settings

from langcache.storage.memory import MemoryStore
from langcache.storage.sqlite import SQLiteStore
from langcache.testing.machine import store_machine

FILES = settings(max_examples=25, stateful_step_count=30)


class TemporarySQLiteStore(SQLiteStore):
    """A store whose file goes with it."""

    def __init__(self):
        self._directory = tempfile.TemporaryDirectory()
        super().__init__(Path(self._directory.name) / "cache.db")

    def close(self):
        super().close()
        self._directory.cleanup()


TestMemory = store_machine(MemoryStore, "sync")
TestMemoryAsync = store_machine(MemoryStore, "async")
TestSQLite = store_machine(TemporarySQLiteStore, "sync")
TestSQLite.settings = FILES
TestSQLiteAsync = store_machine(TemporarySQLiteStore, "async")
TestSQLiteAsync.settings = FILES
