"""A bar for each generation type, with its rate and the time that remains; nothing where no terminal is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from langcache.cli.demo.chains import GENERATION_TYPES

__all__ = ["progress"]


class _Rate(ProgressColumn):
    """Requests per second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s", style="progress.data.speed")


@contextmanager
def progress(console: Console, requests: int) -> Iterator[Callable[[str], None]]:
    """Show how far each generation type is, of *requests* each.

    Yields:
        a function that is told after each request which type it was.
    """
    bars = Progress(
        TextColumn("{task.description:<8}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=console,
        disable=not console.is_terminal,
    )
    with bars:
        # not started yet: loading two SDKs takes seconds, and the second type waits for the first
        tasks = {name: bars.add_task(name, total=requests, start=False) for name in GENERATION_TYPES}

        def advance(name: str) -> None:
            if not bars.tasks[tasks[name]].started:
                bars.start_task(tasks[name])
            bars.advance(tasks[name])

        yield advance
