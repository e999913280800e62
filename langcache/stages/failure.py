"""What a run raises when a stage fails, and what it says of it."""

from functools import partial
from typing import TYPE_CHECKING, Any

from langcache.errors import LangcacheError

if TYPE_CHECKING:
    from langcache.stages.results import Run

__all__ = ["StageFailed", "reason_of"]


def reason_of(error: BaseException) -> str:
    """Type and text of *error*; the type alone of one that fails to say more."""
    name = type(error).__name__
    try:
        return f"{name}: {error}"
    except Exception:
        return name


class StageFailed(LangcacheError):
    """A stage failed; what finished before it is committed, and the next run goes on from there.

    The stage's own error, if it raised one, is the ``__cause__``.

    Args:
        stage: name of the stage; of an instance, such as ``"phase-8-generated_code"``.
        reason: what happened, in words.
        others: further stages that failed while the run was ending.
        run: what the run had done by then: reused, executed, cost.
    """

    def __init__(self, stage: str, reason: str, *, others: tuple[str, ...] = (), run: "Run | None" = None) -> None:
        self.stage, self.reason, self.others, self.run = stage, reason, others, run
        more = f" (and {', '.join(others)})" if others else ""
        super().__init__(f"stage {stage!r} failed: {reason}{more}")

    def __reduce__(self) -> Any:
        """From another process it comes without the run, whose outputs stay where they are."""
        return partial(StageFailed, others=self.others), (self.stage, self.reason)
