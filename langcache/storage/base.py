"""What a store is: bytes in, bytes out, nothing guessed.

A store keeps :class:`Record` values under ``(namespace, key)``. It never reads the clock (``now`` is an
argument), never looks inside a value, and never lets one namespace see another. Each method has an
``a``-prefixed twin with the same parameters and the same outcome. :class:`langcache.testing.StoreContract`
states every law as a test.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from langcache.errors import StoreError

LEASE_MEMORY_S: Final = 3600.0
"""How long after its end a lease is remembered, in seconds; a holder slower than that is fenced off."""

BATCH_MEMORY_S: Final = 3600.0
"""How long a batch of counts is remembered, in seconds, so that adding it again changes nothing."""

Cells = Mapping[str, int | str]
"""Numbers and texts by field."""

Rows = Mapping[str, Cells]
"""Cells by row."""

PAGE_ROWS: Final = 500
"""Rows a scan reads at once, so that its memory does not grow with the store."""


def is_expired(expires_at: float | None, now: float) -> bool:
    """Whether a thing that ends at *expires_at* is over: at that very instant it is."""
    return expires_at is not None and now >= expires_at


@dataclass(frozen=True, slots=True)
class Record:
    """A stored value and what the store needs to know about it.

    Args:
        value: opaque bytes, possibly empty.
        created_at: when the answer was made, in seconds since the epoch.
        expires_at: the hard limit, in seconds since the epoch; from then on the record is gone. None: never.
        labels: words to scan and invalidate by, such as ``"chain:task_planner"``.
    """

    value: bytes
    created_at: float
    expires_at: float | None = None
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """A record without its value, as a scan shows it.

    Args:
        key: the record's key.
        size_bytes: what its value takes in the store, in bytes.
        created_at: when the answer was made, in seconds since the epoch.
        expires_at: when it will be gone, in seconds since the epoch; None: never.
        labels: all its labels.
    """

    key: str
    size_bytes: int
    created_at: float
    expires_at: float | None
    labels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to generate one entry, until it ends or is released.

    Args:
        namespace: the entry's namespace.
        key: the entry's key.
        token: the fencing token; it strictly grows with each lease of the same entry.
        vacant: True if, as the lease was given, the store saw nothing stored there, so that its holder need not look
            again. False says nothing.
    """

    namespace: str
    key: str
    token: int
    vacant: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a store holds, the expired but not yet purged included.

    Args:
        entries: number of records.
        size_bytes: the sum of their :attr:`Row.size_bytes`.
    """

    entries: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of numbers that many processes add to, forgotten together.

    Args:
        name: unique in its namespace.
        expires_at: when it will be gone, in seconds since the epoch.
        rows: what to add: each number to the one that is there, each text in its place. A sum fits 64 bits.
    """

    name: str
    expires_at: float
    rows: Rows


class Store(ABC):
    """The contract of a store. Any method may raise :class:`~langcache.errors.StoreError`.

    Namespaces, keys and labels are any text that UTF-8 can encode, compared byte for byte.
    """

    shared: bool = True
    """Whether other processes see the same records; where not, nobody needs a lease."""

    keeps_counts: bool = False
    """Whether it has the methods on counts; where not, what happened stays with the process it happened in."""

    @abstractmethod
    def get(self, namespace: str, key: str, *, now: float) -> Record | None:
        """The record under *key*, or None where there is none at *now*."""

    @abstractmethod
    def put(self, namespace: str, key: str, record: Record, *, now: float, lease: Lease | None = None) -> bool:
        """Store *record* in place of what was there; durable on return where the store is.

        A put under a *lease* gives it back in the same step, since what it was for is done: the next may acquire at
        once; while nobody has, its holder may put once more. A bounded store may evict at any time, so an entry larger
        than the bound is accepted and gone.

        Returns:
            False, and nothing is stored, if *lease* is no longer the newest of its key (it is fenced off).
        """

    @abstractmethod
    def delete(self, namespace: str, keys: Collection[str]) -> int:
        """Remove *keys*; leases stay. Returns how many records there were."""

    @abstractmethod
    def scan(self, namespace: str, *, now: float, labels: Collection[str] = ()) -> Iterator[Row]:
        """The rows that carry all *labels*, in no particular order, page by page.

        A row that stays through the whole scan is seen exactly once; one that comes or goes meanwhile may be.
        """

    @abstractmethod
    def clear(self, namespace: str) -> int:
        """Remove all records and leases of *namespace*, so that an answer under way is not stored any more.

        Returns:
            How many records there were.
        """

    @abstractmethod
    def acquire(self, namespace: str, key: str, *, ttl_s: float, now: float) -> Lease | None:
        """A lease that ends at ``now + ttl_s``, or None while somebody holds one."""

    @abstractmethod
    def renew(self, lease: Lease, *, ttl_s: float, now: float) -> bool:
        """Let *lease* end at ``now + ttl_s`` instead; False if it ended, was released or taken over."""

    @abstractmethod
    def release(self, lease: Lease) -> None:
        """Give *lease* back, so that the next may acquire at once. Doing it late or twice harms nobody."""

    def wait_for_release(self, namespace: str, key: str, *, timeout_s: float, now: float) -> bool:
        """Wait until the lease of *key* may be free, at most *timeout_s*, where the store is told of it.

        It may be free when its holder stores or releases, when it ends, or for no reason: look again.

        Returns:
            False, at once, if this store cannot tell; the caller looks again after a pause of its own.
        """
        return False

    @abstractmethod
    def usage(self, namespace: str | None = None) -> Usage:
        """What is stored in *namespace*, or in all of them."""

    def quick_usage(self, namespace: str) -> Usage | None:
        """:meth:`usage`, if it is known without looking at each record; else None."""
        return None

    def add_counts(self, namespace: str, sheets: Collection[Sheet], *, batch: str, now: float) -> None:
        """Add to the counts of *namespace*; what comes in at the same time from elsewhere adds up with it.

        A store with a disk need not have written it there on return. After an error part of it may be added: the
        same *batch*, once more within :data:`BATCH_MEMORY_S`, adds the rest and nothing twice.
        """
        raise StoreError(f"{type(self).__name__} keeps no counts")

    def read_counts(self, namespace: str, names: Collection[str], *, now: float) -> dict[str, dict[str, Cells]]:
        """The rows of the sheets called *names* that are there at *now*, by sheet; an absent sheet has no rows."""
        raise StoreError(f"{type(self).__name__} keeps no counts")

    def drop_counts(self, namespace: str, name: str, rows: Collection[str]) -> None:
        """Forget *rows* of one sheet."""
        raise StoreError(f"{type(self).__name__} keeps no counts")

    @abstractmethod
    def purge(self, *, now: float, limit: int = 1000) -> int:
        """Remove at most *limit* expired records. Returns how many."""

    def flush(self) -> None:  # noqa: B027 -- a store without a disk of its own has nothing to do
        """Let what was acknowledged so far survive a power cut too, where the store can see to it."""

    @abstractmethod
    def close(self) -> None:
        """Let go of files and connections; doing it twice is fine. What was acknowledged stays."""

    @abstractmethod
    async def aget(self, namespace: str, key: str, *, now: float) -> Record | None:
        """:meth:`get`, without blocking the event loop."""

    @abstractmethod
    async def aput(self, namespace: str, key: str, record: Record, *, now: float, lease: Lease | None = None) -> bool:
        """:meth:`put`, without blocking the event loop."""

    @abstractmethod
    async def adelete(self, namespace: str, keys: Collection[str]) -> int:
        """:meth:`delete`, without blocking the event loop."""

    @abstractmethod
    def ascan(self, namespace: str, *, now: float, labels: Collection[str] = ()) -> AsyncIterator[Row]:
        """:meth:`scan`, without blocking the event loop."""

    @abstractmethod
    async def aclear(self, namespace: str) -> int:
        """:meth:`clear`, without blocking the event loop."""

    @abstractmethod
    async def aacquire(self, namespace: str, key: str, *, ttl_s: float, now: float) -> Lease | None:
        """:meth:`acquire`, without blocking the event loop."""

    @abstractmethod
    async def arenew(self, lease: Lease, *, ttl_s: float, now: float) -> bool:
        """:meth:`renew`, without blocking the event loop."""

    @abstractmethod
    async def arelease(self, lease: Lease) -> None:
        """:meth:`release`, without blocking the event loop."""

    async def await_for_release(self, namespace: str, key: str, *, timeout_s: float, now: float) -> bool:
        """:meth:`wait_for_release`, without blocking the event loop."""
        return False

    @abstractmethod
    async def ausage(self, namespace: str | None = None) -> Usage:
        """:meth:`usage`, without blocking the event loop."""

    async def aquick_usage(self, namespace: str) -> Usage | None:
        """:meth:`quick_usage`, without blocking the event loop."""
        return None

    async def aadd_counts(self, namespace: str, sheets: Collection[Sheet], *, batch: str, now: float) -> None:
        """:meth:`add_counts`, without blocking the event loop."""
        raise StoreError(f"{type(self).__name__} keeps no counts")

    async def aread_counts(self, namespace: str, names: Collection[str], *, now: float) -> dict[str, dict[str, Cells]]:
        """:meth:`read_counts`, without blocking the event loop."""
        raise StoreError(f"{type(self).__name__} keeps no counts")

    async def adrop_counts(self, namespace: str, name: str, rows: Collection[str]) -> None:
        """:meth:`drop_counts`, without blocking the event loop."""
        raise StoreError(f"{type(self).__name__} keeps no counts")

    @abstractmethod
    async def apurge(self, *, now: float, limit: int = 1000) -> int:
        """:meth:`purge`, without blocking the event loop."""

    async def aflush(self) -> None:  # noqa: B027 -- see above
        """:meth:`flush`, without blocking the event loop."""

    @abstractmethod
    async def aclose(self) -> None:
        """:meth:`close`, without blocking the event loop."""
