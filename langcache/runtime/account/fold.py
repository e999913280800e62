"""Events folded into few rows of numbers, in memory, until they go to the store."""

from collections import defaultdict
from decimal import Decimal
from typing import Any, Final

from langcache.core.events import Event, StageEvent
from langcache.runtime.account.calendar import MINUTE_S, day_of
from langcache.runtime.account.histogram import bucket_of
from langcache.runtime.account.key_sums import KeySum
from langcache.runtime.account.money import to_cell
from langcache.storage.counters import Sum, add_up

__all__ = ["Fold", "KeySums", "Place"]

NAMES_KEPT: Final = 1_000
"""Distinct chains with their versions and models, or reasons, told apart by one process; further ones are ``other``."""

SEEN_KEPT: Final = 20_000
"""Keys whose last request is remembered, to know the gap to the next."""

Place = tuple[str, int, str, tuple[Any, ...]]
"""Namespace, minute since the epoch, kind of row, names."""

_NOTHING = Decimal(0)

KeySums = dict[tuple[str, int], dict[str, KeySum]]
"""By namespace and day, by key."""


class Fold:
    """Rows of numbers that grow with what is told apart and not with the number of events."""

    def __init__(self) -> None:
        self.rows: dict[Place, Sum] = {}
        self.keys: KeySums = defaultdict(dict)
        self._names: defaultdict[str, set[tuple[Any, ...]]] = defaultdict(set)
        self._seen: dict[tuple[str, str], float] = {}

    def __len__(self) -> int:
        return len(self.rows) + sum(map(len, self.keys.values()))

    def take(self) -> tuple[dict[Place, Sum], KeySums]:
        """All rows, which the caller has from now on."""
        taken = self.rows, self.keys
        self.rows, self.keys = {}, defaultdict(dict)
        return taken

    def add(self, namespace: str, at: float, event: Event | StageEvent) -> None:
        """Count *event*, which ended *at*."""
        if isinstance(event, StageEvent):
            self._add_stage(namespace, at, event)
            return
        names = (event.chain, event.prompt_version, event.generation_type, event.model)
        cells = self._row(namespace, at, "t", names)
        _add_to_total(cells, event)
        if event.outcome in ("bypass", "refused"):
            self._add_reason(namespace, at, event)
        if event.key and event.outcome != "bypass":
            self._add_to_key(namespace, at, event)

    def _row(self, namespace: str, at: float, kind: str, names: tuple[Any, ...]) -> Sum:
        known = self._names[kind]
        if names not in known:
            if len(known) < NAMES_KEPT:
                known.add(names)
            else:
                names = ("other",) + ("",) * (len(names) - 1)
        place = (namespace, int(at // MINUTE_S), kind, names)
        cells = self.rows.get(place)
        if cells is None:
            cells = self.rows[place] = {}
        return cells

    def _add_reason(self, namespace: str, at: float, event: Event) -> None:
        details = event.details
        reason, slot, form = event.reason or "unknown", details.get("slot"), details.get("form")
        named = (event.outcome, event.chain, reason, slot and str(slot), form and str(form))
        cells = self._row(namespace, at, "w", named)
        add_up(cells, {"n": 1, "cost": to_cell(event.cost_usd or _NOTHING)})

    def _add_to_key(self, namespace: str, at: float, event: Event) -> None:
        sums = self.keys[namespace, day_of(at)]
        found = sums.get(event.key)
        if found is None:
            found = sums[event.key] = KeySum()
        found.add(at, event, None if event.is_helper else self._gap(namespace, event.key, at))

    def _gap(self, namespace: str, key: str, at: float) -> float | None:
        if len(self._seen) >= SEEN_KEPT:
            self._seen.clear()
        before = self._seen.get((namespace, key))
        self._seen[namespace, key] = at
        return None if before is None else max(0.0, at - before)

    def _add_stage(self, namespace: str, at: float, event: StageEvent) -> None:
        cells = self._row(namespace, at, "s", (event.pipeline, event.stage))
        add_up(cells, {event.outcome: 1, "cost": to_cell(event.cost_usd), "saved": to_cell(event.saved_usd)})


def _add_to_total(cells: Sum, event: Event) -> None:
    is_helper, cost_usd, saved_usd = event.is_helper, event.cost_usd, event.saved_usd
    _count(cells, "helper" if is_helper else event.outcome, 1)
    if event.outcome in ("hit", "stale"):
        _count(cells, f"H{bucket_of(event.latency_s)}", 1)
    else:
        _add_call(cells, event)
    if cost_usd is None or saved_usd is None:
        _count(cells, "unpriced", 1)
    if saved_usd:
        _count(cells, "saved", to_cell(saved_usd))


def _add_call(cells: Sum, event: Event) -> None:
    _count(cells, "in", event.input_tokens)
    _count(cells, "out", event.output_tokens)
    if event.cost_usd:
        cost = to_cell(event.cost_usd)
        _count(cells, "cost", cost)
        if event.is_helper:
            _count(cells, "helper_cost", cost)
            _count(cells, "saved", -cost)
    if not event.is_helper:
        _count(cells, f"C{bucket_of(event.latency_s)}", 1)


def _count(cells: Sum, name: str, number: int) -> None:
    cells[name] = cells.get(name, 0) + number  # type: ignore[operator]
