"""What ends a command with one line instead of a traceback, and the exit statuses."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from langcache.errors import EncryptedEntry, LangcacheError, StoreError

__all__ = ["DONE", "ENCRYPTION_KEYS", "FAILED", "INTERRUPTED", "WRONGLY_CALLED", "Trouble", "one_line"]

DONE: Final = 0
FAILED: Final = 1
"""It failed, or found something unhealthy."""
WRONGLY_CALLED: Final = 2
"""A wrong option or setting, a confirmation, an extra or a key that is missing; nothing was changed."""
INTERRUPTED: Final = 130
"""By Ctrl-C: 128 and the signal's number, as shells count."""

ENCRYPTION_KEYS: Final = "LANGCACHE_ENCRYPTION_KEYS"
"""The variable with the keys, commas between; they are never in a file that is checked in."""


class Trouble(Exception):
    """A command cannot go on; the message is one line that says what to do.

    Args:
        message: shown after ``langcache:``.
        status: exit status.
    """

    def __init__(self, message: str, status: int = FAILED) -> None:
        super().__init__(message)
        self.status = status


@contextmanager
def one_line() -> Iterator[None]:
    """Leave with a status and one line on stderr, where our own errors or a file's would be a traceback."""
    try:
        yield
    except (Trouble, LangcacheError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        message, status = _said(error)
    else:
        return
    sys.stderr.write(f"langcache: {message}\n")
    sys.exit(status)


def _said(error: Exception) -> tuple[str, int]:
    match error:
        case Trouble():
            return str(error), error.status
        case EncryptedEntry():
            return f"{error}; set {ENCRYPTION_KEYS} to the app's keys", WRONGLY_CALLED
        case StoreError():
            return f"{error}; `langcache doctor` looks for the cause", FAILED
        case OSError():
            named = f"{error.filename}: " if error.filename is not None else ""
            return f"{named}{error.strerror or error}", FAILED
    return str(error), WRONGLY_CALLED if isinstance(error, ValueError) else FAILED
