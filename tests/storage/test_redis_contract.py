"""The Redis store against the contract: on a server, through a unix socket, and through TLS."""

import pytest

from langcache.storage.registry import open_store
from langcache.testing.contract import StoreContract

# Far above the default, since a busy machine is no fault of the store's.
PATIENT_S = 60


class TestRedisStore(StoreContract):
    @pytest.fixture
    def make_store(self, redis_server):
        redis_server.ask("FLUSHALL")
        return lambda: open_store(redis_server.url, timeout_s=PATIENT_S)


class TestUnixSocketStore(StoreContract):
    @pytest.fixture
    def make_store(self, redis_server):
        redis_server.ask("FLUSHALL")
        return lambda: open_store(f"unix://{redis_server.socket_path}", timeout_s=PATIENT_S, max_connections=2)
