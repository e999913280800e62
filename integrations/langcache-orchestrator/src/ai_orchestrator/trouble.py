"""What ends a command with one line instead of a traceback."""

__all__ = ["FAILED", "WRONGLY_CALLED", "Trouble"]

FAILED, WRONGLY_CALLED = 1, 2


class Trouble(Exception):
    """A command cannot go on; the message is one line that says what to do.

    Args:
        message: shown after ``ai-orchestrator:``.
        status: exit status.
    """

    def __init__(self, message: str, status: int = FAILED) -> None:
        super().__init__(message)
        self.status = status
