"""What ``with`` blocks set for the calls inside them: the user, and directives. Context variables, so threads
started by LangChain's executors and tasks inherit them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from langcache.core.directives import Directives

__all__ = [
    "ambient_directives",
    "ambient_stage",
    "ambient_user",
    "directing",
    "in_stage",
    "inside_wrapped",
    "running_inside",
    "serving",
]

_user: ContextVar[Mapping[str, Any]] = ContextVar("langcache_user", default={})  # noqa: B039 -- never mutated
_inside: ContextVar[bool] = ContextVar("langcache_inside_wrapped", default=False)
_directives: ContextVar[tuple[Directives, ...]] = ContextVar("langcache_directives", default=())
_stage: ContextVar[tuple[str, str] | None] = ContextVar("langcache_stage", default=None)


def ambient_user() -> Mapping[str, Any]:
    """The profile values of the user being served, if a block says so."""
    return _user.get()


def ambient_directives() -> tuple[Directives, ...]:
    """Directives of the surrounding blocks, innermost first."""
    return _directives.get()


@contextmanager
def serving(values: Mapping[str, Any]) -> Iterator[None]:
    """Serve the user with these profile *values* inside the block."""
    token = _user.set(values)
    try:
        yield
    finally:
        _user.reset(token)


@contextmanager
def directing(directives: Directives) -> Iterator[None]:
    """Apply *directives* inside the block."""
    token = _directives.set((directives, *_directives.get()))
    try:
        yield
    finally:
        _directives.reset(token)


def ambient_stage() -> tuple[str, str] | None:
    """The session and the stage that run here, if one does."""
    return _stage.get()


@contextmanager
def in_stage(session: str, stage: str) -> Iterator[None]:
    """Mark what runs in the block as a stage's."""
    token = _stage.set((session, stage))
    try:
        yield
    finally:
        _stage.reset(token)


def inside_wrapped() -> bool:
    """Whether a wrapped chain runs here: the model doors stand aside, for its answer is cached as a whole."""
    return _inside.get()


@contextmanager
def running_inside() -> Iterator[None]:
    """Mark what runs in the block as the inside of a wrapped chain."""
    token = _inside.set(True)
    try:
        yield
    finally:
        _inside.reset(token)
