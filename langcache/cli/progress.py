"""A bar for long work: how far, how fast, and how long still. On stderr, and only if that is a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from langcache.runtime.removal import Advance

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Task
    from rich.text import Text

__all__ = ["progress"]


@contextmanager
def progress(label: str, total: int | None, console: "Console | None" = None) -> Iterator[Advance]:
    """Show a bar in the block; what it yields is told how much more is done.

    Args:
        label: what is being done.
        total: how much there is to do; None if that is not known.
        console: where; stderr by default.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn

    class Rate(ProgressColumn):
        def render(self, task: "Task") -> "Text":
            from rich.text import Text

            return Text("" if task.speed is None else f"{task.speed:,.0f}/s")

    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    parts = (TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    with Progress(*parts, console=console, transient=True) as bars:
        task = bars.add_task(label, total=total)
        yield lambda more: bars.advance(task, more)
