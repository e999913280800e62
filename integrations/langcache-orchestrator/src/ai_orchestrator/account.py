"""``status`` and ``cost-analysis``: one session, stage by stage."""

from collections import defaultdict
from dataclasses import asdict
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from ai_orchestrator.options import AsJson, Url, console, dollars, print_json, share, stored
from ai_orchestrator.trouble import Trouble
from langcache.stages import Pipeline

__all__ = ["cost_analysis", "status"]

Session = Annotated[str, typer.Argument(help="The session's name.")]


def status(
    session: Session,
    include_cache: Annotated[bool, typer.Option("--include-cache", help="Show each stage's entry too.")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show how far a session is."""
    with stored(url) as pipe:
        known = _known(pipe, session)
        entries = {entry.cache_key: entry for entry in pipe.entries()} if include_cache else {}
        rows = _in_order(pipe, known)
    if as_json:
        data = known.to_dict()
        for name, stage in rows:
            if stage.cache_key in entries:
                data["stages"][name]["entry"] = asdict(entries[stage.cache_key].metadata)
        print_json(data)
        return
    screen, table = console(), _table("stage", "state", "runs", "cost")
    for name, stage in rows:
        table.add_row(name, stage.state, str(stage.attempts), dollars(stage.cost_usd))
    screen.print(f"{session}: {known.state}, {known.runs} runs, cost {dollars(known.cost_usd)}")
    screen.print(table)
    for name, stage in rows:
        if stage.error is not None:
            screen.print(f"{name} failed: {stage.error}", soft_wrap=True)
        if stage.cache_key in entries:
            screen.print(_about(entries[stage.cache_key].metadata), soft_wrap=True)


def cost_analysis(session: Session, url: Url = None, as_json: AsJson = False) -> None:
    """Show what a session cost, by stage and by model, and what it saved."""
    with stored(url) as pipe:
        known = _known(pipe, session)
        agents = {entry.cache_key: entry.metadata.agent_version or "no model" for entry in pipe.entries()}
        rows = _in_order(pipe, known)
    by_agent: defaultdict[str, Decimal] = defaultdict(Decimal)
    for _, stage in rows:
        by_agent[agents.get(stage.cache_key, "unfinished")] += stage.cost_usd
    saved = share(known.saved_usd, known.cost_usd)
    if as_json:
        print_json(
            {
                "session": session,
                "runs": known.runs,
                "cost_usd": known.cost_usd,
                "saved_usd": known.saved_usd,
                "saved_share": saved,
                "by_agent": dict(by_agent),
                "by_stage": {name: stage.cost_usd for name, stage in rows},
            }
        )
        return
    table = _table("stage", "runs", "cost")
    for name, stage in rows:
        table.add_row(name, str(stage.attempts), dollars(stage.cost_usd))
    screen = console()
    screen.print(table)
    for agent, cost in sorted(by_agent.items()):
        screen.print(f"{agent}: {dollars(cost)}")
    screen.print(
        f"{known.runs} runs: {dollars(known.cost_usd)}; saved {dollars(known.saved_usd)}, "
        f"{saved:.1%} of what they would have cost without the cache"
    )


def _known(pipe: Pipeline, session: str) -> Any:
    found = pipe.status(session)
    if found.state == "unknown":
        raise Trouble(f"no session is called {session!r}")
    return found


def _in_order(pipe: Pipeline, known: Any) -> list[tuple[str, Any]]:
    """The session's stages as the pipeline runs them, instances by number."""
    declared = pipe.graph.order

    def place(name: str) -> tuple[int, int]:
        family = "-".join("{id}" if part.isdigit() else part for part in name.split("-"))
        number = next((int(part) for part in name.split("-") if part.isdigit()), 0)
        return declared.index(family) if family in declared else len(declared), number

    return sorted(known.stages.items(), key=lambda item: place(item[0]))


def _about(entry: Any) -> str:
    count = f"{entry.size_bytes:,} bytes, {entry.file_count} files, reused {entry.access_count} times"
    return f"{entry.cache_key}  {count}, validation {entry.validation_status}"


def _table(first: str, *others: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right" if name in ("runs", "cost") else "left")
    return table
