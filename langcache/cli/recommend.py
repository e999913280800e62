"""``langcache recommend``."""

from dataclasses import fields
from typing import Any

from langcache.cli import formats
from langcache.cli.command import Days, Session, command
from langcache.cli.output import Column, Report, Section
from langcache.economics.recommendations import Recommendation

__all__ = ["recommend"]

SHOWN = [
    Column("description", "what to do"),
    Column("saves", right=True, folds=False),
    Column("implementation_effort", "effort", folds=False),
    Column("confidence", "sure", formats.percent, right=True, folds=False),
]
EXACT = [Column(each.name) for each in fields(Recommendation)]
QUIET = "Nothing to recommend: what was recorded gives no change enough evidence."


@command("langcache recommend --days 30", "langcache recommend --json")
def recommend(session: Session, days: Days = 30) -> Report:
    """What to change, with what it would have saved: the recorded traffic, replayed under the changed rule."""
    with session.cache() as cache:
        found = cache.recommendations(days=days)
    rows = [{column.name: getattr(each, column.name) for column in EXACT} for each in found]
    shown = [{**row, "saves": formats.sum_of_money(row["potential_savings_usd"], _unpriced(row))} for row in rows]
    notes = [f"Saves: in {days} days. Sure: a lower bound of the share named. --json has the evidence."] if rows else []
    data = [each.to_dict() for each in found]
    return Report(data, [Section(SHOWN, shown, empty=QUIET)], Section(EXACT, rows), notes)


def _unpriced(row: dict[str, Any]) -> int:
    return int(row["evidence"].get("unpriced", 0))
