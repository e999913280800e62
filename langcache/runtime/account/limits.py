"""The hit rate that traffic allows: every key has to be called once."""

from collections import Counter
from collections.abc import Mapping

from langcache.runtime.account.calendar import DAY_S, HOUR_S
from langcache.runtime.account.kept import ABOUT, below_in
from langcache.runtime.account.key_rows import KeyRows
from langcache.runtime.account.key_sums import rank_of
from langcache.runtime.account.totals import outcomes_in
from langcache.storage.base import Cells

__all__ = ["limit_of", "limits_by_day", "limits_by_hour"]

HOURS = DAY_S // HOUR_S


def limit_of(distinct: int, cacheable: int) -> float:
    """1 - distinct keys / requests that were not bypassed."""
    return max(0.0, 1.0 - distinct / cacheable) if cacheable else 0.0


def limits_by_day(days: Mapping[int, Mapping[str, Cells]], units: Mapping[int, Cells]) -> dict[int, float]:
    """The limit of each day, by the day."""
    found = {}
    for day, sheet in days.items():
        rows = KeyRows()
        rows.add(sheet)
        found[day] = limit_of(rows.distinct(), _cacheable(units.get(day, {})))
    return found


def limits_by_hour(days: Mapping[int, Mapping[str, Cells]], units: Mapping[int, Cells]) -> dict[int, float]:
    """The limit of each hour, by the hour: the keys of the day's sample that were asked for in it."""
    found = {}
    for day, sheet in days.items():
        below = below_in(sheet)
        asked: Counter[int] = Counter()
        for row, cells in sheet.items():
            if row != ABOUT and (below == 1.0 or rank_of(row[1:]) < below):
                asked.update(int(name[1:]) for name in cells if name[0] == "r" and name[1:].isdecimal())
        for hour in range(HOURS):
            unit = day * HOURS + hour
            found[unit] = limit_of(round(asked[hour] / below), _cacheable(units.get(unit, {})))
    return found


def _cacheable(cells: Cells) -> int:
    outcomes = outcomes_in(cells)
    return sum(outcomes.values()) - outcomes.get("bypass", 0)
