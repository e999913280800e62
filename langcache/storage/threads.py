"""Threads of our own. Each only spares somebody a wait, so where there is none to be had, all goes on without it."""

import threading
from collections.abc import Callable


def start_thread(name: str, work: Callable[..., object], *args: object) -> threading.Thread | None:
    """A daemon thread called *name* that runs *work*.

    Returns:
        None where the system has no more (a container's limit of processes), or the interpreter is ending.
    """
    thread = threading.Thread(target=work, name=name, args=args, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return None
    return thread
