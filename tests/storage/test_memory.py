"""The memory store: the contract, its bounds, its order of eviction."""

import pytest

from langcache.storage.base import Record, Usage
from langcache.storage.memory import MemoryStore
from langcache.testing.contract import NOW, StoreContract, record


class TestMemoryStore(StoreContract):
    durable = False

    @pytest.fixture
    def make_store(self):
        return MemoryStore


def keys(store):
    return [row.key for row in store.scan("ns", now=NOW)]


def test_the_least_recently_used_goes_first():
    """A get counts as use."""
    store = MemoryStore(max_entries=2)
    store.put("ns", "a", record(), now=NOW)
    store.put("ns", "b", record(), now=NOW)
    store.get("ns", "a", now=NOW)
    store.put("ns", "c", record(), now=NOW)
    assert sorted(keys(store)) == ["a", "c"]


def test_the_sum_of_values_is_bounded():
    """As many go as needed, and one that is too large by itself is accepted and gone."""
    store = MemoryStore(max_bytes=100)
    for key in "abcd":
        store.put("ns", key, record(b"x" * 30), now=NOW)
    assert Usage(3, 90) == store.usage()
    assert store.put("ns", "huge", record(b"x" * 101), now=NOW) is True
    assert store.get("ns", "huge", now=NOW) is None
    assert store.usage().size_bytes <= 100


def test_puts_remove_the_expired():
    """Without any purge the expired do not pile up."""
    store = MemoryStore()
    for number in range(1000):
        now = NOW + number
        store.put("ns", str(number), Record(b"x", now, now + 10), now=now)
    assert store.usage().entries <= 20


def test_overwriting_forever_takes_no_more_memory():
    """The list of expiries is bounded by the entries, not by the puts."""
    store = MemoryStore()
    for number in range(1000):
        store.put("ns", "k", record(expires_at=NOW + number + 1), now=NOW)
    assert len(store._expiries) < 100


def test_leases_do_not_pile_up():
    """Leases long ended are forgotten as new ones come."""
    store = MemoryStore()
    for number in range(100):
        store.acquire("ns", str(number), ttl_s=1, now=NOW + 3600 * number)
    assert len(store._leases) <= 3
