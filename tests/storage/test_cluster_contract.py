"""The Redis store against the contract, on a cluster of three masters."""

import pytest

from langcache.storage.registry import open_store
from langcache.testing.contract import StoreContract

PATIENT_S = 60


def url_of(nodes):
    return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes)


class TestClusterStore(StoreContract):
    @pytest.fixture
    def make_store(self, redis_cluster):
        for node in redis_cluster:
            node.ask("FLUSHALL")
        return lambda: open_store(url_of(redis_cluster), timeout_s=PATIENT_S)
