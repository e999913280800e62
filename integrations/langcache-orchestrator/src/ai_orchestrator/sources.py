"""Who answers: the recorded conversation for the idea it was recorded for, the real providers for any other."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ai_orchestrator.models import REPLAYED, Crew, hire, live_endpoint
from ai_orchestrator.trouble import WRONGLY_CALLED, Trouble
from langcache.testing import cassette

__all__ = ["CASSETTE", "RECORDED", "is_replayed", "is_unrecorded", "staffed"]

RECORDED = "Build todo app"
CASSETTE = Path(__file__).with_name("cassettes") / "todo_app.yaml"
_KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")


def is_replayed(idea: str, *, live: bool) -> bool:
    """Whether the cassette answers for *idea*.

    Raises:
        Trouble: it does not, nor can the providers: a key is missing.
    """
    if live:
        return False
    if idea.casefold().split() == RECORDED.casefold().split():
        return True
    if all(os.environ.get(key) for key in _KEYS):
        return False
    raise Trouble(
        f'only "{RECORDED}" is recorded; for another idea set {" and ".join(_KEYS)}',
        WRONGLY_CALLED,
    )


@contextmanager
def staffed(*, replayed: bool) -> Iterator[Crew]:
    """The models, for the block.

    Raises:
        Trouble: a key is missing.
    """
    if not replayed:
        yield hire(live_endpoint())
        return
    # What is served from the cache stays unplayed.
    with cassette(CASSETTE, partial=True):
        yield hire(REPLAYED)


def is_unrecorded(error: BaseException | None) -> bool:
    """Whether a request was not in the cassette; the SDKs make a failed connection of that."""
    from vcr.errors import CannotOverwriteExistingCassetteException

    met: set[int] = set()  # causes and contexts may lead in a circle
    while error is not None and id(error) not in met:
        if isinstance(error, CannotOverwriteExistingCassetteException):
            return True
        met.add(id(error))
        error = error.__cause__ or error.__context__
    return False
