"""``langcache trends``."""

from enum import StrEnum
from typing import Annotated

import typer

from langcache.cli import formats
from langcache.cli.command import Days, Session, command
from langcache.cli.output import Column, Report, Section

__all__ = ["trends"]

NAMES = (
    "start",
    "requests",
    "hit_rate",
    "hit_rate_limit",
    "cost_usd",
    "saved_usd",
    "hit_latency_p50_s",
    "hit_latency_p95_s",
    "call_latency_p50_s",
    "call_latency_p95_s",
)


class By(StrEnum):
    """How long one row is."""

    day = "day"
    hour = "hour"


@command("langcache trends --days 14", "langcache trends --by hour --days 1 --csv")
def trends(
    session: Session,
    days: Days = 30,
    by: Annotated[By, typer.Option(help="One row for each.")] = By.day,
) -> Report:
    """Requests, hit rate beside its limit, money and latency, day by day or hour by hour (UTC)."""
    with session.cache() as cache:
        buckets = cache.trends(days=days, by=by.value)
    rows = [{name: getattr(bucket, name) for name in NAMES} for bucket in buckets]
    shown = [row for row in rows if row["requests"]]
    columns = [
        Column("start", by.value, formats.day if by is By.day else formats.hour, folds=False),
        Column("requests", "asked", show=formats.count, right=True, folds=False),
        Column("hit_rate", "hits", formats.percent, right=True, folds=False),
        Column("hit_rate_limit", "limit", formats.percent, right=True, folds=False),
        Column("cost_usd", "spent", formats.money, right=True, folds=False),
        Column("saved_usd", "saved", formats.money, right=True, folds=False),
        Column("hit_latency_p50_s", "hit", formats.seconds, right=True, folds=False),
        Column("call_latency_p50_s", "call", formats.seconds, right=True, folds=False),
    ]
    section = Section(columns, shown, empty="No request in these days.")
    notes = ["Hit and call are median latencies. Times without a request are left out."] if shown else []
    return Report(
        [bucket.to_dict() for bucket in buckets], [section], Section([Column(name) for name in NAMES], rows), notes
    )
