"""The user's own app, named as ``module:attribute``: the caches, wrapped chains and pipelines in it."""

import pkgutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from langcache.cli.trouble import WRONGLY_CALLED, Trouble
from langcache.runtime.cache import Cache

__all__ = ["Application", "load_application"]

DEPTH = 24
"""How deep containers and runnables are searched."""


@dataclass(slots=True)
class Application:
    """What was found.

    Attributes:
        caches, pipelines, policies: of ours.
        chains: each wrapped chain's `langcache.langchain.settings.Chain`.
        retried: names of wrapped chains that stand inside a ``.with_retry()``.
    """

    caches: list[Cache] = field(default_factory=list)
    pipelines: list[Any] = field(default_factory=list)
    policies: list[Any] = field(default_factory=list)
    chains: list[Any] = field(default_factory=list)
    retried: list[str] = field(default_factory=list)


def load_application(name: str) -> Application:
    """Import what *name* says, as Python would in the current folder, and look through it.

    Raises:
        Trouble: it cannot be imported.
    """
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        found = pkgutil.resolve_name(name)
    except Exception as error:  # the app's own code runs, and may raise anything
        raise Trouble(f"--app {name}: {type(error).__name__}: {error}", WRONGLY_CALLED) from error
    application = Application()
    _look(found, application, set(), DEPTH)
    return application


def _look(value: Any, found: Application, seen: set[int], depth: int, *, retried: bool = False) -> None:
    """Add what *value* is, or holds, to *found*."""
    if id(value) in seen or not depth:
        return
    seen.add(id(value))
    if _is_ours(value, found, retried=retried):
        return
    retried = retried or type(value).__name__ == "RunnableRetry"
    for part in _parts_of(value):
        _look(part, found, seen, depth - 1, retried=retried)


def _is_ours(value: Any, found: Application, *, retried: bool) -> bool:
    from langcache.langchain.policy import ChainPolicy
    from langcache.langchain.settings import Chain
    from langcache.stages import Pipeline

    chain = value if isinstance(value, Chain) else getattr(value, "chain", vars(type(value)).get("_langcache"))
    if isinstance(chain, Chain):
        if chain not in found.chains:
            found.chains.append(chain)
        if retried:
            found.retried.append(chain.settings.name)
        return True
    places: list[tuple[type, list[Any]]] = [
        (Cache, found.caches),
        (Pipeline, found.pipelines),
        (ChainPolicy, found.policies),
    ]
    for kind, place in places:
        if isinstance(value, kind):
            place.append(value)
            return True
    return False


_CHILDREN = ("steps", "steps__", "bound", "runnable", "fallbacks", "branches", "default", "mapper", "model")
"""Where runnables keep the runnables they are made of."""


def _parts_of(value: Any) -> Iterator[Any]:
    """What a module, a container or a runnable is made of."""
    if isinstance(value, ModuleType):
        yield from (each for each in vars(value).values() if not isinstance(each, ModuleType | type))
    elif isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        yield from value
    else:
        from langchain_core.runnables import Runnable

        if isinstance(value, Runnable):
            yield from (getattr(value, name) for name in _CHILDREN if hasattr(value, name))
