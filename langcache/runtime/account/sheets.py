"""What was folded, as the sheets that go to the store."""

import json
from collections import defaultdict
from typing import Final

from langcache.runtime.account.calendar import DAY_S, HOUR_S, MINUTE_S, Retention, sheet_of
from langcache.runtime.account.fold import KeySums, Place
from langcache.storage.base import Sheet
from langcache.storage.counters import Sum, add_up

__all__ = ["sheets_of"]

_UNITS: Final = (("minutes", MINUTE_S), ("hours", HOUR_S), ("days", DAY_S))

_Found = defaultdict[tuple[str, int], defaultdict[str, Sum]]


def sheets_of(rows: dict[Place, Sum], keys: KeySums, retention: Retention) -> dict[str, list[Sheet]]:
    """By namespace, the sheets to add to: each row to its minute, hour and day, each key to its day and eight days."""
    found: defaultdict[str, _Found] = defaultdict(lambda: defaultdict(lambda: defaultdict(dict)))
    for (namespace, minute, kind, names), cells in rows.items():
        at, by_sheet = minute * MINUTE_S, found[namespace]
        for unit, seconds in _UNITS:
            name = json.dumps([kind, at // seconds, *names])
            add_up(by_sheet[unit, at // DAY_S][name], cells)
    for (namespace, day), sums in keys.items():
        by_sheet = found[namespace]
        for key, total in sums.items():
            add_up(by_sheet["keys", day][key_row(key)], total.of_day())
            add_up(by_sheet["keys8", day][key_row(key)], total.of_eight_days())
    return {
        namespace: [
            Sheet(sheet_of(unit, day), retention.sheets(day)[unit], rows) for (unit, day), rows in by_sheet.items()
        ]
        for namespace, by_sheet in found.items()
    }


def key_row(key: str) -> str:
    """The row of *key*; no key's row is the one that is about the sheet itself."""
    return f"k{key}"
