"""The SQLite store against the contract."""

import pytest

from langcache.storage.sqlite import SQLiteStore
from langcache.testing.contract import StoreContract


class TestSQLiteStore(StoreContract):
    @pytest.fixture
    def make_store(self, tmp_path):
        return lambda: SQLiteStore(tmp_path / "cache.db")


class TestDurableSQLiteStore(StoreContract):
    @pytest.fixture
    def make_store(self, tmp_path):
        return lambda: SQLiteStore(tmp_path / "cache.db", durable=True, max_connections=2)
