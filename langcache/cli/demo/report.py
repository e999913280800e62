"""The run as a person reads it: a table, two applicants side by side, and two lines. Fits 80 columns."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from langcache.cli.demo.applicants import details
from langcache.cli.demo.figures import Figures, by_generation_type, count
from langcache.cli.demo.run import Answer, Run

__all__ = ["show"]

FILLED, QUIET = "bold cyan", "dim"
TASKS_SHOWN = 3
WIDEST = 100
"""Columns; longer lines are harder to read."""


def show(console: Console, run: Run, *, store: str, live: bool) -> None:
    """Print the report of *run*."""
    figures = count(run.events)
    console.print(_table(run, live=live))
    console.print(_source(live), style=QUIET)
    console.print()
    console.print(_side_by_side(console, run))
    console.print()
    console.print(_calls(figures, len(run.answers)))
    console.print(_bypassed(run))
    console.print(_survived(run))
    console.print(_stored(figures, store))


def _table(run: Run, *, live: bool) -> Table:
    parts = {**by_generation_type(run.events), "both": count(run.events)}
    table = Table(title=f"{len(run.answers)} applicants", title_justify="left", title_style="bold")
    table.add_column("")
    for name in parts:
        table.add_column(name, justify="right", style="bold" if name == "both" else "")
    for label, cell in _rows(live):
        table.add_row(label, *map(cell, parts.values()))
    return table


def _rows(live: bool) -> list[tuple[str, Callable[[Figures], str]]]:
    call = "median call" if live else "median call (replayed)"
    return [
        ("requests", lambda f: str(f.requests)),
        ("kinds", lambda f: str(f.kinds)),
        ("provider calls", lambda f: str(f.provider_calls)),
        ("hit rate", lambda f: _percent(f.hit_rate)),
        ("limit from empty: 1 − kinds/requests", lambda f: _percent(f.hit_rate_limit)),
        ("spent", lambda f: _dollars(f.spent_usd)),
        ("saved", lambda f: _dollars(f.saved_usd)),
        ("median hit", lambda f: _milliseconds(f.median_hit_s)),
        (call, lambda f: _milliseconds(f.median_call_s)),
    ]


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _dollars(amount: Decimal | None) -> str:
    return "price unknown" if amount is None else f"${amount:.4f}"


def _milliseconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds * 1e3:.2f} ms"


def _source(live: bool) -> str:
    if live:
        return "Real providers; list prices from genai-prices."
    return (
        "Calls are replayed from cassettes of langcache's stand-in provider: no model was asked, the token counts are "
        "the stand-in's, and a real call takes seconds. List prices from genai-prices."
    )


def _side_by_side(console: Console, run: Run) -> Group:
    """Two applicants of the kind that has most."""
    pair = _largest_kind(run)[:2]
    table = Table.grid(expand=True, padding=(0, 0))
    for _ in pair:
        table.add_column(ratio=1)
    table.add_row(*[_panel(answer) for answer in pair])
    size = len(_largest_kind(run))
    heading = Text(f"Two of the {size} applicants served by one call of each type", style="bold")
    return Group(heading, _at_most(console, table))


def _at_most(console: Console, table: Table) -> Table:
    table.width = min(console.width, WIDEST)
    return table


def _largest_kind(run: Run) -> list[Answer]:
    kinds: dict[str, list[Answer]] = {}
    planned = [event for event in run.events if event.generation_type == "full_llm"]
    for event, answer in zip(planned, run.answers, strict=True):
        kinds.setdefault(event.key, []).append(answer)
    return max(kinds.values(), key=len)


def _panel(answer: Answer) -> Panel:
    applicant = answer.applicant
    typed = Text(f"typed: {applicant['background']!r}, {applicant['field']!r}, {applicant['gpa']}", style=QUIET)
    parts: list[Any] = [typed]
    for task in answer.plan.tasks[:TASKS_SHOWN]:
        title = Text(f"\n{task.title}", style="bold")
        body = Text(f"{task.description}\nDone: {task.definition_of_done}")
        parts += [_highlighted(title, answer), _highlighted(body, answer)]
    parts.append(_highlighted(Text(f"\n{answer.extras.splitlines()[0].replace('**', '')}"), answer))
    return Panel(Group(*parts), title=applicant["first_name"], title_align="left")


def _highlighted(text: Text, answer: Answer) -> Text:
    """*text* with the filled-in details in colour."""
    text.highlight_words(details(answer.applicant), style=FILLED)
    return text


def _calls(figures: Figures, applicants: int) -> str:
    return f"provider calls: {figures.provider_calls} for {figures.requests} requests of {applicants} applicants"


def _bypassed(run: Run) -> str:
    bypassed = run.bypassed
    event = bypassed.event
    return (
        f"no-store: {bypassed.applicant['first_name']} asked again, {event.attempts} call, neither read nor written "
        f"(entries: {bypassed.entries_before} before, {bypassed.entries_after} after)"
    )


def _survived(run: Run) -> str:
    if run.survived is None:
        return "failure: none staged, as these providers are real"
    errors = ", ".join(run.survived.details["errors"])
    return (
        f"failure: {errors}, survived: answered by attempt {run.survived.attempts} "
        f"after {run.survived.latency_s:.2f} s, the wait the provider asked for included"
    )


def _stored(figures: Figures, store: str) -> str:
    again = "Run it again: no calls." if figures.provider_calls else "Start over with --fresh."
    return f"Answers are kept in {store}. {again}"
