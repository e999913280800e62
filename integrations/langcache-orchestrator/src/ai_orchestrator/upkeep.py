"""``cache-stats``, ``invalidate-cache`` and ``cache``: what is stored, and removing it."""

import os
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from ai_orchestrator.options import AsJson, Confirm, Url, console, dollars, print_json, share, stored
from ai_orchestrator.trouble import WRONGLY_CALLED, Trouble

__all__ = ["cache_app", "cache_stats", "invalidate_cache", "without_credentials"]

DAY_S = 86_400.0
_CREDENTIALS = re.compile(r"//[^/]*@")

cache_app = typer.Typer(no_args_is_help=True, help="The pipeline's part of the store.")


def cache_stats(
    days: Annotated[int, typer.Option(min=1, help="How far back to look.")] = 30,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show what was stored in the last days, how often it was reused, and what that saved."""
    with stored(url) as pipe:
        since = pipe.cache.clock.now() - days * DAY_S
        entries = [entry for entry in pipe.entries() if entry.metadata.created_at >= since]
        families = [name for name in pipe.graph.order if any(entry.lineage.family == name for entry in entries)]
    rows = {name: _summed(e for e in entries if e.lineage.family == name) for name in families}
    total = _summed(entries)
    if as_json:
        print_json({"days": days, **total, "stages": rows})
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in ("stage", "entries", "bytes", "reused", "cost", "saved"):
        table.add_column(column, justify="left" if column == "stage" else "right", no_wrap=True)
    for name, row in {**rows, "all": total}.items():
        counts = (f"{row[column]:,}" for column in ("entries", "size_bytes", "reused"))
        table.add_row(name, *counts, dollars(row["cost_usd"]), dollars(row["saved_usd"]))
    console().print(table)


def invalidate_cache(
    key: Annotated[str, typer.Argument(help="A cache key, or the name of a stage, an instance or a family.")],
    confirm: Confirm = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Remove an entry and all that was made from it."""
    with stored(url) as pipe:
        fell = pipe.invalidate(key, dry_run=not confirm)
        if not fell:
            raise Trouble(f"nothing is stored under {key!r}; there are: {', '.join(pipe.graph.order)}")
    if as_json:
        print_json({"removed": confirm, "entries": [{"cache_key": e.cache_key, "because": e.because} for e in fell]})
    else:
        screen = console()
        for entry in fell:
            screen.print(f"{'removed' if confirm else 'would go'}  {entry.cache_key}", soft_wrap=True)
        screen.print(f"{len(fell)} entries")
    _leave_unless(confirm)


@cache_app.command()
def info(url: Url = None, as_json: AsJson = False) -> None:
    """Show where outputs are kept, how much there is, and whether it is sound."""
    with stored(url) as pipe:
        found, total = pipe.health().findings, _summed(pipe.entries())
    place = without_credentials(url or os.environ.get("LANGCACHE_URL") or "langcache's default store")
    # Replayed and live outputs lie side by side, so another agent's is no fault here.
    kept = [finding for finding in found if finding.kind != "agent version"]
    findings = [{"kind": f.kind, "cache_key": f.cache_key, "detail": f.detail} for f in kept]
    if as_json:
        print_json({"store": place, **total, "healthy": not findings, "findings": findings})
        return
    screen = console()
    screen.print(f"{place}: {total['entries']} entries, {total['size_bytes']:,} bytes", soft_wrap=True)
    screen.print(f"cost {dollars(total['cost_usd'])} to make; reused {total['reused']} times")
    screen.print("healthy" if not findings else f"{len(findings)} findings")
    for finding in findings:
        screen.print(f"{finding['kind']}  {finding['cache_key']}  {finding['detail']}", soft_wrap=True)


@cache_app.command()
def clear(confirm: Confirm = False, url: Url = None, as_json: AsJson = False) -> None:
    """Remove everything the pipeline has stored, sessions included."""
    with stored(url) as pipe:
        total = _summed(pipe.entries())
        records = pipe.clear() if confirm else None
    if as_json:
        print_json({"removed": confirm, "records": records, **total})
    else:
        verb = "removed" if confirm else "would go:"
        console().print(
            f"{verb} {total['entries']} entries, {total['size_bytes']:,} bytes, which cost {dollars(total['cost_usd'])}"
        )
    _leave_unless(confirm)


def without_credentials(url: str) -> str:
    """*url* as it may be shown."""
    return _CREDENTIALS.sub("//", url)


def _leave_unless(confirmed: bool) -> None:
    if not confirmed:
        typer.echo("nothing was removed: add --confirm", err=True)
        raise typer.Exit(WRONGLY_CALLED)


def _summed(entries: Iterable[Any]) -> dict[str, Any]:
    """Counts of *entries*; a cost that is not known counts as nothing."""
    found = list(entries)
    costs = [entry.lineage.cost_usd or Decimal(0) for entry in found]
    reused = [entry.metadata.access_count for entry in found]
    cost, saved = sum(costs, Decimal(0)), sum((c * n for c, n in zip(costs, reused, strict=True)), Decimal(0))
    return {
        "entries": len(found),
        "size_bytes": sum(entry.metadata.size_bytes for entry in found),
        "files": sum(entry.metadata.file_count for entry in found),
        "reused": sum(reused),
        "cost_usd": cost,
        "saved_usd": saved,
        "saved_share": share(saved, cost),
    }
