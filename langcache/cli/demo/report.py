"""The run as a person reads it: a table, two applicants side by side, and two lines. Fits 80 columns."""

import re
from collections.abc import Callable
from decimal import Decimal
from itertools import zip_longest

from rich.box import ROUNDED, SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from langcache.cli.demo.applicants import details
from langcache.cli.demo.figures import Figures, by_generation_type, count
from langcache.cli.demo.run import Answer, Run

__all__ = ["show"]

FILLED, QUIET = "bold cyan", "dim"
TYPED = ("background", "field", "gpa")
TASKS_SHOWN = 2
_CREDENTIALS = re.compile(r"//[^/]*@")
WIDEST = 100
"""Columns; longer lines are harder to read."""


def show(console: Console, run: Run, *, store: str, namespace: str, live: bool) -> None:
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
    console.print(_stored(figures, _CREDENTIALS.sub("//", store), namespace))


def _table(run: Run, *, live: bool) -> Table:
    parts = {**by_generation_type(run.events), "both": count(run.events)}
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(f"{len(run.answers)} applicants")
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
        return "Real providers; prices are genai-prices' list."
    return (
        "Replayed from cassettes of our stand-in provider, not of a model: the token counts are the "
        "stand-in's, and a real call takes seconds. Prices: genai-prices."
    )


def _side_by_side(console: Console, run: Run) -> Table:
    kind = _largest_kind(run)
    pair = _pair(kind)
    table = Table(
        box=ROUNDED,
        width=min(console.width, WIDEST),
        title=f"Two of the {len(kind)} applicants of one kind",
        title_justify="left",
        title_style="bold",
    )
    for answer in pair:
        table.add_column(answer.applicant["first_name"], ratio=1)
    for texts in zip_longest(*map(_excerpts, pair), fillvalue=Text("")):  # a model may have been asked for each
        table.add_row(*texts)
    return table


def _largest_kind(run: Run) -> list[Answer]:
    kinds: dict[str, list[Answer]] = {}
    planned = [event for event in run.events if event.generation_type == "full_llm"]
    for event, answer in zip(planned, run.answers, strict=True):
        kinds.setdefault(event.key, []).append(answer)
    return max(kinds.values(), key=len)


def _pair(kind: list[Answer]) -> list[Answer]:
    """The first, and the one who typed most of the same in other words."""
    first, *others = kind
    return [first, max(others, key=lambda other: _differences(first, other))] if others else [first]


def _differences(first: Answer, other: Answer) -> int:
    return sum(first.applicant[name] != other.applicant[name] for name in TYPED)


def _excerpts(answer: Answer) -> list[Text]:
    """What was typed, the first tasks of the plan, the first extra task."""
    applicant = answer.applicant
    texts = [Text("typed " + ", ".join(repr(applicant[name]) for name in TYPED), style=QUIET)]
    for task in answer.plan.tasks[:TASKS_SHOWN]:
        title, body = Text(f"\n{task.title}\n", style="bold"), f"{task.description} Done: {task.definition_of_done}"
        texts.append(_highlighted(Text.assemble(title, body), answer))
    extra = answer.extras.strip().partition("\n")[0].replace("**", "").removeprefix("- ")
    return [*texts, _highlighted(Text(f"\nExtra: {extra}"), answer)]


def _highlighted(text: Text, answer: Answer) -> Text:
    """*text* with the filled-in details in colour."""
    text.highlight_words(details(answer.applicant), style=FILLED)
    return text


def _calls(figures: Figures, applicants: int) -> str:
    return f"provider calls: {figures.provider_calls} for {figures.requests} requests of {applicants} applicants"


def _bypassed(run: Run) -> str:
    bypassed = run.bypassed
    entries = f"entries {bypassed.entries_before} before, {bypassed.entries_after} after"
    return (
        f"no-store: {bypassed.applicant['first_name']} again, {bypassed.event.attempts} call, nothing kept ({entries})"
    )


def _survived(run: Run) -> str:
    if run.survived is None:
        return "failure: none was staged, as these providers are real"
    event = run.survived
    errors = ", ".join(event.details["errors"])
    return f"failure: {errors}; attempt {event.attempts} answered, {event.latency_s:.2f} s in all"


def _stored(figures: Figures, store: str, namespace: str) -> str:
    if store.startswith("memory:"):
        return "Answers were kept in memory, and are gone: without --url, they stay in langcache.db."
    again = "Run it again: no calls." if figures.provider_calls else "Start over with --fresh."
    account = f"langcache stats --url {store} --namespace {namespace}"
    return f"Answers are kept in {store}. {again}\nWhat was saved: {account}"
