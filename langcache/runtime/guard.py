"""The store, made safe to lean on: its failures are misses, counted, and after a few it is left alone for a while."""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import TypeVar

from langcache.core.entry import Entry
from langcache.errors import CorruptEntry, EncryptedEntry
from langcache.runtime.breaker import SLOW, Breakers
from langcache.runtime.clock import Clock
from langcache.runtime.steps import Step
from langcache.storage.base import Lease, Record, Store
from langcache.storage.codec import open_sealed, seal

__all__ = ["HELD", "GuardedStore", "Held"]

logger = logging.getLogger("langcache")
T = TypeVar("T")


class Held(Enum):
    """Another process leads."""

    HELD = "held"


HELD = Held.HELD
QUIET_S = 60.0
"""How long after a warning of the store's troubles nothing more is logged of them: one that comes and goes, as on a
machine that is overloaded, would fill the log."""

QUARANTINE_S = 7 * 86_400.0

ENCRYPTED = (
    "the store holds entries that are encrypted under a key this cache was not given, and nothing is stored beside "
    "them in clear; give the key in encryption_keys=, or clear the namespace"
)
ENCRYPTED_FOR_S = 300.0
"""How long after the last ciphertext was met nothing is stored in its namespace."""


class GuardedStore:
    """Fail open: every method answers, at worst with nothing.

    Args:
        store: what is guarded.
        clock: for expiry and for the breaker's pause.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self._clock = store, clock
        self._breakers = Breakers(clock, "get", "put", "lease")
        self.counts: Counter[str] = Counter()
        self._news: str | None = None
        self._trouble = ""
        self._untold = False
        self._quiet_until = 0.0
        self._encrypted_until: dict[str, float] = {}

    @property
    def trouble(self) -> str | None:
        """Why the store does not answer now, if it does not."""
        reason = self._breakers.reason
        if reason is None:
            return None if all(map(self.takes, self._encrypted_until)) else ENCRYPTED
        return SLOW if reason == SLOW else self._trouble

    def takes(self, namespace: str) -> bool:
        """Whether answers may be stored in *namespace*: not where others keep theirs encrypted."""
        return not self._encrypted_until or self._encrypted_until.get(namespace, 0.0) <= self._clock.now()

    def emptied(self, namespace: str) -> None:
        """Somebody has removed all of *namespace*: no ciphertext is left to be stored beside."""
        self._encrypted_until.pop(namespace, None)

    @property
    def hangs(self) -> bool:
        """Whether the last call ended in a timeout; one request pays for one, not for each call it would make."""
        return self._breakers.hangs

    def take_news(self) -> str | None:
        """What an event should say of the store; each trouble is told once."""
        if self._news is None:
            return None
        news, self._news = self._news, None
        return news

    def get(self, namespace: str, key: str, leased: bool = False) -> Step[Entry | None]:
        """The entry under *key*, *leased* if it is being waited for; None if there is none, or none to be had."""

        def run() -> Entry | None:
            record = self._safely("get", lambda: self.store.get(namespace, key, now=self._clock.now()), leased)
            if record is None:
                return None
            try:
                return _entry(key, record)
            except EncryptedEntry:
                self._met_ciphertext(namespace)
                return None
            except CorruptEntry:
                self._count_corrupt()
                self._safely("put", lambda: quarantine(self.store, namespace, key, record, self._clock.now()))
                return None

        async def arun() -> Entry | None:
            record = await self._asafely("get", lambda: self.store.aget(namespace, key, now=self._clock.now()), leased)
            if record is None:
                return None
            try:
                return _entry(key, record)
            except EncryptedEntry:
                self._met_ciphertext(namespace)
                return None
            except CorruptEntry:
                self._count_corrupt()
                now = self._clock.now()
                await self._asafely("put", lambda: aquarantine(self.store, namespace, key, record, now))
                return None

        return Step(run, arun)

    def put(
        self,
        namespace: str,
        key: str,
        entry: Entry,
        expires_at: float | None,
        labels: frozenset[str],
        lease: Lease | None = None,
    ) -> Step[bool]:
        """Store *entry* and give *lease* back; False if it could or must not be, or another has taken *lease* over."""

        def record() -> Record | None:
            if not self.takes(namespace):
                return None
            try:
                return Record(seal(key, entry.to_bytes()), entry.created_at, expires_at, labels)
            except (ValueError, TypeError, RecursionError) as error:  # which says nothing of the store
                self._news = f"an answer could not be written down: {type(error).__name__}"
                return None

        def run() -> bool:
            now, sealed = self._clock.now(), record()
            return sealed is not None and bool(
                self._safely(
                    "put",
                    lambda: self.store.put(namespace, key, sealed, now=now, lease=lease),
                    lease is not None,
                )
            )

        async def arun() -> bool:
            now, sealed = self._clock.now(), record()
            return sealed is not None and bool(
                await self._asafely(
                    "put",
                    lambda: self.store.aput(namespace, key, sealed, now=now, lease=lease),
                    lease is not None,
                )
            )

        return Step(run, arun)

    def acquire(self, namespace: str, key: str, term_s: float, leased: bool = False) -> Step[Lease | Held | None]:
        """The lease on *key*, *leased* if it is being waited for; `HELD` if another has it, None if nobody knows."""

        def call(got: Lease | None) -> Lease | Held:
            return HELD if got is None else got

        async def acall() -> Lease | Held:
            return call(await self.store.aacquire(namespace, key, ttl_s=term_s, now=self._clock.now()))

        return Step(
            lambda: self._safely(
                "lease", lambda: call(self.store.acquire(namespace, key, ttl_s=term_s, now=self._clock.now())), leased
            ),
            lambda: self._asafely("lease", acall, leased),
        )

    def renew(self, lease: Lease, term_s: float) -> Step[bool | None]:
        """Prolong *lease*."""
        return Step(
            lambda: self._safely("lease", lambda: self.store.renew(lease, ttl_s=term_s, now=self._clock.now()), True),
            lambda: self._asafely("lease", lambda: self.store.arenew(lease, ttl_s=term_s, now=self._clock.now()), True),
        )

    def release(self, lease: Lease) -> Step[bool | None]:
        """Give *lease* back; whether the store has taken it."""

        def call() -> bool:
            self.store.release(lease)
            return True

        async def acall() -> bool:
            await self.store.arelease(lease)
            return True

        return Step(lambda: self._safely("lease", call, True), lambda: self._asafely("lease", acall, True))

    def wait_for_release(self, namespace: str, key: str, timeout_s: float) -> Step[bool | None]:
        """Wait until the lease may be free; falsy, at once, where the store is not told of it."""

        def waiting() -> dict[str, float]:
            return {"timeout_s": timeout_s, "now": self._clock.now()}

        return Step(
            lambda: self._safely("lease", lambda: self.store.wait_for_release(namespace, key, **waiting()), True),
            lambda: self._asafely("lease", lambda: self.store.await_for_release(namespace, key, **waiting()), True),
        )

    def mark_refused(self, namespace: str, key: str, for_s: float) -> Step[bool | None]:
        """Tell other processes that the answer under *key* is for nobody else."""

        def marker(now: float) -> Record:
            return Record(b"", now, now + for_s)

        where, now = _refusals_of(namespace), self._clock.now()
        return Step(
            lambda: self._safely("put", lambda: self.store.put(where, key, marker(now), now=now), True),
            lambda: self._asafely("put", lambda: self.store.aput(where, key, marker(now), now=now), True),
        )

    def is_refused(self, namespace: str, key: str) -> Step[bool]:
        """Whether another process has just been refused an answer under *key*."""
        where = _refusals_of(namespace)

        def run() -> bool:
            return bool(self._safely("get", lambda: self.store.get(where, key, now=self._clock.now()), True))

        async def arun() -> bool:
            return bool(await self._asafely("get", lambda: self.store.aget(where, key, now=self._clock.now()), True))

        return Step(run, arun)

    def drop_corrupt(self, namespace: str, key: str) -> Step[int | None]:
        """Remove an entry whose content, though sealed well, makes no sense."""
        self._count_corrupt()
        return Step(
            lambda: self._safely("put", lambda: self.store.delete(namespace, [key])),
            lambda: self._asafely("put", lambda: self.store.adelete(namespace, [key])),
        )

    def _count_corrupt(self) -> None:
        self.counts["corrupt"] += 1
        if self.counts["corrupt"] == 1:
            logger.warning("langcache: a stored entry is corrupt; it is quarantined and fetched anew")

    def _met_ciphertext(self, namespace: str) -> None:
        self.counts["encrypted"] += 1
        self._encrypted_until[namespace] = self._clock.now() + ENCRYPTED_FOR_S
        if self.counts["encrypted"] == 1:
            self._news = ENCRYPTED
            logger.warning("langcache: %s", ENCRYPTED)

    def _safely(self, kind: str, call: Callable[[], T], leased: bool = False) -> T | None:
        if not self._breakers.closed(kind, leased):
            return None
        started = self._clock.now()
        try:
            result = call()
        except Exception as error:
            self._failed(kind, error, self._clock.now() - started)
            return None
        self._answered(kind, self._clock.now() - started)
        return result

    async def _asafely(self, kind: str, call: Callable[[], Awaitable[T]], leased: bool = False) -> T | None:
        if not self._breakers.closed(kind, leased):
            return None
        started = self._clock.now()
        try:
            result = await call()
        except Exception as error:
            self._failed(kind, error, self._clock.now() - started)
            return None
        self._answered(kind, self._clock.now() - started)
        return result

    def _answered(self, kind: str, took_s: float) -> None:
        if self._breakers.succeeded(kind, took_s):
            self._news = "the store has become slow; chains run without it"
            self._untold = True
            self._warn(self._news)

    def _failed(self, kind: str, error: Exception, took_s: float) -> None:
        self.counts["store errors"] += 1
        if isinstance(error, UnicodeError):
            return  # half a character in a name or a label: it will fail again, and says nothing of the store
        self._trouble = str(error) or type(error).__name__
        if self._breakers.failed(kind, error, took_s):
            self._news = f"the store does not answer: {self._trouble}"
            self._untold = True
        self._warn(f"the store does not answer ({self._trouble}); chains run without it")

    def _warn(self, trouble: str) -> None:
        now = self._clock.now()
        if self._untold and now >= self._quiet_until:
            self._untold, self._quiet_until = False, now + QUIET_S
            logger.warning("langcache: %s", trouble)


def quarantine(store: Store, namespace: str, key: str, record: Record, now: float) -> None:
    """Set corrupt bytes aside for a week, where no lookup finds them."""
    store.put(_quarantine_of(namespace), key, _aside(record, now), now=now)
    store.delete(namespace, [key])


async def aquarantine(store: Store, namespace: str, key: str, record: Record, now: float) -> None:
    """`quarantine`, awaited."""
    await store.aput(_quarantine_of(namespace), key, _aside(record, now), now=now)
    await store.adelete(namespace, [key])


def _refusals_of(namespace: str) -> str:
    return f"refused:{namespace}"


def _quarantine_of(namespace: str) -> str:
    return f"quarantine:{namespace}"


def _aside(record: Record, now: float) -> Record:
    return Record(record.value, record.created_at, now + QUARANTINE_S, record.labels)


def _entry(key: str, record: Record) -> Entry:
    return Entry.from_bytes(open_sealed(key, record.value))
