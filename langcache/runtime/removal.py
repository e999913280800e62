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

    @property
    def is_one_key(self) -> bool:
        """Whether nothing needs to be searched."""
        return self.key is not None and not self.labels and self.made_before is None

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
    tags = filter(None, (tags,) if isinstance(tags, str) else tags)
    named = {"chain": chain, "prompt": prompt_version, "type": generation_type}
    labels = {f"{kind}:{value}" for kind, value in named.items() if value is not None}
    labels |= {f"tag:{tag}" for tag in tags}
    if key is None and not labels and older_than is None:
        raise DeclarationError("invalidate() was told nothing to look for; clear() removes everything")
    age_s = older_than.total_seconds() if isinstance(older_than, timedelta) else older_than
    return Selection(key, frozenset(labels), None if age_s is None else now - age_s)


def remove(store: Store, namespace: str, selection: Selection, now: float) -> Step[int]:
    """Remove what *selection* names, in pages; the step gives how many entries fell."""

    def run() -> int:
        if selection.is_one_key:
            return store.delete(namespace, [selection.key or ""])
        rows = store.scan(namespace, now=now, labels=selection.labels)
        doomed = [row.key for row in rows if selection.names(row)]
        return sum(store.delete(namespace, page) for page in _pages(doomed))

    async def arun() -> int:
        if selection.is_one_key:
            return await store.adelete(namespace, [selection.key or ""])
        rows = store.ascan(namespace, now=now, labels=selection.labels)
        doomed = [row.key async for row in rows if selection.names(row)]
        return sum([await store.adelete(namespace, page) for page in _pages(doomed)])

    return Step(run, arun)


def _pages(keys: list[str]) -> list[list[str]]:
    return [keys[at : at + PAGE] for at in range(0, len(keys), PAGE)]
