"""``langcache invalidate``."""

from typing import Annotated, Any

import typer

from langcache.cli.command import Confirm, Session, command
from langcache.cli.durations import duration
from langcache.cli.going import Going, gone
from langcache.cli.output import Report
from langcache.cli.pairs import read_pairs
from langcache.cli.readable import require_readable
from langcache.cli.trouble import WRONGLY_CALLED, Trouble
from langcache.runtime.inspection import resolve_key

__all__ = ["invalidate"]

Text = Annotated[str | None, typer.Option()]


@command(
    "langcache invalidate --chain task_planner --prompt-version v2 --confirm",
    'langcache invalidate --feature field="computer science" --older-than 30d',
)
def invalidate(
    session: Session,
    key: Annotated[str | None, typer.Option(help="The entry's key, or a unique beginning of it.")] = None,
    chain: Annotated[str | None, typer.Option(help="The chain's name.")] = None,
    prompt_version: Annotated[str | None, typer.Option(help="As declared, or as `langcache top` shows it.")] = None,
    generation_type: Annotated[str | None, typer.Option("--type", help="The generation type.")] = None,
    feature: Annotated[list[str] | None, typer.Option(help="NAME=VALUE as normalised; repeatable.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag; repeatable.")] = None,
    older_than: Annotated[str | None, typer.Option(help="Made longer ago than this: 90s, 12h, 30d.")] = None,
    confirm: Confirm = False,
) -> Report:
    """Remove the entries that meet every condition given."""
    named: dict[str, Any] = {
        "key": key,
        "chain": chain,
        "prompt_version": prompt_version,
        "generation_type": generation_type,
        "tags": tuple(tag or ()),
        "older_than": None if older_than is None else _duration(older_than),
        "features": read_pairs(feature or ()),
    }
    conditions = {name: value for name, value in named.items() if value}
    if not conditions:
        raise Trouble("nothing to look for: give a condition, or use `langcache clear` for everything", WRONGLY_CALLED)
    with session.cache() as cache:
        if conditions.keys() - {"key", "older_than"}:
            require_readable(cache)
        if key is not None:
            conditions["key"] = resolve_key(cache, key)
        going = Going(cache, remove=confirm)
        with session.progress("invalidating" if confirm else "looking", cache) as advance:
            going.go(advance, **conditions)
    return gone(going)


def _duration(text: str) -> Any:
    try:
        return duration(text)
    except ValueError as error:
        raise Trouble(f"--older-than: {error}", WRONGLY_CALLED) from None
