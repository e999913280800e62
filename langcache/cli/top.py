"""``langcache top``."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Annotated, Any

import typer

from langcache.cli import formats
from langcache.cli.command import Days, Session, command
from langcache.cli.output import Column, Report, Section
from langcache.runtime.account.model import TopKey

__all__ = ["section", "top"]

SHOWN = [
    Column("key", show=formats.short_key, folds=False),
    Column("chain"),
    Column("features", "kind of user", formats.features),
    Column("requests", "asked", formats.count, right=True, folds=False),
    Column("hits", show=formats.count, right=True, folds=False),
    Column("saved_usd", "saved", right=True, folds=False),
]
"""As many as 80 columns have room for."""

NAMES = [each.name for each in fields(TopKey)]


@command("langcache top --days 7 --limit 10")
def top(
    session: Session,
    days: Days = 30,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
) -> Report:
    """The kinds of users asked for most, by their features, with their hits and what these saved."""
    with session.cache() as cache:
        keys = cache.top(days=days, limit=limit)
    exact = Section([Column(name) for name in NAMES], _rows(keys))
    return Report([key.to_dict() for key in keys], [section(keys, empty="No request in these days.")], exact)


def section(keys: Sequence[TopKey], empty: str = "") -> Section:
    """*keys* for people."""
    rows = [{**row, "saved_usd": formats.sum_of_money(row["saved_usd"], row["unpriced"])} for row in _rows(keys)]
    return Section(SHOWN, rows, empty=empty)


def _rows(keys: Sequence[TopKey]) -> list[dict[str, Any]]:
    return [{name: getattr(key, name) for name in NAMES} for key in keys]
