"""What keys are made of, where the account does not say: their entries were stored before it began, and tell it."""

import json
from collections.abc import Iterable
from itertools import islice
from typing import Final

from langcache.core.entry import Entry, read_about
from langcache.core.sameness import template_digest
from langcache.errors import CorruptEntry
from langcache.runtime.steps import Flow, Step
from langcache.storage.base import Record, Store
from langcache.storage.codec import open_sealed
from langcache.storage.counters import Sum

__all__ = ["describe"]

LOOKED_UP: Final = 2_000
"""Entries read for one question, at most."""


def describe(store: Store, namespace: str, rows: Iterable[tuple[str, Sum]], now: float) -> Flow[None]:
    """Complete those of *rows*, by key, whose parts are missing and whose entry is there."""
    for key, cells in islice(((key, cells) for key, cells in rows if "parts" not in cells), LOOKED_UP):
        record: Record | None = yield _get(store, namespace, key, now)
        if record is not None:
            cells.update(_described(key, record))


def _get(store: Store, namespace: str, key: str, now: float) -> Step[Record | None]:
    return Step(lambda: store.get(namespace, key, now=now), lambda: store.aget(namespace, key, now=now))


def _described(key: str, record: Record) -> Sum:
    try:
        data = open_sealed(key, record.value)
        parts, body = read_about(data).get("parts"), Entry.from_bytes(data).body
    except CorruptEntry:
        return {}
    return {"parts": json.dumps(parts), "template": template_digest(body)} if isinstance(parts, dict) else {}
