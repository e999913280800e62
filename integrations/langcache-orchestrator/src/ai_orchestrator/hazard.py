"""Something that happens as a stage begins, for trying out what a crash loses."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["Crash", "crash_at", "during", "pass_by"]

Hazard = Callable[[str], None]

_present: ContextVar[Hazard | None] = ContextVar("ai_orchestrator_hazard", default=None)


class Crash(RuntimeError):
    """The crash that ``--fail-at`` asks for."""


@contextmanager
def during(hazard: Hazard) -> Iterator[None]:
    """Tell *hazard* the name of each stage of the block's runs as it begins to execute; it may raise."""
    token = _present.set(hazard)
    try:
        yield
    finally:
        _present.reset(token)


def crash_at(place: str) -> Hazard:
    """A hazard that raises `Crash` at the stage called *place*, or at the first of that phase (``phase-8``)."""

    def hazard(stage: str) -> None:
        if stage == place or stage.startswith(f"{place}-"):
            raise Crash(f"--fail-at {place}")

    return hazard


def pass_by(stage: str) -> None:
    """Called by each stage as it begins."""
    hazard = _present.get()
    if hazard is not None:
        hazard(stage)
