"""What ``with`` blocks set for the calls inside them: the user, and directives. Context variables, so threads
started by LangChain's executors and tasks inherit them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

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

Value = TypeVar("Value")


@dataclass(eq=False, frozen=True, slots=True)
class _Block(Generic[Value]):
    """What one ``with`` block set; another one is another, whatever it set."""

    value: Value


_users: ContextVar[tuple[_Block[Mapping[str, Any]], ...]] = ContextVar("langcache_user", default=())
_inside: ContextVar[bool] = ContextVar("langcache_inside_wrapped", default=False)
_directives: ContextVar[tuple[_Block[Directives], ...]] = ContextVar("langcache_directives", default=())
_stage: ContextVar[tuple[str, str] | None] = ContextVar("langcache_stage", default=None)


def ambient_user() -> Mapping[str, Any]:
    """The profile values of the user being served, if a block says so."""
    blocks = _users.get()
    return blocks[0].value if blocks else {}


def ambient_directives() -> tuple[Directives, ...]:
    """Directives of the surrounding blocks, innermost first."""
    return tuple(block.value for block in _directives.get())


@contextmanager
def serving(values: Mapping[str, Any]) -> Iterator[None]:
    """Serve the user with these profile *values* inside the block."""
    with _within(_users, values):
        yield


@contextmanager
def directing(directives: Directives) -> Iterator[None]:
    """Apply *directives* inside the block."""
    with _within(_directives, directives):
        yield


@contextmanager
def _within(blocks: ContextVar[tuple[_Block[Value], ...]], value: Value) -> Iterator[None]:
    """Set *value* inside the block, innermost first.

    A generator that holds the block may be ended in another context, as servers end streams, or after one that began
    later: there is no token to go back by, it takes out its own.
    """
    own = _Block(value)
    blocks.set((own, *blocks.get()))
    try:
        yield
    finally:
        blocks.set(tuple(block for block in blocks.get() if block is not own))


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
