"""``langcache forecast``."""

from pathlib import Path
from typing import Annotated

import typer

from langcache.cli import formats
from langcache.cli.command import Session, command
from langcache.cli.output import Column, Report, Section

__all__ = ["forecast"]


@command("langcache forecast mix.toml", "langcache forecast mix.toml --json")
def forecast(
    session: Session,
    file: Annotated[Path, typer.Argument(help="TOML, one [[scenario]] per kind of request.", dir_okay=False)],
) -> Report:
    """What a mix of scenarios costs a month and a year, with the cache and without.

    Each [[scenario]] has name, users (a month), cost_per_call_usd and hit_rate (0 where nothing is cached).
    """
    from langcache.economics.forecast import forecast as compute, load

    found = compute(load(file))
    names = ("before_usd", "after_usd", "saved_usd")
    money = [Column(name, name.removesuffix("_usd"), formats.money, right=True, folds=False) for name in names]
    scenarios = [
        {
            "name": each.scenario.name,
            "users": each.scenario.users,
            "cost_per_call_usd": each.scenario.cost_per_call_usd,
            "hit_rate": each.scenario.hit_rate,
            **{name: getattr(each.month, name) for name in names},
        }
        for each in found.scenarios
    ]
    columns = [
        Column("name", "scenario, a month"),
        Column("users", show=lambda users: f"{users:,f}", right=True, folds=False),
        Column("cost_per_call_usd", "a call", formats.money, right=True, folds=False),
        Column("hit_rate", "hits", lambda rate: f"{rate:.1%}", right=True, folds=False),
        *money,
    ]
    sums = [
        {"period": period, **{name: getattr(amounts, name) for name in names}}
        for period, amounts in (("month", found.month), ("year", found.year))
    ]
    exact = [{"period": period, **getattr(found, period).to_dict()} for period in ("month", "year")]
    total = [Column("period", "in all"), *money]
    return Report(found.to_dict(), [Section(columns, scenarios), Section(total, sums)], Section(total, exact))
