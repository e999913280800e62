"""Removing what a selection names, page by page."""

from collections.abc import Callable
from dataclasses import replace

from langcache.core.entry import Entry, read_about
from langcache.errors import CorruptEntry, DeclarationError
from langcache.runtime.pages import Pages, delete, read
from langcache.runtime.selection import Selection
from langcache.runtime.steps import Flow
from langcache.storage.base import Record, Row, Store
from langcache.storage.codec import open_sealed

__all__ = ["Advance", "named_rows", "opened", "remove"]

Advance = Callable[[int], None]
"""Told how many more entries were looked at."""


def remove(store: Store, namespace: str, selection: Selection, now: float) -> Flow[int]:
    """Remove what *selection* names; says how many entries fell.

    Raises:
        DeclarationError: it names nothing; removing everything is called ``clear()``.
        StoreError: the store does not answer; what was removed so far stays removed.
    """
    if selection.is_everything:
        raise DeclarationError("invalidate() was told nothing to look for; clear() removes everything")
    if selection.is_one_key:
        return int((yield delete(store, namespace, [selection.key or ""])))
    fell, pages = 0, Pages(store, namespace, now, selection.labels)
    while page := (yield pages.next()):
        doomed = yield from named_rows(store, namespace, page, selection, now)
        if doomed:
            fell += yield delete(store, namespace, [row.key for row, _ in doomed])
    return fell


def named_rows(
    store: Store, namespace: str, page: list[Row], selection: Selection, now: float, *, reading: bool = False
) -> Flow[list[tuple[Row, Entry | None]]]:
    """The rows of *page* that *selection* names; each with its entry where it was read, for its features or if
    *reading*."""
    named: list[tuple[Row, Entry | None]] = []
    for row in filter(selection.names, page):
        entry = None
        if reading or selection.features:
            entry = opened(row.key, (yield read(store, namespace, row.key, now)))
        if selection.means(entry):
            named.append((row, entry))
    return named


def opened(key: str, record: Record | None) -> Entry | None:
    """The entry in *record* with its readable half; None if there is none that makes sense."""
    if record is None:
        return None
    try:
        payload = open_sealed(key, record.value)
        return replace(Entry.from_bytes(payload), about=read_about(payload))
    except CorruptEntry:
        return None
