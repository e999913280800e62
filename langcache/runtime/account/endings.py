"""What becomes of recorders when their process forks or ends."""

import atexit
import os
import sys
from typing import Protocol
from weakref import WeakSet

__all__ = ["flush_at_exit", "remember"]


class Recording(Protocol):
    """What holds something that is not written yet."""

    def reset(self) -> None:
        """Begin with nothing."""

    def flush(self, *, anyway: bool = False) -> None:
        """Write it."""


_recorders: WeakSet[Recording] = WeakSet()
_flushing_in: set[int] = set()


def remember(recorder: Recording) -> None:
    """Let *recorder* begin anew in each forked child."""
    _recorders.add(recorder)


def flush_at_exit() -> None:
    """Let what all recorders hold be written when this process ends, unless it is killed.

    A child of multiprocessing does not run what `atexit` has; it has its own.
    """
    if os.getpid() in _flushing_in:
        return
    _flushing_in.add(os.getpid())
    atexit.register(_flush)
    if (multiprocessing := sys.modules.get("multiprocessing.util")) is not None:
        multiprocessing.Finalize(None, _flush, exitpriority=0)


def _flush() -> None:
    for recorder in list(_recorders):
        recorder.flush(anyway=True)


def _after_fork() -> None:
    for recorder in list(_recorders):
        recorder.reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
