"""``langcache demo``."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from langcache import Cache, RetryPolicy
from langcache.cli.command import Session, command
from langcache.cli.output import Report
from langcache.cli.trouble import Trouble
from langcache.errors import StoreError

if TYPE_CHECKING:
    from rich.console import Console

    from langcache.cli.demo.run import Run

__all__ = ["demo"]

HERE = "sqlite:///langcache.db"
"""The store of whoever names none: in the current folder, where it can be looked at and thrown away."""

REPLAYED, LIVE = "demo", "demo-live"
"""Namespaces of their own: ``--fresh`` touches nothing else, and a real run never serves what a cassette said."""


@command("langcache demo --fresh", without=("namespace",))
def demo(
    session: Session,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the real providers: OPENAI_API_KEY, ANTHROPIC_API_KEY.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the answers of earlier runs first.")] = False,
) -> Report | None:
    """Serve 100 applicants with a handful of calls; offline, no key. Answers are kept in langcache.db by default."""
    from rich.console import Console

    from langcache.cli.demo import figures, report
    from langcache.cli.demo.applicants import read_applicants
    from langcache.cli.demo.live import live_endpoint
    from langcache.cli.demo.run import run

    endpoint = live_endpoint() if live else None
    console, applicants = Console(highlight=False, markup=False), read_applicants()
    url, namespace, is_page = session.settings.url or HERE, LIVE if live else REPLAYED, session.form == "table"
    with Cache(url, namespace=namespace, retry=RetryPolicy(initial_s=0.2)) as cache:
        if (trouble := cache.stats().store_trouble) is not None:
            raise StoreError(trouble)  # without a store nothing could be shown
        if fresh:
            cache.clear()
        with _progress(console, len(applicants), quiet=not is_page) as advance:
            done = _served(lambda: run(cache, applicants, live=endpoint, advance=advance))
    if is_page:
        report.show(console, done, store=url, namespace=namespace, live=live)
        return None
    return figures.report_of(done)


def _served(serve: Callable[[], "Run"]) -> "Run":
    from langchain_core.exceptions import ModelError

    try:
        return serve()
    except ModelError as error:
        raise Trouble(f"a provider failed: {type(error).__name__}: {str(error).partition(chr(10))[0]}") from error


def _progress(console: "Console", requests: int, *, quiet: bool) -> AbstractContextManager[Callable[[str], None]]:
    from langcache.cli.demo.progress import progress

    return nullcontext(lambda _name: None) if quiet else progress(console, requests)
