"""The Redis store behind Sentinels: the contract, and a master that dies."""

import time

import pytest

from langcache.errors import StoreError
from langcache.storage.registry import open_store
from langcache.testing.contract import NOW, StoreContract, record
from langcache.testing.drivers import drive
from langcache.testing.redis_server import running_sentinel, wait_until

PATIENT_S = 60


class TestSentinelStore(StoreContract):
    @pytest.fixture
    def make_store(self, redis_sentinel):
        sentinel, master = redis_sentinel
        master.ask("FLUSHALL")
        return lambda: open_store(f"redis+sentinel://127.0.0.1:{sentinel.port}/service?timeout_s={PATIENT_S}")


@pytest.mark.parametrize("half", ["sync", "async"])
def test_a_replica_takes_over(half):
    """The store follows to the new master by itself, failing with nothing but StoreError meanwhile."""
    with running_sentinel(patience_s=0.5) as (sentinel, master, replica):
        store = drive(half, lambda: open_store(f"redis+sentinel://127.0.0.1:{sentinel.port}/service", timeout_s=2))
        store.put("ns", "k", record(b"kept"), now=NOW)
        wait_until(lambda: replica.ask("DBSIZE") == 1, "replication")
        master.kill()
        end = time.monotonic() + 120
        while not puts(store):
            assert time.monotonic() < end
            time.sleep(0.1)
        assert record(b"kept") == store.get("ns", "k", now=NOW)
        assert b"role:master" in replica.ask("INFO", "replication")
        store.finish()


def puts(store):
    try:
        return store.put("ns", "after", record(), now=NOW)
    except StoreError:
        return False


def test_an_unknown_service_is_told():
    """Sentinels that know no such master are an error, not a wait."""
    with running_sentinel() as (sentinel, _, _), pytest.raises(StoreError, match="nobody"):
        open_store(f"redis+sentinel://127.0.0.1:{sentinel.port}/nobody").get("ns", "k", now=NOW)
