"""Rows of keys read back: how many keys there were, which were asked for most, and everything about each."""

import heapq
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from langcache.runtime.account.kept import ABOUT, below_in, requests_in
from langcache.runtime.account.key_sums import rank_of
from langcache.runtime.account.model import TopKey
from langcache.runtime.account.texts import require_clear
from langcache.runtime.account.totals import money, number, outcomes_in
from langcache.runtime.features import FEATURE
from langcache.storage.base import Cells
from langcache.storage.counters import Sum, add_up

__all__ = ["KeyRows", "described", "named", "top_key"]

ELSEWHERE = ("chain", "prompt_version")
"""Parts of a key that its account has fields for."""


@dataclass(slots=True)
class KeyRows:
    """The keys of several sheets, added up.

    Attributes:
        rows: by key; those of one key are added up only if they are shown.
        requests: by key.
        below: every key of a lower rank is among them; 1 if that is all.
    """

    rows: defaultdict[str, list[Cells]] = field(default_factory=lambda: defaultdict(list))
    requests: Counter[str] = field(default_factory=Counter)
    below: float = 1.0

    def add(self, sheet: Mapping[str, Cells]) -> None:
        """Add the rows of a sheet; a later one's texts count."""
        self.below = min(self.below, below_in(sheet))
        for row, cells in sheet.items():
            if row != ABOUT:
                require_clear(cells.get("of"))
                key = row[1:]
                self.rows[key].append(cells)
                self.requests[key] += requests_in(cells)

    @property
    def is_sampled(self) -> bool:
        """Whether there were more keys than these."""
        return self.below < 1.0

    def distinct(self) -> int:
        """How many keys were asked for; exact unless sampled."""
        asked = [key for key, requests in self.requests.items() if requests]
        if not self.is_sampled:
            return len(asked)
        return round(sum(rank_of(key) < self.below for key in asked) / self.below)

    def busiest(self, limit: int) -> list[tuple[str, Sum]]:
        """The keys asked for most; of equal ones the last asked for."""
        asked = [(requests, self._last(key), key) for key, requests in self.requests.items() if requests]
        return [(key, self._sum(key)) for _, _, key in heapq.nlargest(limit, asked)]

    def _last(self, key: str) -> int:
        return max(number(cells, "last") for cells in self.rows[key])

    def _sum(self, key: str) -> Sum:
        total: Sum = {}
        for cells in self.rows[key]:
            add_up(total, cells)
        return total


def top_key(key: str, cells: Cells) -> TopKey:
    """What is shown of a key."""
    chain, version, _, _ = named(cells)
    features, _ = described(cells)
    outcomes = outcomes_in(cells)
    hits = outcomes.get("hit", 0) + outcomes.get("stale", 0)
    return TopKey(
        key=key,
        chain=chain,
        prompt_version=version,
        features={name: _readable(value) for name, value in features.items()},
        requests=requests_in(cells),
        hits=hits,
        calls=requests_in(cells) - hits + number(cells, "helper"),
        cost_usd=money(cells, "cost"),
        saved_usd=money(cells, "saved"),
        unpriced=number(cells, "unpriced"),
        last_used=float(number(cells, "last")),
    )


def named(cells: Cells) -> tuple[str, str, str | None, str | None]:
    """Chain, prompt version, generation type and model of a key."""
    chain, version, kind, model = json.loads(str(cells.get("of", '["", "", null, null]')))
    return chain, version, kind, model


def described(cells: Cells) -> tuple[dict[str, Any], dict[str, Any]]:
    """The features of a key, and its other parts."""
    parts = json.loads(str(cells.get("parts", "{}")))
    features = {name.removeprefix(FEATURE): value for name, value in parts.items() if name.startswith(FEATURE)}
    others = {name: value for name, value in parts.items() if not name.startswith(FEATURE) and name not in ELSEWHERE}
    return features, others


def _readable(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
