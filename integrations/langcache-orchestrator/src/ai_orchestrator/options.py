"""What several commands share: their options, the store they open, and how they print."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.console import Console

from ai_orchestrator.pipeline import build
from langcache import Cache
from langcache.stages import Pipeline

__all__ = ["AsJson", "Confirm", "Url", "console", "dollars", "print_json", "share", "stored"]

Url = Annotated[str | None, typer.Option(help="Where outputs are kept; else LANGCACHE_URL, else langcache's default.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Confirm = Annotated[bool, typer.Option("--confirm", help="Do it; without, only say what would go.")]


@contextmanager
def stored(url: str | None) -> Iterator[Pipeline]:
    """The pipeline as it is stored, to be looked at."""
    with Cache(url) as cache:
        yield build(cache)


def console() -> Console:
    """Standard output; file names and errors are shown as they are."""
    return Console(highlight=False, markup=False)


def print_json(data: Any) -> None:
    """Print *data*; money as text, exact to the digit."""
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False, default=str))


def dollars(amount: Decimal | None) -> str:
    """*amount* for people."""
    return "price unknown" if amount is None else f"${amount:.4f}"


def share(saved: Decimal, spent: Decimal) -> float:
    """Which part of what it would have cost without the cache was saved; 0 if it would have cost nothing."""
    whole = saved + spent
    return float(saved / whole) if whole else 0.0
