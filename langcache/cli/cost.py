"""``langcache cost``."""

from collections.abc import Iterator, Mapping
from typing import Any

from langcache.cli import formats
from langcache.cli.command import Days, Session, command
from langcache.cli.output import Column, Report, Section
from langcache.cli.trouble import DONE, FAILED
from langcache.runtime.account.model import PeriodStats, Slice

__all__ = ["cost"]

NAMES = ("requests", "input_tokens", "output_tokens", "cost_usd", "saved_usd", "unpriced")
COLUMNS = [
    Column("name"),
    Column("requests", show=formats.count, right=True, folds=False),
    Column("input_tokens", "tokens in", formats.count, right=True, folds=False),
    Column("output_tokens", "out", formats.count, right=True, folds=False),
    Column("cost_usd", "spent", right=True, folds=False),
    Column("saved_usd", "saved", right=True, folds=False),
]


@command("langcache cost --days 7", "langcache cost --csv")
def cost(session: Session, days: Days = 30) -> Report:
    """What was spent and saved by model, chain and prompt version; unknown prices are shown as unknown."""
    with session.cache() as cache:
        found = cache.stats(days=days)
    tables = {"model": found.by_model, "chain": found.by_chain, "prompt_version": found.by_prompt_version}
    rows = [row for by, slices in tables.items() for row in _rows(by, slices)]
    exact = Section([Column("by"), Column("name"), *(Column(name) for name in NAMES)], rows)
    sections = [_section(by, [row for row in rows if row["by"] == by]) for by in tables]
    data = {
        "days": found.days,
        "cost_usd": found.cost_usd,
        "saved_usd": found.saved_usd,
        "unpriced": found.unpriced,
        **{f"by_{by}": [row for row in rows if row["by"] == by] for by in tables},
    }
    return Report(data, sections, exact, list(_notes(found)), DONE if found.store_trouble is None else FAILED)


def _rows(by: str, slices: Mapping[str, Slice]) -> Iterator[dict[str, Any]]:
    """The dearest first; where no price at all is known, the sums are None."""
    for name, each in sorted(slices.items(), key=lambda item: (-item[1].cost_usd, -item[1].requests)):
        row = {"by": by, "name": name, **{field: getattr(each, field) for field in NAMES}}
        if each.unpriced and not each.cost_usd:
            row["cost_usd"] = None
        if each.unpriced and not each.saved_usd:
            row["saved_usd"] = None
        yield row


def _section(by: str, rows: list[dict[str, Any]]) -> Section:
    shown = [
        {**row, **{name: formats.sum_of_money(row[name], row["unpriced"]) for name in ("cost_usd", "saved_usd")}}
        for row in rows
    ]
    titled = [Column("name", by.replace("_", " ").capitalize()), *COLUMNS[1:]]
    return Section(titled, shown)


def _notes(found: PeriodStats) -> Iterator[str]:
    if found.store_trouble is not None:
        yield f"The store: {found.store_trouble}"
    if not found.requests:
        yield "No request in these days."
        return
    spent, saved = (formats.sum_of_money(each, found.unpriced) for each in (found.cost_usd, found.saved_usd))
    yield f"Spent {spent}, saved {saved} in {found.days} days."
    for name, each in found.by_model.items():
        if each.unpriced:
            tokens = f"{formats.count(each.input_tokens)} tokens in, {formats.count(each.output_tokens)} out"
            yield (
                f"{name}: the price of {formats.count(each.unpriced)} requests is unknown ({tokens} in all). "
                f"Tell the app: Cache(prices={{{name!r}: {{'input': …, 'output': …}}}}), in USD per 1,000 tokens."
            )
    if untold := found.unpriced - sum(each.unpriced for each in found.by_model.values()):
        yield f"{formats.count(untold)} requests were broken off, or their models do not say what they are or used."
