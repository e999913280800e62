"""A pipeline's part of the store: sealed records in a namespace of their own, and updates that lose nothing.

Reading fails open (what cannot be read is run again, and told once); writing says whether it is durable.
"""

import json
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

from langcache.core.classes import Classes
from langcache.errors import CorruptEntry, EncryptedEntry, StoreError
from langcache.runtime.cache import Cache
from langcache.runtime.guard import ENCRYPTED, aquarantine, quarantine
from langcache.runtime.steps import Flow, Step
from langcache.stages.entries import Entry
from langcache.stages.keys import entry_place, reads_place
from langcache.storage.base import PAGE_ROWS, Lease, Record, Row
from langcache.storage.codec import open_sealed, seal

__all__ = ["GRACE_S", "Vault", "namespace_of"]

logger = logging.getLogger("langcache")

GRACE_S: Final = 7 * 86_400.0
"""How long an expired entry can still be seen by a health check; it is not reused meanwhile."""

COMMIT_LEASE_S: Final = 30.0
UPDATE_LEASE_S: Final = 2.0
UPDATE_ATTEMPTS: Final = 400
UPDATE_PAUSE_S: Final = 0.02
READS_KEPT: Final = 1_000
"""Beyond so many ways of reading, the oldest is forgotten, and what was read that way runs again."""

Tokens = tuple[str, ...]


def namespace_of(cache_namespace: str, pipeline: str) -> str:
    """The namespace of a pipeline's records; the length keeps two names from making one."""
    return f"stages:{len(cache_namespace)}:{cache_namespace}:{pipeline}"


@dataclass(slots=True)
class Vault:
    """Records of one pipeline.

    Attributes:
        cache: whose store and clock are used.
        namespace: see `namespace_of`.
        classes: what outputs are rebuilt as.
        compress: whether large records are compressed.
    """

    cache: Cache
    namespace: str
    classes: Classes
    compress: bool = True
    _is_told: bool = False
    _met_ciphertext: bool = False

    def call(self, method: str, *args: Any, **kwargs: Any) -> Step[Any]:
        """One call of the store, by the name of its sync method."""
        store = self.cache.store
        return Step(
            lambda: getattr(store, method)(*args, **kwargs),
            lambda: getattr(store, f"a{method}")(*args, **kwargs),
        )

    def sleep(self, seconds: float) -> Step[None]:
        """Wait."""
        clock = self.cache.clock
        return Step(lambda: clock.sleep(seconds), lambda: clock.asleep(seconds))

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.cache.clock.now()

    def read(self, place: str) -> Flow[tuple[bytes, Record] | None]:
        """What is stored at *place*, if it can be had; corrupt bytes are set aside."""
        try:
            record = yield self.call("get", self.namespace, place, now=self.now())
        except Exception as error:
            self.told(error)
            return None
        if record is None:
            return None
        try:
            return open_sealed(place, record.value), record
        except EncryptedEntry:
            self._met_ciphertext = True
            self.told(StoreError(ENCRYPTED))
            return None
        except CorruptEntry:
            yield from self.set_aside(place, record)
            return None

    def set_aside(self, place: str, record: Record) -> Flow[None]:
        """Quarantine bytes that make no sense, where no lookup finds them."""
        logger.warning("langcache: a stage's record is corrupt; it is quarantined")
        store, now = self.cache.store, self.now()
        try:
            yield Step(
                lambda: quarantine(store, self.namespace, place, record, now),
                lambda: aquarantine(store, self.namespace, place, record, now),
            )
        except Exception as error:
            self.told(error)

    def entry(self, key: str) -> Flow[Entry | None]:
        """The entry under *key*, whatever its validation says; None if there is none that makes sense."""
        found = yield from self.read(entry_place(key))
        if found is None:
            return None
        try:
            return Entry.from_bytes(found[0], self.classes)
        except CorruptEntry:
            yield from self.set_aside(entry_place(key), found[1])
            return None

    def commit(
        self,
        entry: Entry,
        lease: Lease | None = None,
        *,
        ttl_s: float = COMMIT_LEASE_S,
        lifetime_s: float | None = None,
    ) -> Flow[bool]:
        """Store *entry* durably, with *lease* only if nobody else has: what was first committed stays.

        Args:
            entry: what is stored.
            lease: on the run that made it.
            ttl_s: of leases.
            lifetime_s: as its stage declares it; what was committed earlier than that does not stay.

        Returns:
            False if another's entry counts: *lease* was lost, or one that may be reused is there.

        Raises:
            StoreError: it could not be stored.
        """
        try:
            putting = self._put(entry, None) if lease is None else self._put_first(entry, lease, ttl_s, lifetime_s)
            stored = yield from putting
            yield self.call("flush")
        except StoreError:
            raise
        except Exception as error:
            raise StoreError(f"{type(error).__name__}: {error}") from error
        return stored

    def _put_first(self, entry: Entry, lease: Lease, ttl_s: float, lifetime_s: float | None) -> Flow[bool]:
        """Put *entry* under a lease of its own place, since a store fences a record off by that and no other.

        The place is known only after the run. Whoever sleeps here for longer than both leases finds the other's entry,
        or is found by it; neither overwrites.
        """
        fence: Lease | None = yield from self._fence(entry_place(entry.cache_key), ttl_s)
        try:
            if not (yield self.call("renew", lease, ttl_s=ttl_s, now=self.now())):
                return False
            there = yield from self.entry(entry.cache_key)
            if there is not None and there.is_reusable(self.now(), lifetime_s):
                return False
            stored = yield from self._put(entry, fence)
            fence = None  # given back with it, or another's by now
            return stored
        finally:
            if fence is not None:
                yield from self.release(fence)

    def _fence(self, place: str, ttl_s: float) -> Flow[Lease]:
        """Waits, rather than let a stage run again because another is just being committed."""
        until = self.now() + 2 * ttl_s
        while (fence := (yield self.call("acquire", self.namespace, place, ttl_s=ttl_s, now=self.now()))) is None:
            if self.now() >= until:
                raise StoreError(f"the record {place!r} of pipeline stays leased")
            yield self.sleep(UPDATE_PAUSE_S)
        return fence  # type: ignore[no-any-return]

    def _put(self, entry: Entry, fence: Lease | None) -> Flow[bool]:
        place, about = entry_place(entry.cache_key), entry.metadata
        gone_at = None if about.expiry_time is None else about.expiry_time + GRACE_S
        record = Record(self._sealed(place, entry.to_bytes()), about.created_at, gone_at, entry.labels())
        return (yield self.call("put", self.namespace, place, record, now=self.now(), lease=fence))  # type: ignore[no-any-return]

    def release(self, lease: Lease) -> Flow[None]:
        """Give *lease* back; if the store does not take it, it runs out."""
        try:
            yield self.call("release", lease)
        except Exception as error:
            self.told(error)

    def known_reads(self, base: str) -> Flow[list[Tokens]]:
        """The sets of things that runs with *base* have read, newest first."""
        found = yield from self.read(reads_place(base))
        return _tokens(found)

    def learn_reads(self, base: str, tokens: Tokens, lifetime_s: float | None) -> Flow[None]:
        """Make entries of runs with *base* that read *tokens* findable, for at least *lifetime_s*."""
        found = yield from self.read(reads_place(base))
        if tokens in _tokens(found) and found is not None and self._outlives(found[1], lifetime_s):
            return

        def with_tokens(known: Any) -> Any:
            return [list(tokens), *(other for other in known or [] if tuple(other) != tokens)][:READS_KEPT]

        yield from self.update(reads_place(base), with_tokens, lifetime_s=lifetime_s)

    def _outlives(self, record: Record, lifetime_s: float | None) -> bool:
        if record.expires_at is None:
            return True
        return lifetime_s is not None and record.expires_at >= self.now() + lifetime_s + GRACE_S

    def load(self, place: str) -> Flow[Any]:
        """The JSON value at *place*, or None."""
        found = yield from self.read(place)
        return None if found is None else json.loads(found[0])

    def update(
        self,
        place: str,
        change: Callable[[Any], Any],
        *,
        labels: Collection[str] = (),
        lifetime_s: float | None = None,
    ) -> Flow[None]:
        """Replace the JSON value at *place* by *change* of it, one process at a time.

        The lease fences the put, so that of two updates neither is lost.

        Raises:
            StoreError: the store does not let us.
        """
        for _ in range(UPDATE_ATTEMPTS):
            lease = yield self.call("acquire", self.namespace, place, ttl_s=UPDATE_LEASE_S, now=self.now())
            if lease is None:
                yield self.sleep(UPDATE_PAUSE_S)
                continue
            value = change((yield from self.load(place)))
            now = self.now()
            # Twice the lifetime, so that not every entry must renew it.
            gone_at = None if lifetime_s is None else now + 2 * lifetime_s + GRACE_S
            data = json.dumps(value, separators=(",", ":")).encode()
            record = Record(self._sealed(place, data), now, gone_at, frozenset(labels))
            if (yield self.call("put", self.namespace, place, record, now=now, lease=lease)):
                return
        raise StoreError(f"the record {place!r} of pipeline stays leased")

    def rows(self, labels: Collection[str] = ()) -> Step[list[Row]]:
        """Every row that carries *labels*."""
        store, now = self.cache.store, self.now()

        async def arun() -> list[Row]:
            return [row async for row in store.ascan(self.namespace, now=now, labels=labels)]

        return Step(lambda: list(store.scan(self.namespace, now=now, labels=labels)), arun)

    def remove(self, places: list[str]) -> Flow[int]:
        """Remove the records at *places* in that order, durably; says how many there were."""
        removed = 0
        for start in range(0, len(places), PAGE_ROWS):
            removed += yield self.call("delete", self.namespace, places[start : start + PAGE_ROWS])
        yield self.call("flush")
        return removed

    def told(self, error: Exception) -> None:
        """Say once what the store's trouble is."""
        if self._is_told:
            return
        self._is_told = True
        logger.warning("langcache: the store does not answer (%s); stages run without it", error)

    def _sealed(self, place: str, data: bytes) -> bytes:
        if self._met_ciphertext:
            raise StoreError(ENCRYPTED)
        return seal(place, data, compress=self.compress)


def _tokens(found: tuple[bytes, Record] | None) -> list[Tokens]:
    return [] if found is None else [tuple(tokens) for tokens in json.loads(found[0])]
