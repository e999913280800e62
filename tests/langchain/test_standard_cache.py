"""LangChain's own suites for a model cache, for the exact-match mode."""

import pytest
from langchain_core.caches import BaseCache
from langchain_tests.integration_tests.cache import AsyncCacheTestSuite, SyncCacheTestSuite

from langcache import Cache


class TestSyncStandard(SyncCacheTestSuite):
    """The sync suite on memory."""

    @pytest.fixture
    def cache(self) -> BaseCache:
        return Cache("memory://").llm_cache()


class TestAsyncStandard(AsyncCacheTestSuite):
    """The async suite on memory."""

    @pytest.fixture
    async def cache(self) -> BaseCache:
        return Cache("memory://").llm_cache()


class TestSyncStandardOnSqlite(SyncCacheTestSuite):
    """The sync suite on SQLite."""

    @pytest.fixture
    def cache(self, tmp_path):
        with Cache(f"sqlite:///{tmp_path}/c.db") as cache:
            yield cache.llm_cache()


class TestAsyncStandardOnSqlite(AsyncCacheTestSuite):
    """The async suite on SQLite."""

    @pytest.fixture
    async def cache(self, tmp_path):
        async with Cache(f"sqlite:///{tmp_path}/c.db") as cache:
            yield cache.llm_cache()
