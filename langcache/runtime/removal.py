"""Which entries an invalidation names, and their removal in pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from langcache.errors import DeclarationError
from langcache.runtime.steps import Step
from langcache.storage.base import Row, Store

__all__ = ["Selection", "remove"]

PAGE = 500


@dataclass(frozen=True, slots=True)
class Selection:
    """Entries that carry every one of *labels*, have the *key* if one is given, and were made before *made_before*."""

    key: str | None
    labels: frozenset[str]
    made_before: float | None

    def names(self, row: Row) -> bool:
        """Whether *row*, which carries the labels, is meant."""
        return (self.key is None or row.key == self.key) and (
            self.made_before is None or row.created_at < self.made_before
        )


def select(
    *,
    key: str | None,
    chain: str | None,
    prompt_version: str | None,
    generation_type: str | None,
    tags: str | Iterable[str],
    older_than: timedelta | float | None,
    now: float,
) -> Selection:
    """Turn the public arguments into a selection.

    Raises:
        DeclarationError: nothing is named; removing everything is called ``clear()``.
    """
    tags = (tags,) if isinstance(tags, str) else tuple(tags)
    named = {"chain": chain, "prompt": prompt_version, "type": generation_type}
    labels = {f"{kind}:{value}" for kind, value in named.items() if value is not None}
    labels |= {f"tag:{tag}" for tag in tags}
    if key is None and not labels and older_than is None:
        raise DeclarationError("invalidate() was told nothing to look for; clear() removes everything")
    age_s = older_than.total_seconds() if isinstance(older_than, timedelta) else older_than
    return Selection(key, frozenset(labels), None if age_s is None else now - age_s)


def remove(store: Store, namespace: str, selection: Selection, now: float) -> Step[int]:
    """Remove what *selection* names; the step gives how many entries fell."""

    def run() -> int:
        if _direct(selection):
            return store.delete(namespace, [selection.key or ""])
        fell, page = 0, []
        for row in store.scan(namespace, now=now, labels=selection.labels):
            if selection.names(row):
                page.append(row.key)
            if len(page) == PAGE:
                fell, page = fell + store.delete(namespace, page), []
        return fell + (store.delete(namespace, page) if page else 0)

    async def arun() -> int:
        if _direct(selection):
            return await store.adelete(namespace, [selection.key or ""])
        fell, page = 0, []
        async for row in store.ascan(namespace, now=now, labels=selection.labels):
            if selection.names(row):
                page.append(row.key)
            if len(page) == PAGE:
                fell, page = fell + await store.adelete(namespace, page), []
        return fell + (await store.adelete(namespace, page) if page else 0)

    return Step(run, arun)


def _direct(selection: Selection) -> bool:
    return selection.key is not None and not selection.labels and selection.made_before is None
