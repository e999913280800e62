"""The stored entries, row by row."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

from langcache.core.entry import Entry
from langcache.runtime.features import features_of
from langcache.runtime.pages import Pages
from langcache.runtime.removal import Advance, named_rows
from langcache.runtime.selection import Conditions, Selection, select
from langcache.runtime.steps import Flow, adrive_stream, drive_stream, show
from langcache.storage.base import Row

if TYPE_CHECKING:
    from langcache.runtime.cache import Cache

__all__ = ["EntryRow", "alist_entries", "list_entries", "row_of"]


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One stored entry, as a list shows it.

    Attributes:
        key: its digest.
        chain, prompt_version, generation_type, tags: what it is labelled with; ``""`` or None where not.
        size_bytes: what it takes in the store.
        created_at: seconds since the epoch.
        gone_at: when the store drops it, some time after it has expired; None: never.
        entry: its content with the readable half; None if it was not read, or is corrupt.
    """

    key: str
    chain: str
    prompt_version: str
    generation_type: str | None
    tags: tuple[str, ...]
    size_bytes: int
    created_at: float
    gone_at: float | None
    entry: Entry | None = None

    @property
    def features(self) -> dict[str, Any]:
        """Feature name to normalised value; empty if the entry was not read."""
        return {} if self.entry is None else features_of(self.entry.about)


def list_entries(
    cache: "Cache",
    *,
    reading: bool = False,
    advance: Advance = lambda _: None,
    **conditions: Unpack[Conditions],
) -> Iterator[EntryRow]:
    """Every entry of the cache's namespace that meets all conditions, in no particular order.

    Args:
        cache: whose entries.
        reading: read each entry too, so that rows hold its features, model and cost.
        advance: told after each page how many more entries were looked at.
        **conditions: those of `Cache.invalidate`; none is every entry.

    Raises:
        StoreError: the store does not answer.
    """
    selection = select(cache.clock.now(), **conditions)
    return drive_stream(walk(cache, selection, reading, advance))


def alist_entries(
    cache: "Cache",
    *,
    reading: bool = False,
    advance: Advance = lambda _: None,
    **conditions: Unpack[Conditions],
) -> AsyncIterator[EntryRow]:
    """`list_entries`, awaited."""
    selection = select(cache.clock.now(), **conditions)
    return adrive_stream(walk(cache, selection, reading, advance))


def walk(cache: "Cache", selection: Selection, reading: bool, advance: Advance) -> Flow[None]:
    """Shows each row that *selection* names."""
    store, namespace, now = cache.store, cache.namespace, cache.clock.now()
    pages = Pages(store, namespace, now, selection.labels)
    while page := (yield pages.next()):
        for row, entry in (yield from named_rows(store, namespace, page, selection, now, reading=reading)):
            yield show(row_of(row, entry))
        advance(len(page))


def row_of(row: Row, entry: Entry | None = None) -> EntryRow:
    """What the labels of *row* say."""
    labels: dict[str, list[str]] = {}
    for label in sorted(row.labels):
        kind, _, value = label.partition(":")
        labels.setdefault(kind, []).append(value)
    return EntryRow(
        row.key,
        labels.get("chain", [""])[0],
        labels.get("prompt", [""])[0],
        labels.get("type", [None])[0],
        tuple(labels.get("tag", ())),
        row.size_bytes,
        row.created_at,
        row.expires_at,
        entry,
    )
