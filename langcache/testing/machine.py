"""A store against a dictionary: hypothesis makes up the story, both must tell it alike. Needs hypothesis."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from langcache.storage.base import Lease, Record, Store
from langcache.testing.drivers import Half, drive

_names = st.sampled_from(["a", "b", "A", "a:b", "é", "e\u0301", ""])
_labels = st.frozensets(st.sampled_from(["x", "y", "chain:a", "x y"]), max_size=3)
_ttls = st.none() | st.integers(1, 20)
_START = 1_000_000_000.0
_TERM_S = 8.0


class StoreMachine(RuleBasedStateMachine):
    """Random puts, removals, leases and passing time; the model is a dictionary without expired records."""

    half: Half
    make_store: Callable[[], Store]

    @initialize()
    def open(self) -> None:
        """Begin with an empty store."""
        self.driver = drive(self.half, type(self).make_store)
        self.now = _START
        self.model: dict[tuple[str, str], Record] = {}
        self.newest: dict[tuple[str, str], Lease] = {}
        self.ends: dict[tuple[str, str], float] = {}
        self.past: list[Lease] = []

    @rule(seconds=st.integers(1, 12))
    def wait(self, seconds: int) -> None:
        """Time passes; what expires is gone."""
        self.now += seconds
        self.model = {
            place: record
            for place, record in self.model.items()
            if record.expires_at is None or self.now < record.expires_at
        }

    @rule(namespace=_names, key=_names, value=st.binary(max_size=20), ttl_s=_ttls, labels=_labels)
    def put(self, namespace: str, key: str, value: bytes, ttl_s: int | None, labels: frozenset[str]) -> None:
        """A put without a lease always stores."""
        record = self._record(value, ttl_s, labels)
        assert self.driver.put(namespace, key, record, now=self.now) is True
        self.model[namespace, key] = record

    @rule(namespace=_names, key=_names)
    def get(self, namespace: str, key: str) -> None:
        """A get finds what the model holds."""
        assert self.driver.get(namespace, key, now=self.now) == self.model.get((namespace, key))

    @rule(namespace=_names, keys=st.frozensets(_names, max_size=3))
    def delete(self, namespace: str, keys: frozenset[str]) -> None:
        """A delete removes the named; whether the expired still count is the store's affair."""
        live = [self.model.pop((namespace, key), None) for key in keys]
        assert len(keys) >= self.driver.delete(namespace, keys) >= len(live) - live.count(None)

    @rule(namespace=_names)
    def clear(self, namespace: str) -> None:
        """A clear removes the namespace's records and leases."""
        live = [place for place in self.model if place[0] == namespace]
        assert self.driver.clear(namespace) >= len(live)
        for place in live:
            del self.model[place]
        for place in [place for place in self.newest if place[0] == namespace]:
            del self.newest[place]

    @rule(limit=st.integers(1, 5))
    def purge(self, limit: int) -> None:
        """A purge removes nothing that is live, which the invariant sees."""
        assert self.driver.purge(now=self.now, limit=limit) <= limit

    @rule(namespace=_names, key=_names)
    def acquire(self, namespace: str, key: str) -> None:
        """A lease is had exactly when nobody holds one, with a greater token than any before."""
        place = (namespace, key)
        is_free = place not in self.newest or self.now >= self.ends[place]
        lease = self.driver.acquire(namespace, key, ttl_s=_TERM_S, now=self.now)
        assert (lease is not None) == is_free
        if lease is not None:
            assert not (lease.vacant and place in self.model)
            assert all(lease.token > old.token for old in self.past if (old.namespace, old.key) == place)
            self.past.append(lease)
            self.newest[place], self.ends[place] = lease, self.now + _TERM_S

    @precondition(lambda self: self.past)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        """Only the holder renews."""
        lease = data.draw(st.sampled_from(self.past))
        place = (lease.namespace, lease.key)
        holds = self.newest.get(place) == lease and self.now < self.ends[place]
        assert self.driver.renew(lease, ttl_s=_TERM_S, now=self.now) is holds
        if holds:
            self.ends[place] = self.now + _TERM_S

    @precondition(lambda self: self.past)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """Only the holder's release frees the key."""
        lease = data.draw(st.sampled_from(self.past))
        self.driver.release(lease)
        if self.newest.get((lease.namespace, lease.key)) == lease:
            self.ends[lease.namespace, lease.key] = self.now

    @precondition(lambda self: self.past)
    @rule(data=st.data(), value=st.binary(max_size=20), ttl_s=_ttls, labels=_labels)
    def put_fenced(self, data: st.DataObject, value: bytes, ttl_s: int | None, labels: frozenset[str]) -> None:
        """A put with a lease stores, and gives it back, exactly when no newer was given out and no clear came since."""
        lease = data.draw(st.sampled_from(self.past))
        place = (lease.namespace, lease.key)
        record = self._record(value, ttl_s, labels)
        is_newest = self.newest.get(place) == lease
        assert self.driver.put(*place, record, now=self.now, lease=lease) is is_newest
        if is_newest:
            self.model[place], self.ends[place] = record, self.now

    @rule(namespace=_names, labels=st.frozensets(st.sampled_from(["x", "y", "chain:a", "no"]), max_size=2))
    def scan(self, namespace: str, labels: frozenset[str]) -> None:
        """A scan sees the live rows that carry all labels, once each."""
        rows = self.driver.scan(namespace, now=self.now, labels=labels)
        assert sorted((row.key, sorted(row.labels)) for row in rows) == sorted(
            (key, sorted(record.labels))
            for (home, key), record in self.model.items()
            if home == namespace and labels <= record.labels
        )

    @invariant()
    def nothing_live_is_missing_from_usage(self) -> None:
        """Usage counts at least what is live."""
        usage = self.driver.usage()
        assert usage.entries >= len(self.model)
        assert usage.size_bytes >= sum(len(record.value) for record in self.model.values())

    def teardown(self) -> None:
        """End the story."""
        if hasattr(self, "driver"):
            self.driver.finish()

    def _record(self, value: bytes, ttl_s: int | None, labels: frozenset[str]) -> Record:
        return Record(value, self.now, None if ttl_s is None else self.now + ttl_s, labels)


def store_machine(make_store: Callable[[], Store], half: Half) -> Any:
    """A test case (``unittest`` style, which pytest collects) of *half* of the stores *make_store* makes.

    Args:
        make_store: opens a new, empty store each time.
        half: ``"sync"`` or ``"async"``.
    """
    machine: Any = type("Machine", (StoreMachine,), {"half": half, "make_store": staticmethod(make_store)})
    return machine.TestCase
