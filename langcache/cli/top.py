"""``langcache top``."""

from collections.abc import Sequence
from typing import Annotated

import typer

from langcache.cli import formats
from langcache.cli.command import Days, Session, command
from langcache.cli.output import Column, Report, Section
from langcache.runtime.account.model import TopKey

__all__ = ["section", "top"]

COLUMNS = [
    Column("key", show=formats.short_key, folds=False),
    Column("chain"),
    Column("prompt_version", "prompt"),
    Column("features", "kind of user", formats.features),
    Column("requests", "asked", formats.count, right=True, folds=False),
    Column("hits", show=formats.count, right=True, folds=False),
    Column("calls", show=formats.count, right=True, folds=False),
    Column("cost_usd", "spent", formats.money, right=True, folds=False),
    Column("saved_usd", "saved", formats.money, right=True, folds=False),
]


@command("langcache top --days 7 --limit 10")
def top(
    session: Session,
    days: Days = 30,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
) -> Report:
    """The kinds of users asked for most, by their features, with their hits and what these saved."""
    with session.cache() as cache:
        keys = cache.top(days=days, limit=limit)
    exact = Section([*COLUMNS, Column("last_used")], _rows(keys))
    return Report([key.to_dict() for key in keys], [section(keys, empty="No request in these days.")], exact)


def section(keys: Sequence[TopKey], empty: str = "") -> Section:
    """*keys* for people: without the columns 80 have no room for."""
    shown = [column for column in COLUMNS if column.name not in ("prompt_version", "calls", "cost_usd")]
    return Section(shown, _rows(keys), empty=empty)


def _rows(keys: Sequence[TopKey]) -> list[dict[str, object]]:
    names = [*(column.name for column in COLUMNS), "last_used"]
    return [{name: getattr(key, name) for name in names} for key in keys]
