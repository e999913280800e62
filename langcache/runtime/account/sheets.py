"""What was folded, as the sheets that go to the store."""

import json
from collections import defaultdict
from typing import Final

from langcache.runtime.account.calendar import DAY_S, HOUR_S, MINUTE_S, Retention, sheet_of
from langcache.runtime.account.fold import Folded, Names
from langcache.runtime.account.key_sums import KeySum
from langcache.runtime.account.sums import named
from langcache.storage.base import Sheet
from langcache.storage.counters import Sum, add_up

__all__ = ["KeySums", "key_sums_of", "sheets_of"]

_UNITS: Final = (("minutes", MINUTE_S), ("hours", HOUR_S), ("days", DAY_S))

KeySums = dict[int, dict[str, KeySum]]
"""By day, by key."""


def key_sums_of(folded: Folded) -> KeySums:
    """What was folded of each key."""
    found: defaultdict[int, dict[str, KeySum]] = defaultdict(dict)
    for place, tally in folded.tallies.items():
        minute, key = place[0], place[-1]
        if key:
            found[minute * MINUTE_S // DAY_S].setdefault(key, KeySum()).add(place, tally)
    return found


def sheets_of(folded: Folded, keys: KeySums, retention: Retention) -> list[Sheet]:
    """The sheets to add to: each row to those of its minute, hour and day, each key to those of its day and eight days.

    Args:
        folded: what happened.
        keys: those of its keys that are told apart.
        retention: how long sheets are kept.
    """
    found: defaultdict[tuple[str, int], defaultdict[str, Sum]] = defaultdict(lambda: defaultdict(dict))
    for (kind, minute, names), cells in _rows(folded).items():
        at = minute * MINUTE_S
        for unit, seconds in _UNITS:
            add_up(found[unit, at // DAY_S][json.dumps([kind, at // seconds, *names])], cells)
    for day, sums in keys.items():
        for key, total in sums.items():
            # No key's row is the one that is about the sheet itself.
            add_up(found["keys", day][f"k{key}"], total.of_day())
            add_up(found["keys8", day][f"k{key}"], total.cells)
    return [Sheet(sheet_of(unit, day), retention.sheets(day)[unit], rows) for (unit, day), rows in found.items()]


def _rows(folded: Folded) -> dict[tuple[str, int, Names], Sum]:
    """What happened in each minute, by kind and names."""
    rows: defaultdict[tuple[str, int, Names], Sum] = defaultdict(dict)
    for (minute, *names, _), tally in folded.tallies.items():
        cells = {**tally.counts(), **named("H", tally.hit_s), **named("C", tally.call_s)}
        add_up(rows["t", minute, tuple(names)], cells)
    for (minute, reason), sum_ in folded.reasons.items():
        add_up(rows["w", minute, reason], sum_.counts())
    for (minute, stage), counts in folded.stages.items():
        add_up(rows["s", minute, stage], counts.counts())
    return rows
