"""What is wrong with the stored entries, and its repair."""

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from langcache.core.entry import FORMAT, Entry, read_about
from langcache.errors import CorruptEntry
from langcache.runtime.guard import aquarantine, quarantine
from langcache.runtime.inspection.leaves import leaves_of
from langcache.runtime.pages import Pages, read
from langcache.runtime.removal import Advance
from langcache.runtime.steps import Flow, Step, adrive, drive
from langcache.storage.base import Record, Row
from langcache.storage.codec import MAGIC, VERSION, is_ciphertext, open_sealed
from langcache.storage.wrapper import innermost

if TYPE_CHECKING:
    from langcache.runtime.cache import Cache

__all__ = ["Checkup", "Finding", "acheck_entries", "ais_encrypted", "check_entries", "is_encrypted"]

Kind = Literal["corrupt", "older format", "newer format", "encrypted"]
REPAIRED: frozenset[Kind] = frozenset({"corrupt", "older format"})
"""What a repair sets aside; what is encrypted or newer is well, and only somebody else's to read."""

FINDINGS_KEPT = 1_000
PURGED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with one entry.

    Attributes:
        kind: ``corrupt`` (fails its checksum, or makes no sense), ``older format`` and ``newer format``
            (another version's), or ``encrypted`` (no key was given).
        key: the entry's.
        detail: in words, never a value.
        action: what the repair did.
    """

    kind: Kind
    key: str
    detail: str
    action: Literal["none", "quarantined"] = "none"


@dataclass(slots=True)
class Checkup:
    """The result of a check.

    Attributes:
        at: when it began, in seconds since the epoch.
        checked: entries looked at.
        size_bytes: what they take in the store.
        expired: of them, those no longer fresh; that is no fault, they stand in where a provider fails.
        counts: kind of finding to how many.
        findings: the first thousand.
        quarantined: how many a repair set aside, for a week, where no lookup finds them.
        purged: how many records a repair removed that were past their last use.
    """

    at: float
    checked: int = 0
    size_bytes: int = 0
    expired: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    quarantined: int = 0
    purged: int = 0

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong, or nothing any more."""
        return self.counts.total() == self.quarantined

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "healthy": self.healthy,
            "checked": self.checked,
            "size_bytes": self.size_bytes,
            "expired": self.expired,
            "counts": dict(self.counts),
            "quarantined": self.quarantined,
            "purged": self.purged,
            "findings": [{"kind": f.kind, "key": f.key, "detail": f.detail, "action": f.action} for f in self.findings],
        }


def check_entries(cache: "Cache", *, repair: bool = False, advance: Advance = lambda _: None) -> Checkup:
    """Read every entry of the namespace; with *repair*, set aside those no lookup could use.

    Args:
        cache: whose entries.
        repair: quarantine what is corrupt or of an older format, and remove what is past its last use.
        advance: told after each page how many more entries were looked at.

    Raises:
        StoreError: the store does not answer; what was repaired so far stays repaired.
    """
    return drive(_checked(cache, repair, advance))


async def acheck_entries(cache: "Cache", *, repair: bool = False, advance: Advance = lambda _: None) -> Checkup:
    """`check_entries`, awaited."""
    return await adrive(_checked(cache, repair, advance))


def is_encrypted(cache: "Cache") -> bool:
    """Whether the namespace holds ciphertext, and the cache no key for it, or a wrong one.

    Raises:
        StoreError: the store does not answer.
    """
    return drive(_encrypted(cache))


async def ais_encrypted(cache: "Cache") -> bool:
    """`is_encrypted`, awaited."""
    return await adrive(_encrypted(cache))


def _encrypted(cache: "Cache") -> Flow[bool]:
    now, is_locked = cache.clock.now(), False
    for row in (yield Pages(cache.store, cache.namespace, now).next()):
        record: Record | None = yield read(cache.store, cache.namespace, row.key, now)
        if record is not None:
            return is_ciphertext(record.value)
        # Gone since the page was read, or under a key that the encrypted store was not given.
        is_locked = is_locked or (yield read(innermost(cache.store), cache.namespace, row.key, now)) is not None
    return is_locked


def _checked(cache: "Cache", repair: bool, advance: Advance) -> Flow[Checkup]:
    now = cache.clock.now()
    checkup = Checkup(at=now)
    pages = Pages(cache.store, cache.namespace, now)
    while page := (yield pages.next()):
        for row in page:
            record: Record | None = yield read(cache.store, cache.namespace, row.key, now)
            if record is None:
                continue
            wrong = _count(checkup, row, record)
            if wrong is not None:
                yield from _settle(cache, checkup, Finding(wrong[0], row.key, wrong[1]), record if repair else None)
        advance(len(page))
    if repair:
        yield from _purge(cache, checkup, now)
    return checkup


def _count(checkup: Checkup, row: Row, record: Record) -> tuple[Kind, str] | None:
    """What is wrong with a record, if something is."""
    checkup.checked += 1
    checkup.size_bytes += row.size_bytes
    try:
        found = _entry_or_fault(row.key, record.value)
    except CorruptEntry as error:
        return "corrupt", str(error)
    if not isinstance(found, Entry):
        return found
    checkup.expired += found.fresh_until <= checkup.at
    return None


def _settle(cache: "Cache", checkup: Checkup, finding: Finding, aside: Record | None) -> Flow[None]:
    """Note *finding*; quarantine *aside* if it is given and of no use to anybody."""
    if aside is not None and finding.kind in REPAIRED:
        yield _aside(cache, finding.key, aside)
        finding = replace(finding, action="quarantined")
        checkup.quarantined += 1
    checkup.counts[finding.kind] += 1
    if len(checkup.findings) < FINDINGS_KEPT:
        checkup.findings.append(finding)


def _entry_or_fault(key: str, value: bytes) -> Entry | tuple[Kind, str]:
    """The entry in stored bytes, or why it is well but not ours to read; raises `CorruptEntry`."""
    if is_ciphertext(value):
        return "encrypted", "it is encrypted, and no key was given"
    seal = value[len(MAGIC)] if value.startswith(MAGIC) and len(value) > len(MAGIC) else VERSION
    if seal != VERSION:
        return _of_other_version("sealed as", seal, VERSION)
    payload = open_sealed(key, value)
    version = _format_of(payload)
    if version != FORMAT:
        return _of_other_version("format", version, FORMAT)
    entry = Entry.from_bytes(payload)
    read_about(payload)
    for _ in leaves_of(entry.body):
        """Each makes sense, or raises."""
    return entry


def _of_other_version(what: str, version: int, ours: int) -> tuple[Kind, str]:
    kind: Kind = "older format" if version < ours else "newer format"
    return kind, f"{what} {version}, of another version of langcache; this one reads {ours}"


def _format_of(payload: bytes) -> int:
    try:
        version = json.loads(payload.partition(b"\n")[0])[0]
    except (ValueError, TypeError, LookupError, RecursionError):
        version = None
    if type(version) is not int:
        raise CorruptEntry("not an entry")
    return version


def _aside(cache: "Cache", key: str, record: Record) -> Step[None]:
    store, namespace, now = cache.store, cache.namespace, cache.clock.now()
    return Step(
        lambda: quarantine(store, namespace, key, record, now), lambda: aquarantine(store, namespace, key, record, now)
    )


def _purge(cache: "Cache", checkup: Checkup, now: float) -> Flow[None]:
    def purge() -> Step[int]:
        store = cache.store
        return Step(
            lambda: store.purge(now=now, limit=PURGED_AT_ONCE), lambda: store.apurge(now=now, limit=PURGED_AT_ONCE)
        )

    while purged := (yield purge()):
        checkup.purged += purged
