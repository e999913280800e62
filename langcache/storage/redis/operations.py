"""What each method of the store asks of the server: written once, as generators of steps, for both halves."""

import secrets
from collections.abc import Collection, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from langcache.storage.base import LEASE_MEMORY_S, PAGE_ROWS, Lease, Record, Row, Usage, is_expired
from langcache.storage.redis import layout, scripts
from langcache.storage.redis.failures import failed
from langcache.storage.redis.layout import Names
from langcache.storage.redis.scripts import Script

T = TypeVar("T")

GRACE_S: Final = 60.0
"""How much longer the server keeps an expired record, in seconds: a record's own expiry decides, not clocks apart."""

_FOREVER_S: Final = 100 * 366 * 86_400.0


@dataclass(frozen=True, slots=True)
class Ask:
    """One command; *node* is where, if the keys do not say."""

    words: Sequence[Any]
    node: Any = None


@dataclass(frozen=True, slots=True)
class AskAll:
    """Many commands in one round trip; an answer may be an exception."""

    commands: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Run:
    """One script; *undo* is the command that takes it back where its answer does not come in time."""

    script: Script
    keys: Sequence[bytes]
    arguments: Sequence[Any]
    undo: Sequence[Any] | None = None


@dataclass(frozen=True, slots=True)
class Nodes:
    """The servers that hold the keys."""


Step = Ask | AskAll | Run | Nodes
Flow = Generator[Step, Any, T]


def get(names: Names, namespace: str, key: str, now: float) -> Flow[Record | None]:
    """One GET."""
    data = yield Ask(("GET", names.entry(namespace, key)))
    if data is None:
        return None
    record = layout.unpack(data)
    return None if is_expired(record.expires_at, now) else record


def put(names: Names, namespace: str, key: str, record: Record, now: float, lease: Lease | None) -> Flow[bool]:
    """One SET, with its time to live; a script where a lease has to be looked at."""
    entry, life = names.entry(namespace, key), _life(record, now)
    if lease is None:
        yield Ask(("SET", entry, layout.pack(record), *life))
        return True
    if (lease.namespace, lease.key) != (namespace, key):
        return False
    keys = (names.lease(namespace, key), names.wake(namespace, key), entry)
    stored = yield Run(scripts.PUT, keys, (lease.token, layout.pack(record), *life))
    return bool(stored)


def delete(names: Names, namespace: str, keys: Collection[str]) -> Flow[int]:
    """UNLINK, page by page, each key by itself since a cluster keeps them apart."""
    return (yield from _unlink([names.entry(namespace, key) for key in set(keys)]))


def clear(names: Names, namespace: str) -> Flow[int]:
    """Revoke the leases first, so that no answer under way comes in behind the removal."""
    leases = Walk(names.leases(namespace))
    while (page := (yield from leases.page())) is not None:
        yield from _all([_eval(scripts.REVOKE, (lease, names.wake_of(lease))) for lease in page])
    removed, entries = 0, Walk(names.entries(namespace))
    while (page := (yield from entries.page())) is not None:
        removed += yield from _unlink(page)
    return removed


def acquire(names: Names, namespace: str, key: str, ttl_s: float, now: float) -> Flow[Lease | None]:
    """A script; asked again after a lost reply it gives the same lease, and one that comes too late is given back."""
    nonce = secrets.token_bytes(12)
    arguments = (repr(float(now)), repr(now + ttl_s), _memory_ms(ttl_s), nonce)
    undo = _eval(scripts.WITHDRAW, _lease_keys(names, namespace, key), nonce)
    keys = (names.lease(namespace, key), names.entry(namespace, key))
    got = yield Run(scripts.ACQUIRE, keys, arguments, undo)
    return None if got is None else Lease(namespace, key, int(got[0]), vacant=not got[1])


def renew(names: Names, lease: Lease, ttl_s: float, now: float) -> Flow[bool]:
    """A script."""
    arguments = (lease.token, repr(float(now)), repr(now + ttl_s), _memory_ms(ttl_s))
    renewed = yield Run(scripts.RENEW, (names.lease(lease.namespace, lease.key),), arguments)
    return bool(renewed)


def release(names: Names, lease: Lease) -> Flow[None]:
    """A script; wakes those who wait."""
    yield Run(scripts.RELEASE, _lease_keys(names, lease.namespace, lease.key), (lease.token,))


def usage(names: Names, namespace: str | None) -> Flow[Usage]:
    """A walk over the whole database, its cost one STRLEN for each entry of *namespace*."""
    entries, size_bytes, walk = 0, 0, Walk(names.entries(namespace))
    while (page := (yield from walk.page())) is not None:
        sizes = yield AskAll([("STRLEN", name) for name in page])
        present = [size for size in sizes if isinstance(size, int) and size]
        entries, size_bytes = entries + len(present), size_bytes + sum(present)
    return Usage(entries, size_bytes)


def purge(names: Names, now: float, limit: int) -> Flow[int]:
    """A walk over the whole database until *limit* are gone; the server removes them by itself, a little later."""
    purged, walk = 0, Walk(names.entries(None))
    while purged < limit and (page := (yield from walk.page())) is not None:
        heads = yield from _heads(page)
        old = [(name, head) for name, head, _ in heads if is_expired(layout.row("", head, 0).expires_at, now)]
        wanted = old[: limit - purged]
        removed = yield from _all([_eval(scripts.UNLINK_IF, (name,), head) for name, head in wanted])
        purged += sum(removed)
    return purged


def rows(names: Names, walk: "Walk", now: float, labels: frozenset[str]) -> Flow[list[Row] | None]:
    """The next page of a scan; None at its end."""
    page = yield from walk.page()
    if page is None:
        return None
    heads = yield from _heads(page)
    found = [layout.row(names.read(name)[1], head, size) for name, head, size in heads]
    return [row for row in found if labels <= row.labels and not is_expired(row.expires_at, now)]


def held(names: Names, namespace: str, key: str, now: float) -> Flow[tuple[bytes, float] | None]:
    """If somebody holds the lease: behind which message to wait, and when it ends."""
    found = yield Run(scripts.WAIT, _lease_keys(names, namespace, key), (repr(float(now)),))
    return None if found is None else (found[0], float(found[1]))


def woken(names: Names, namespace: str, key: str, behind: bytes, limit_s: float) -> Flow[bool]:
    """Whether a message behind that one comes within *limit_s*."""
    block_ms = max(1, int(limit_s * 1000))
    found = yield Ask(("XREAD", "BLOCK", block_ms, "STREAMS", names.wake(namespace, key), behind))
    return bool(found)


@dataclass(slots=True)
class Walk:
    """SCAN over all nodes, each key once: the server may show one twice, while it resizes its table.

    Args:
        pattern: which keys. What has been seen is remembered by its hash: some 60 bytes per key.
    """

    pattern: bytes
    _nodes: list[Any] | None = None
    _cursor: int = 0
    _seen: set[int] = field(default_factory=set)

    def page(self) -> Flow[list[bytes] | None]:
        """The next names, possibly none; None at the end."""
        if self._nodes is None:
            self._nodes = list((yield Nodes()))
        if not self._nodes:
            return None
        words = ("SCAN", self._cursor, "MATCH", self.pattern, "COUNT", PAGE_ROWS)
        cursor, found = yield Ask(words, self._nodes[-1])
        # A cluster's client says whose cursor it is.
        self._cursor = int(next(iter(cursor.values())) if isinstance(cursor, dict) else cursor)
        if self._cursor == 0:
            self._nodes.pop()
        return [name for name in found if self._is_new(hash(name))]

    def _is_new(self, mark: int) -> bool:
        if mark in self._seen:
            return False
        self._seen.add(mark)
        return True


def _heads(names: Iterable[bytes]) -> Flow[list[tuple[bytes, bytes, int]]]:
    """Name, header and size of those that are there and strings."""
    page = list(names)
    heads = yield AskAll([("GETRANGE", name, 0, layout.HEAD_BYTES - 1) for name in page])
    sizes = yield AskAll([("STRLEN", name) for name in page])
    whole = []
    for name, head, size in zip(page, heads, sizes, strict=True):
        if not isinstance(head, bytes) or not isinstance(size, int) or not size:
            continue
        length = layout.header_bytes(head)
        whole.append((name, head[:length] if length <= len(head) else (yield from _head(name, length)), size))
    return whole


def _head(name: bytes, length: int) -> Flow[bytes]:
    head: bytes = yield Ask(("GETRANGE", name, 0, length - 1))
    return head


def _unlink(names: Sequence[bytes]) -> Flow[int]:
    removed = 0
    for start in range(0, len(names), PAGE_ROWS):
        counts = yield from _all([("UNLINK", name) for name in names[start : start + PAGE_ROWS]])
        removed += sum(counts)
    return removed


def _all(commands: Sequence[Sequence[Any]]) -> Flow[list[Any]]:
    """The answers to *commands*; the first failure raises."""
    answers: list[Any] = (yield AskAll(commands)) if commands else []
    for answer in answers:
        if isinstance(answer, Exception):
            raise failed(answer) from answer
    return answers


def _eval(script: Script, keys: Sequence[bytes], *arguments: Any) -> Sequence[Any]:
    """For pipelines, where a script that the server does not know yet cannot be sent again."""
    return ("EVAL", script.source, len(keys), *keys, *arguments)


def _lease_keys(names: Names, namespace: str, key: str) -> tuple[bytes, bytes]:
    return names.lease(namespace, key), names.wake(namespace, key)


def _memory_ms(ttl_s: float) -> int:
    return int((ttl_s + LEASE_MEMORY_S) * 1000)


def _life(record: Record, now: float) -> tuple[Any, ...]:
    """How long the server keeps *record*: never a fixed time, since its clock may be another."""
    if record.expires_at is None or record.expires_at - now > _FOREVER_S:
        return ()
    return "PX", int((max(0.0, record.expires_at - now) + GRACE_S) * 1000)
