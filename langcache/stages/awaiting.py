"""Where a blocking run awaits: one event loop for all async stages of the process.

A client keeps its connections open, and those of one loop are of no use in the next: a loop per stage would have the
second call of a shared client fail with "Event loop is closed".
"""

import asyncio
import atexit
import inspect
import os
import threading
from collections.abc import Awaitable
from contextvars import ContextVar, copy_context
from typing import Any, Final

from langcache.storage.forking import ForkableLock

__all__ = ["finished"]

STOP_S: Final = 5.0

_is_inside: ContextVar[bool] = ContextVar("langcache_stages_is_inside", default=False)


def finished(value: Any) -> Any:
    """The result of *value* if it is awaitable, else *value*."""
    if not inspect.isawaitable(value):
        return value
    result, error = (_on_own_loop if _is_inside.get() else _on_shared_loop)(value)
    if error is not None:
        raise error
    return result


async def _outcome(value: Awaitable[Any]) -> tuple[Any, BaseException | None]:
    """Result and error: what ends a program must not end the loop it was raised in."""
    _is_inside.set(True)
    try:
        return await value, None
    except BaseException as error:
        return None, error


def _on_shared_loop(value: Awaitable[Any]) -> tuple[Any, BaseException | None]:
    future = asyncio.run_coroutine_threadsafe(_outcome(value), _shared.loop())
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


def _on_own_loop(value: Awaitable[Any]) -> tuple[Any, BaseException | None]:
    """For a run inside an async stage, which may be what the shared loop waits for."""
    found: list[tuple[Any, BaseException | None]] = []
    context = copy_context()
    thread = threading.Thread(target=lambda: found.append(context.run(asyncio.run, _outcome(value))))
    thread.start()
    thread.join()
    return found[0]


class _Shared:
    """The loop, in a thread that starts with the first that needs it, anew in a forked child."""

    def __init__(self) -> None:
        self._lock, self._process = ForkableLock(), 0

    def loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._process != os.getpid():
                self._start()
            return self._loop

    def _start(self) -> None:
        self._loop, self._process = asyncio.new_event_loop(), os.getpid()
        self._thread = threading.Thread(target=self._loop.run_forever, name="langcache-loop", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """At the interpreter's end; a forked child that never awaited has none."""
        if self._process == os.getpid():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(STOP_S)
            if not self._loop.is_running():
                self._loop.close()


_shared = _Shared()
atexit.register(_shared.stop)
