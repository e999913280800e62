"""A line for each stage as it is settled; on a terminal also what is under way."""

from contextlib import ExitStack
from typing import Self

from rich.console import Console
from rich.status import Status

from ai_orchestrator.options import dollars
from langcache.stages import Progress

__all__ = ["Lines"]

WIDTH = 28
STYLES = {"reused": "green", "executed": "bold", "failed": "bold red"}


class Lines:
    """Listens to a run; a context manager.

    Args:
        console: where it prints; None: nowhere.
    """

    def __init__(self, console: Console | None) -> None:
        self._console, self._under_way = console, dict[str, None]()
        self._status: Status | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if self._console is not None and self._console.is_terminal:
            self._status = self._stack.enter_context(self._console.status("…"))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __call__(self, step: Progress) -> None:
        """Show one step."""
        if self._console is None or step.stage is None:
            return
        if step.kind == "started":
            self._under_way[step.stage] = None
        else:
            self._under_way.pop(step.stage, None)
            self._console.print(_line(step), style=STYLES[step.kind], soft_wrap=True)
        if self._status is not None:
            self._status.update(", ".join(self._under_way) or "…")


def _line(step: Progress) -> str:
    head = f"{step.kind:<9} {step.stage:<{WIDTH}}"
    if step.kind == "failed":
        return f"{head} {step.reason}"
    if step.kind == "reused":
        return f"{head} saved {dollars(step.saved_usd)}"
    return f"{head}  cost {dollars(step.cost_usd)}  {step.seconds:5.1f} s"
