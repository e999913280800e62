"""Counts in a dictionary, and how rows are added up; for stores that keep theirs as a whole."""

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field

from langcache.storage.base import BATCH_MEMORY_S, Cells, Sheet, is_expired

Sum = dict[str, int | str]


def add_up(total: Sum, cells: Cells) -> None:
    """Add *cells* to *total*: numbers to numbers, texts in place of what was there."""
    for name, value in cells.items():
        before = total.get(name, 0)
        total[name] = value if isinstance(value, str) or isinstance(before, str) else before + value


@dataclass(slots=True)
class _Kept:
    expires_at: float
    rows: dict[str, Sum] = field(default_factory=dict)


class Counters:
    """The counts of a store that has them in memory; whoever calls holds a lock."""

    def __init__(self) -> None:
        self._sheets: dict[tuple[str, str], _Kept] = {}
        self._batches: OrderedDict[tuple[str, str], float] = OrderedDict()

    def add(self, namespace: str, sheets: Collection[Sheet], batch: str, now: float) -> None:
        """See :meth:`Store.add_counts`."""
        self._forget(now)
        if (namespace, batch) in self._batches:
            return
        self._batches[namespace, batch] = now
        for sheet in sheets:
            kept = self._sheets.setdefault((namespace, sheet.name), _Kept(sheet.expires_at))
            kept.expires_at = sheet.expires_at
            for name, cells in sheet.rows.items():
                add_up(kept.rows.setdefault(name, {}), cells)

    def read(self, namespace: str, names: Collection[str], now: float) -> dict[str, dict[str, Cells]]:
        """See :meth:`Store.read_counts`; a copy."""
        return {name: self._rows((namespace, name), now) for name in names}

    def _rows(self, place: tuple[str, str], now: float) -> dict[str, Cells]:
        kept = self._sheets.get(place)
        if kept is None or is_expired(kept.expires_at, now):
            return {}
        return {row: dict(cells) for row, cells in kept.rows.items()}

    def drop(self, namespace: str, name: str, rows: Collection[str]) -> None:
        """See :meth:`Store.drop_counts`."""
        kept = self._sheets.get((namespace, name))
        if kept is not None:
            for row in rows:
                kept.rows.pop(row, None)

    def clear(self) -> None:
        """Forget everything."""
        self._sheets.clear()
        self._batches.clear()

    def _forget(self, now: float) -> None:
        for place in [place for place, kept in self._sheets.items() if is_expired(kept.expires_at, now)]:
            del self._sheets[place]
        while self._batches and next(iter(self._batches.values())) + BATCH_MEMORY_S <= now:
            self._batches.popitem(last=False)
