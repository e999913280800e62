"""``langcache explain``."""

from collections.abc import Iterator
from typing import Annotated

import typer

from langcache.cli import formats
from langcache.cli.command import Session, command
from langcache.cli.output import Column, Report, Section
from langcache.cli.pairs import read_pairs
from langcache.cli.readable import require_readable
from langcache.cli.trouble import FAILED
from langcache.runtime.features import FEATURE, typed
from langcache.runtime.inspection import Neighbours, nearest_entries

__all__ = ["explain"]

COLUMNS = [
    Column("key", show=formats.short_key, folds=False),
    Column("state", is_status=True, folds=False),
    Column("feature", folds=False),
    Column("asked"),
    Column("stored"),
    Column("created_at", "made", formats.moment, folds=False),
]


@command('langcache explain task_planner field="computer science" gpa=3.0-3.5')
def explain(
    session: Session,
    chain: Annotated[str, typer.Argument(help="The chain's name.")],
    features: Annotated[list[str], typer.Argument(help="NAME=VALUE …, the value as normalised.")],
    prompt_version: Annotated[str | None, typer.Option(help="Only entries of this one.")] = None,
) -> Report:
    """Whether users with these features are answered from the cache, and if not, which feature differs.

    It knows stored entries only, not the profile: write values as `langcache top` shows them, such as a synonym's
    head word or a bucket's label. `cache.explain(chain, inputs)` in Python reads raw ones. Status 1: not stored.
    """
    asked = read_pairs(features)
    with session.cache() as cache, session.progress("comparing", cache) as advance:
        require_readable(cache)
        found = nearest_entries(cache, chain, asked, prompt_version=prompt_version, advance=advance)
    rows = list(_rows(found))
    section = Section(COLUMNS, rows)
    return Report(found.to_dict(), [section], section, list(_notes(found)), 0 if found.outcome == "stored" else FAILED)


def _rows(found: Neighbours) -> Iterator[dict[str, object]]:
    for near in found.nearest:
        shared = {"key": near.key, "state": near.state, "created_at": near.created_at}
        if not near.differs:
            yield {**shared, "feature": "all equal", "asked": None, "stored": None}
        for name, (asked, stored) in near.differs.items():
            yield {**shared, "feature": name, "asked": asked, "stored": typed(stored)}


def _notes(found: Neighbours) -> Iterator[str]:
    asked = formats.features(found.asked)
    if not found.entries:
        yield f"{found.chain} has no entry here: the next call is a miss."
        return
    match found.outcome:
        case "stored":
            first = next(near for near in found.nearest if not near.differs)
            others = ", ".join(name for name in first.parts if not name.startswith(FEATURE))
            yield f"Stored: {asked} is answered from the cache, if all else in the key is equal too: {others}."
            yield f"`langcache show {formats.short_key(first.key)}` shows the entry."
        case "expired":
            yield f"Expired: {asked} was answered once; the next call fetches it anew."
        case _:
            yield f"Not stored: no entry of {found.chain} is for {asked}."
    for name, near in found.unknown.items():
        yield f"No entry has a feature {name!r}" + (f"; did you mean {near!r}?" if near else ".")
    for name in found.asked.keys() & found.values.keys():
        if found.outcome == "not stored":
            yield f"{name} is stored as: {', '.join(sorted(map(typed, found.values[name])))}."
