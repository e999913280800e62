"""Every provider call made inside a block, seen by LangChain's callbacks wherever the model is called from."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from langchain_core.tracers.context import register_configure_hook

from langcache.core.events import Usage
from langcache.langchain.observe import Observer

__all__ = ["spending"]

_watching: ContextVar[Any] = ContextVar("langcache_spending", default=None)
register_configure_hook(_watching, inheritable=True)


@contextmanager
def spending() -> Iterator[list[Usage]]:
    """Collect the usage of each call that reaches a provider in this context; answers from a cache cost nothing."""
    observer = Observer(lambda _: None, stop_lookups=False)
    token = _watching.set(observer)
    try:
        yield observer.usages
    finally:
        _watching.reset(token)
