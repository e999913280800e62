"""What every command shares: the options that name the cache and the form of the answer, an example, and its end."""

import inspect
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer

from langcache.cli.output import Form, Report, render
from langcache.cli.progress import progress
from langcache.cli.settings import Loaded, Settings, load
from langcache.cli.trouble import WRONGLY_CALLED, Trouble, one_line
from langcache.core.naming import check_name, without_halves
from langcache.errors import StoreError
from langcache.runtime.cache import Cache
from langcache.runtime.offline import OfflineStore
from langcache.runtime.removal import Advance
from langcache.storage.base import Store
from langcache.storage.sqlite.store import SQLiteStore
from langcache.storage.wrapper import innermost

__all__ = ["FORMS", "Confirm", "Days", "Session", "command"]

_SHARED: dict[str, Any] = {
    "url": Annotated[
        str | None, typer.Option("--url", help="The store. Else $LANGCACHE_URL, else pyproject.toml.", metavar="URL")
    ],
    "namespace": Annotated[str | None, typer.Option("--namespace", "-n", help="Of the entries.", metavar="NAME")],
    "as_json": Annotated[bool, typer.Option("--json", help="Print JSON; money is text, exact.")],
    "as_csv": Annotated[bool, typer.Option("--csv", help="Print CSV.")],
}
FORMS = ("as_json", "as_csv")
_DEFAULTS = {"url": None, "namespace": None, "as_json": False, "as_csv": False}

Days = Annotated[int, typer.Option("--days", min=1, help="How many days back, today included (UTC).")]
Confirm = Annotated[bool, typer.Option("--confirm", help="Do it; without, it only shows what would go (status 2).")]


@dataclass(frozen=True, slots=True)
class Session:
    """One command's run.

    Attributes:
        loaded: the settings that hold, and where they come from.
        form: of the answer.
    """

    loaded: Loaded
    form: Form

    @property
    def settings(self) -> Settings:
        """The settings."""
        return self.loaded.settings

    @contextmanager
    def cache(self) -> Iterator[Cache]:
        """The cache, open in the block.

        Raises:
            StoreError: it cannot be opened.
        """
        with self.settings.open() as cache:
            if isinstance(cache.store, OfflineStore):
                raise cache.store.error
            _tell_if_new(innermost(cache.store))
            yield cache

    def progress(self, label: str, cache: Cache) -> AbstractContextManager[Advance]:
        """A bar over every entry of *cache*, told how many more were looked at."""
        return progress(label, _entries(cache))


def _tell_if_new(store: Store) -> None:
    """A name that was mistyped looks like a store in which all is well."""
    if isinstance(store, SQLiteStore) and not store.path.exists():
        sys.stderr.write(without_halves(f"langcache: there was no {store.path}; an empty store is made there\n"))


def _entries(cache: Cache) -> int | None:
    """How many there are, if that is known without counting them."""
    try:
        usage = cache.store.quick_usage(cache.namespace)
    except StoreError:
        return None
    return None if usage is None else usage.entries


def command(*examples: str, without: Collection[str] = ()) -> Callable[[Callable[..., Report | None]], Any]:
    """Make a command of a function that takes a `Session` and its own options, and returns what to print.

    Args:
        *examples: command lines for the end of its help.
        without: shared options that would mean nothing to it, such as `FORMS` where it prints no report.
    """

    def made(function: Callable[..., Report | None]) -> Any:
        @wraps(function)
        def run(**given: Any) -> None:
            with one_line():
                shared = {name: given.pop(name, _DEFAULTS[name]) for name in _SHARED}
                _check_texts(given)
                report = function(_session(**shared), **given)
                if report is None:
                    return
                render(report, _form(shared["as_json"], shared["as_csv"]))
                status = report.status
            if status:
                raise typer.Exit(status)

        _take_shared_options(run, function, [name for name in _SHARED if name not in without])
        run.epilog = "\n\n".join(f"Example: {example}" for example in examples)  # type: ignore[attr-defined]
        return run

    return made


def _check_texts(given: Mapping[str, Any]) -> None:
    """Bytes that are no text in the terminal's encoding come as halves of surrogate pairs."""
    for name, value in given.items():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str):
                check_name(f"the {name.replace('_', ' ')}", text)


def _session(url: str | None, namespace: str | None, as_json: bool, as_csv: bool) -> Session:
    return Session(load({"url": url, "namespace": namespace}), _form(as_json, as_csv))


def _form(as_json: bool, as_csv: bool) -> Form:
    if as_json and as_csv:
        raise Trouble("--json and --csv exclude each other", WRONGLY_CALLED)
    return "json" if as_json else "csv" if as_csv else "table"


def _take_shared_options(run: Callable[..., None], function: Callable[..., Any], shared_names: list[str]) -> None:
    """Let typer see the options of *function* without its session, and the shared ones behind them."""
    hints = get_type_hints(function, include_extras=True)
    own = [
        parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in list(inspect.signature(function).parameters.values())[1:]
    ]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_DEFAULTS[name], annotation=_SHARED[name])
        for name in shared_names
    ]
    parameters = [*own, *shared]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del run.__wrapped__  # type: ignore[attr-defined]
