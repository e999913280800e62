"""One stored entry, with everything known about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from langcache.core.entry import Entry
from langcache.errors import CorruptEntry, DeclarationError, EncryptedEntry
from langcache.runtime.features import features_of
from langcache.runtime.inspection.leaves import Leaf, leaves_of
from langcache.runtime.inspection.listing import EntryRow, row_of
from langcache.runtime.pages import Pages, read
from langcache.runtime.removal import opened
from langcache.runtime.steps import Flow, adrive, drive
from langcache.storage.base import Record, Row
from langcache.storage.codec import is_ciphertext

if TYPE_CHECKING:
    from langcache.runtime.cache import Cache

__all__ = ["EntryDetail", "aentry_detail", "aresolve_key", "entry_detail", "resolve_key"]

CANDIDATES = 5
"""Keys named where a prefix fits several."""


@dataclass(frozen=True, slots=True)
class EntryDetail:
    """Everything known about one entry.

    Attributes:
        row: its labels, size and times.
        state: ``"fresh"``, or ``"expired"`` and only served where a call allows a stale answer.
        fresh_until: seconds since the epoch.
        model: who answered; None if no single model call did.
        input_tokens, output_tokens, cost_usd: of all calls it took; the cost is None if a price is unknown.
        parts: every part of the key by name: features as normalised values, all else as digests.
        leaves: the answer, text by text, as segments.
    """

    row: EntryRow
    state: Literal["fresh", "expired"]
    fresh_until: float
    model: str | None
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal | None
    parts: Mapping[str, Any]
    leaves: tuple[Leaf, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able data; money as text, exact to the digit."""
        row = self.row
        return {
            "key": row.key,
            "chain": row.chain,
            "prompt_version": row.prompt_version,
            "generation_type": row.generation_type,
            "tags": list(row.tags),
            "state": self.state,
            "created_at": row.created_at,
            "fresh_until": self.fresh_until,
            "gone_at": row.gone_at,
            "size_bytes": row.size_bytes,
            "model": self.model,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cost_usd": None if self.cost_usd is None else str(self.cost_usd),
            "features": features_of({"parts": self.parts}),
            "parts": dict(self.parts),
            "template": [{"path": leaf.path, "segments": leaf.to_data()} for leaf in self.leaves],
        }


def entry_detail(cache: "Cache", key: str) -> EntryDetail | None:
    """The entry under *key*, or None.

    Raises:
        CorruptEntry: what is stored there is no entry; an `EncryptedEntry` if it is one whose key was not given.
        StoreError: the store does not answer.
    """
    return drive(_detail(cache, key))


async def aentry_detail(cache: "Cache", key: str) -> EntryDetail | None:
    """`entry_detail`, awaited."""
    return await adrive(_detail(cache, key))


def _detail(cache: "Cache", key: str) -> Flow[EntryDetail | None]:
    now = cache.clock.now()
    record: Record | None = yield read(cache.store, cache.namespace, key, now)
    if record is None:
        return None
    entry = opened(key, record)
    if entry is None and is_ciphertext(record.value):
        raise EncryptedEntry(f"the entry {key} is encrypted, and no key for it was given")
    if entry is None:
        raise CorruptEntry(f"the entry {key} is corrupt; `langcache health --repair` sets it aside")
    row = Row(key, len(record.value), record.created_at, record.expires_at, record.labels)
    return _described(row_of(row, entry), entry, now)


def _described(row: EntryRow, entry: Entry, now: float) -> EntryDetail:
    parts = entry.about.get("parts")
    return EntryDetail(
        row,
        "fresh" if now < entry.fresh_until else "expired",
        entry.fresh_until,
        entry.model,
        entry.input_tokens,
        entry.output_tokens,
        entry.cost_usd,
        parts if isinstance(parts, dict) else {},
        tuple(leaves_of(entry.body)),
    )


def resolve_key(cache: "Cache", prefix: str) -> str:
    """The one stored key that begins with *prefix*.

    Raises:
        DeclarationError: none does, or several do; the message names some of them.
        StoreError: the store does not answer.
    """
    return drive(_resolve(cache, prefix))


async def aresolve_key(cache: "Cache", prefix: str) -> str:
    """`resolve_key`, awaited."""
    return await adrive(_resolve(cache, prefix))


def _resolve(cache: "Cache", prefix: str) -> Flow[str]:
    now = cache.clock.now()
    found: list[str] = []
    if (yield read(cache.store, cache.namespace, prefix, now)) is not None:
        return prefix
    pages = Pages(cache.store, cache.namespace, now)
    while page := (yield pages.next()):
        found += [row.key for row in page if row.key.startswith(prefix)]
        if len(found) > CANDIDATES:
            break
    if len(found) == 1:
        return found[0]
    if not found:
        raise DeclarationError(f"no entry of the namespace {cache.namespace!r} has a key that begins with {prefix!r}")
    more = " and more" if len(found) > CANDIDATES else ""
    raise DeclarationError(f"several keys begin with {prefix!r}: {', '.join(sorted(found)[:CANDIDATES])}{more}")
