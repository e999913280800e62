"""A flow that nobody waits for: in a thread or a task, quiet about its failure."""

import asyncio
import contextvars
import logging
from collections.abc import Callable
from typing import Any

from langcache.runtime.steps import Flow, Step, adrive, drive
from langcache.storage.threads import start_thread

__all__ = ["in_background"]

logger = logging.getLogger("langcache")


def in_background(flow: Callable[[], Flow[None]], tasks: set[Any]) -> Step[None]:
    """Start *flow*, in this context; while it runs as a task, *tasks* holds it.

    Where no thread is to be had it does not run: the next request asks for it again. A task whose event loop ends
    first, as each does under an `asyncio.run` per request, is begun anew in a thread: else none would come to its end.
    """

    def run() -> None:
        context = contextvars.copy_context()
        start_thread("langcache-refresh", context.run, _quietly, flow)

    def ended(task: asyncio.Task[None]) -> None:
        tasks.discard(task)
        if task.cancelled():  # by its loop: nobody else knows of it
            start_thread("langcache-refresh", contextvars.copy_context().run, _on_a_loop, flow)

    async def arun() -> None:
        task = asyncio.get_running_loop().create_task(_aquietly(flow))
        tasks.add(task)
        task.add_done_callback(ended)

    return Step(run, arun)


def _quietly(flow: Callable[[], Flow[None]]) -> None:
    try:
        drive(flow())
    except Exception as error:
        _warn(error)


async def _aquietly(flow: Callable[[], Flow[None]]) -> None:
    try:
        await adrive(flow())
    except Exception as error:
        _warn(error)


def _on_a_loop(flow: Callable[[], Flow[None]]) -> None:
    asyncio.run(_aquietly(flow))


def _warn(error: Exception) -> None:
    """Name the kind of error only: its message may quote a prompt."""
    logger.warning("langcache: a background refresh failed (%s); the stale answer stays", type(error).__name__)
