"""The laws of a store, each written once and run on both halves. Needs pytest.

To hold your store to them, subclass and say how it is made::

    class TestMyStore(StoreContract):
        @pytest.fixture
        def make_store(self, tmp_path):
            return lambda: MyStore(tmp_path / "data")
"""

from collections.abc import Callable, Iterator

import pytest

from langcache.errors import StoreError
from langcache.storage.base import LEASE_MEMORY_S, PAGE_ROWS, Lease, Record, Store, Usage
from langcache.testing.count_laws import NOW, ODD_NAMES, CountLaws
from langcache.testing.drivers import Driver, Half, call, drive


def record(value: bytes = b"value", *, expires_at: float | None = None, labels: str = "") -> Record:
    """A record made at :data:`NOW`; *labels* are separated by spaces."""
    return Record(value, NOW, expires_at, frozenset(labels.split()))


class StoreContract(CountLaws):
    """Subclass this with a ``make_store`` fixture; each law runs on both halves of the store."""

    durable = True
    """Whether what was put is there when ``make_store`` is called again."""

    @pytest.fixture
    def make_store(self) -> Callable[[], Store]:
        """Override: a function that opens the store, each time on the same, initially empty, data."""
        raise NotImplementedError

    @pytest.fixture(params=["sync", "async"])
    def half(self, request: pytest.FixtureRequest) -> Half:
        """Which half of the store the law runs on."""
        half: Half = request.param
        return half

    @pytest.fixture
    def store(self, half: Half, make_store: Callable[[], Store]) -> Iterator[Driver]:
        """The store under test."""
        driver = drive(half, make_store)
        yield driver
        driver.finish()

    def test_no_law_is_left_out(self) -> None:
        """A subclass replaces or removes a law, or a half, only with ``xfail(reason=...)`` in its place."""
        laws = {**vars(CountLaws), **vars(StoreContract)}
        changed = [
            name
            for name in laws
            if name.startswith("test_") or name in ("half", "store")
            if _definition(type(self), name) is not laws[name] and not _has_reason(_definition(type(self), name))
        ]
        assert not changed, f"laws changed without a reason: {changed}"

    def test_what_was_put_is_got(self, store: Driver) -> None:
        """All of a record comes back."""
        kept = record(b"\x00answer\xff", expires_at=NOW + 0.25, labels="chain:a tag:b")
        assert store.put("ns", "k", kept, now=NOW) is True
        assert kept == store.get("ns", "k", now=NOW)

    def test_nothing_is_got_where_nothing_was_put(self, store: Driver) -> None:
        """A missing record is None."""
        assert store.get("ns", "k", now=NOW) is None

    def test_a_second_put_replaces_the_first(self, store: Driver) -> None:
        """The last put counts, its labels and expiry included."""
        store.put("ns", "k", record(b"old", expires_at=NOW + 1, labels="a b"), now=NOW)
        store.put("ns", "k", record(b"new", labels="b c"), now=NOW)
        assert record(b"new", labels="b c") == store.get("ns", "k", now=NOW + 2)
        assert store.scan("ns", now=NOW, labels=["a"]) == []
        assert _keys(store, labels=["c"]) == ["k"]
        assert Usage(1, store.scan("ns", now=NOW)[0].size_bytes) == store.usage("ns")

    @pytest.mark.parametrize("value", [b"", b"\x00", bytes(range(256)) * 4096], ids=["empty", "nul", "MiB"])
    def test_any_bytes_are_a_value(self, store: Driver, value: bytes) -> None:
        """Values are opaque: empty, binary and large ones come back as they were."""
        store.put("ns", "k", record(value), now=NOW)
        assert record(value) == store.get("ns", "k", now=NOW)

    def test_a_record_is_there_until_the_instant_it_expires(self, store: Driver) -> None:
        """At ``now >= expires_at`` a record is gone, for get and scan alike, and not a moment earlier."""
        store.put("ns", "k", record(expires_at=NOW + 10, labels="a"), now=NOW)
        assert store.get("ns", "k", now=NOW + 9.999) is not None
        assert _keys(store, now=NOW + 9.999, labels=["a"]) == ["k"]
        assert store.get("ns", "k", now=NOW + 10) is None
        assert store.scan("ns", now=NOW + 10) == []

    def test_a_record_without_expiry_stays(self, store: Driver) -> None:
        """None means never."""
        store.put("ns", "k", record(), now=NOW)
        assert store.get("ns", "k", now=NOW + 1e9) is not None

    def test_namespaces_are_hard_partitions(self, store: Driver) -> None:
        """Whatever names hold, no namespace sees, counts or removes another's records."""
        places = [(namespace, key) for namespace in ODD_NAMES for key in ODD_NAMES]
        for number, (namespace, key) in enumerate(places):
            store.put(namespace, key, record(b"%d" % number, labels="a"), now=NOW)
        for number, (namespace, key) in enumerate(places):
            assert record(b"%d" % number, labels="a") == store.get(namespace, key, now=NOW)
        for namespace in ODD_NAMES:
            assert sorted(ODD_NAMES) == _keys(store, namespace, labels=["a"])
            assert len(ODD_NAMES) == store.clear(namespace)
            assert store.scan(namespace, now=NOW) == []
        assert Usage(0, 0) == store.usage()

    def test_delete_counts_what_was_there(self, store: Driver) -> None:
        """Missing keys and other namespaces do not count."""
        for key in "abc":
            store.put("ns", key, record(labels="x"), now=NOW)
        store.put("other", "a", record(), now=NOW)
        assert store.delete("ns", ["a", "b", "missing"]) == 2
        assert store.delete("ns", ["a", "b"]) == 0
        assert store.delete("ns", []) == 0
        assert _keys(store, labels=["x"]) == ["c"]
        assert store.get("other", "a", now=NOW) is not None

    def test_clear_empties_one_namespace(self, store: Driver) -> None:
        """The count is of its records; the rest stays."""
        for key in "abc":
            store.put("ns", key, record(labels="x"), now=NOW)
        store.put("other", "a", record(), now=NOW)
        assert store.clear("ns") == 3
        assert store.clear("ns") == 0
        assert store.scan("ns", now=NOW, labels=["x"]) == []
        assert _keys(store, "other") == ["a"]

    def test_scan_shows_all_but_the_value(self, store: Driver) -> None:
        """A row has the record's key, times and labels, and its size, which usage sums up."""
        store.put("ns", "k", record(b"12345", expires_at=NOW + 5, labels="a b"), now=NOW)
        (row,) = store.scan("ns", now=NOW)
        expected = ("k", NOW, NOW + 5, frozenset("ab"))
        assert expected == (row.key, row.created_at, row.expires_at, row.labels)
        assert row.size_bytes >= 5
        assert Usage(1, row.size_bytes) == store.usage("ns") == store.usage()

    def test_scan_finds_rows_with_all_labels(self, store: Driver) -> None:
        """Labels are joined by "and", compared whole, and may be odd names too."""
        store.put("ns", "1", record(labels="a b c"), now=NOW)
        store.put("ns", "2", record(labels="a b"), now=NOW)
        store.put("ns", "3", record(labels="ab"), now=NOW)
        store.put("ns", "4", Record(b"", NOW, None, frozenset(ODD_NAMES)), now=NOW)
        assert _keys(store, labels=["a"]) == ["1", "2", "4"]
        assert _keys(store, labels=["b", "a"]) == ["1", "2"]
        assert _keys(store, labels=["a", "c", "a"]) == ["1"]
        assert _keys(store, labels=["a", "missing"]) == []
        for label in ODD_NAMES:
            assert "4" in _keys(store, labels=[label])

    def test_scan_goes_past_one_page(self, store: Driver) -> None:
        """Many rows come once each, with and without labels."""
        keys = [f"{number:05d}" for number in range(2 * PAGE_ROWS + 1)]
        for key in keys:
            store.put("ns", key, record(labels="a" if key < keys[-2] else ""), now=NOW)
        assert keys == _keys(store)
        assert keys[:-2] == _keys(store, labels=["a"])

    def test_purge_removes_the_expired_bit_by_bit(self, store: Driver) -> None:
        """At most *limit* go, none that is live, and a purged store holds what is live."""
        for number in range(5):
            store.put("ns", f"old{number}", record(expires_at=NOW + 1, labels="a"), now=NOW)
        store.put("ns", "new", record(expires_at=NOW + 100, labels="a"), now=NOW)
        assert store.purge(now=NOW) == 0
        assert store.purge(now=NOW + 1, limit=2) <= 2
        while store.purge(now=NOW + 1):
            pass
        assert Usage(1, store.scan("ns", now=NOW)[0].size_bytes) == store.usage("ns")
        assert _keys(store, labels=["a"]) == ["new"]

    def test_one_lease_at_a_time(self, store: Driver) -> None:
        """While one holds a lease nobody else gets one; other keys and namespaces do not matter."""
        lease = store.acquire("ns", "k", ttl_s=10, now=NOW)
        assert lease is not None
        assert (lease.namespace, lease.key) == ("ns", "k")
        assert store.acquire("ns", "k", ttl_s=10, now=NOW + 9.999) is None
        assert store.acquire("ns", "other", ttl_s=10, now=NOW) is not None
        assert store.acquire("other", "k", ttl_s=10, now=NOW) is not None

    def test_a_released_lease_is_free_at_once(self, store: Driver) -> None:
        """The next token is greater; releasing twice or late does not touch the successor's lease."""
        first = _acquired(store)
        store.release(first)
        second = _acquired(store)
        assert second.token > first.token
        store.release(first)
        assert store.acquire("ns", "k", ttl_s=10, now=NOW) is None

    def test_a_lease_ends_at_its_instant(self, store: Driver) -> None:
        """At ``now >= acquired + ttl_s`` another may take over, with a greater token."""
        first = _acquired(store, ttl_s=10)
        second = _acquired(store, now=NOW + 10)
        assert second.token > first.token

    def test_renew_moves_the_end(self, store: Driver) -> None:
        """A holder keeps its lease by renewing, but not one that ended, was released, or taken over."""
        lease = _acquired(store, ttl_s=10)
        assert store.renew(lease, ttl_s=10, now=NOW + 5) is True
        assert store.acquire("ns", "k", ttl_s=10, now=NOW + 14.999) is None
        assert store.renew(lease, ttl_s=10, now=NOW + 15) is False
        successor = _acquired(store, now=NOW + 15)
        assert store.renew(lease, ttl_s=10, now=NOW + 16) is False
        store.release(successor)
        assert store.renew(successor, ttl_s=10, now=NOW + 16) is False

    def test_a_slow_holder_is_fenced_off(self, store: Driver) -> None:
        """After a takeover only the successor's put stores anything, also once it has released."""
        slow = _acquired(store, ttl_s=10)
        quick = _acquired(store, now=NOW + 10)
        assert store.put("ns", "k", record(b"late"), now=NOW + 11, lease=slow) is False
        assert store.get("ns", "k", now=NOW + 11) is None
        assert store.put("ns", "k", record(b"good"), now=NOW + 11, lease=quick) is True
        store.release(quick)
        assert store.put("ns", "k", record(b"late"), now=NOW + 12, lease=slow) is False
        assert record(b"good") == store.get("ns", "k", now=NOW + 12)

    def test_a_put_gives_its_lease_back(self, store: Driver) -> None:
        """What is stored under a lease frees the key at once; what is fenced off does not touch the successor's."""
        slow = _acquired(store, ttl_s=10)
        quick = _acquired(store, now=NOW + 10)
        assert store.put("ns", "k", record(b"late"), now=NOW + 11, lease=slow) is False
        assert store.acquire("ns", "k", ttl_s=10, now=NOW + 11) is None
        assert store.put("ns", "k", record(b"good"), now=NOW + 11, lease=quick) is True
        assert store.renew(quick, ttl_s=10, now=NOW + 11) is False
        assert store.put("ns", "k", record(b"better"), now=NOW + 11, lease=quick) is True
        assert _acquired(store, now=NOW + 11).token > quick.token

    def test_a_vacant_lease_is_of_nothing_stored(self, store: Driver) -> None:
        """A lease is never called vacant where a record is there."""
        store.put("ns", "k", record(expires_at=NOW + 20), now=NOW)
        store.put("ns", "other", record(), now=NOW)
        assert not _acquired(store, now=NOW + 19).vacant
        assert not _acquired(store, key="other").vacant

    def test_a_lease_nobody_took_over_still_stores(self, store: Driver) -> None:
        """Being late without a successor harms nobody."""
        lease = _acquired(store, ttl_s=10)
        assert store.put("ns", "k", record(), now=NOW + 20, lease=lease) is True

    def test_clear_fences_off_answers_under_way(self, store: Driver) -> None:
        """What was begun before a clear is not stored after it, and the key is free for the next."""
        stale = _acquired(store)
        store.clear("ns")
        assert store.put("ns", "k", record(b"stale"), now=NOW, lease=stale) is False
        assert store.get("ns", "k", now=NOW) is None
        fresh = _acquired(store)
        assert store.put("ns", "k", record(b"stale"), now=NOW, lease=stale) is False
        assert store.put("ns", "k", record(b"fresh"), now=NOW, lease=fresh) is True

    def test_delete_leaves_leases(self, store: Driver) -> None:
        """A holder that removes the entry it is about to replace keeps its lease."""
        lease = _acquired(store)
        store.put("ns", "k", record(b"old"), now=NOW)
        store.delete("ns", ["k"])
        assert store.acquire("ns", "k", ttl_s=10, now=NOW) is None
        assert store.put("ns", "k", record(b"new"), now=NOW, lease=lease) is True

    def test_long_ended_leases_are_forgotten_safely(self, store: Driver) -> None:
        """However late a purge comes, a holder that was taken over stays fenced off."""
        slow = _acquired(store, ttl_s=10)
        _acquired(store, now=NOW + 10)
        late = NOW + 100 * LEASE_MEMORY_S
        store.purge(now=late)
        _acquired(store, key="other", now=late)
        assert store.put("ns", "k", record(), now=late, lease=slow) is False

    def test_one_of_many_acquires(self, store: Driver) -> None:
        """Of concurrent acquirers exactly one gets the lease; of concurrent successors, too."""
        first = store.together([call("acquire", "ns", "k", ttl_s=10, now=NOW)] * 16)
        assert first.count(None) == 15
        second = store.together([call("acquire", "ns", "k", ttl_s=10, now=NOW + 10)] * 16)
        assert second.count(None) == 15

    def test_concurrent_puts_and_gets(self, store: Driver) -> None:
        """Under concurrency a get sees one whole record, and none is lost."""
        values = [bytes([number]) * 3000 for number in range(16)]
        puts = [call("put", "ns", "k", record(value, labels="a"), now=NOW) for value in values]
        own = [call("put", "ns", f"own{number}", record(value), now=NOW) for number, value in enumerate(values)]
        gets = [call("get", "ns", "k", now=NOW)] * 16
        results = store.together([each for group in zip(puts, own, gets, strict=True) for each in group])
        assert all(found is None or found.value in values for found in results[2::3])
        for number, value in enumerate(values):
            assert record(value) == store.get("ns", f"own{number}", now=NOW)
        assert _keys(store, labels=["a"]) == ["k"]

    def test_what_was_acknowledged_survives_reopening(self, store: Driver) -> None:
        """A durable store opened again holds records, labels and leases."""
        if not self.durable:
            pytest.skip("this store keeps nothing by design")
        lease = _acquired(store)
        store.put("ns", "k", record(b"kept", expires_at=NOW + 5, labels="a"), now=NOW)
        store.reopen()
        assert record(b"kept", expires_at=NOW + 5, labels="a") == store.get("ns", "k", now=NOW)
        assert _keys(store, labels=["a"]) == ["k"]
        assert store.acquire("ns", "k", ttl_s=10, now=NOW) is None
        assert store.put("ns", "k", record(b"new"), now=NOW, lease=lease) is True

    def test_a_closed_store_says_so(self, store: Driver) -> None:
        """Closing twice is fine; using a closed store raises StoreError and nothing else."""
        store.put("ns", "k", record(), now=NOW)
        store.close()
        store.close()
        with pytest.raises(StoreError):
            store.get("ns", "k", now=NOW)
        with pytest.raises(StoreError):
            store.put("ns", "k", record(), now=NOW)


def _definition(suite: type, name: str) -> object:
    return next(vars(base)[name] for base in suite.__mro__ if name in vars(base))


def _has_reason(law: object) -> bool:
    marks = getattr(law, "pytestmark", [])
    return any(mark.name == "xfail" and mark.kwargs.get("reason") for mark in marks)


def _keys(
    store: Driver, namespace: str = "ns", *, now: float = NOW, labels: tuple[str, ...] | list[str] = ()
) -> list[str]:
    return sorted(row.key for row in store.scan(namespace, now=now, labels=labels))


def _acquired(store: Driver, *, key: str = "k", ttl_s: float = 10, now: float = NOW) -> Lease:
    lease = store.acquire("ns", key, ttl_s=ttl_s, now=now)
    assert lease is not None
    return lease
