"""What a run is said to have done: reused, executed, spent, saved; for people and as JSON."""

from pathlib import Path
from typing import Any

from ai_orchestrator.options import dollars, share
from langcache.stages import Run, StageFailed

__all__ = ["as_json", "as_text", "headline"]


def headline(idea: str, session: str, *, replayed: bool) -> str:
    """What is about to run, and who answers."""
    source = "a cassette of our stand-in, no model; prices are real" if replayed else "the real providers"
    return f"{idea} (session {session}; answers from {source})"


def as_text(run: Run, before: Any, status: Any, failed: StageFailed | None, written: list[Path]) -> str:
    """The lines after a run.

    Args:
        run: what it did.
        before, status: the session before and after it.
        failed: the stage that failed, if one did.
        written: the project's files.
    """
    lines = [
        "",
        f"reused {len(run.reused)} stages, executed {len(run.executed)}",
        f"this run cost {dollars(run.cost_usd)} and saved {dollars(run.saved_usd)}: "
        f"{share(run.saved_usd, run.cost_usd):.1%} of a run from nothing",
        f"runs before cost {dollars(before.cost_usd)}; all {status.runs} of this session {dollars(status.cost_usd)}",
    ]
    if run.unpriced:
        lines.append(f"{run.unpriced} calls have no known price, so costs are a floor")
    if run.uncommitted:
        lines.append(f"the store did not take: {', '.join(run.uncommitted)}")
    if failed is not None:
        kept = len(run.reused) + len(run.executed) - len(run.uncommitted)
        lines.append(f"{failed.stage} failed: {failed.reason}. Run it again: {kept} stages are kept.")
    else:
        lines.append(f"project: {len(written)} files in {_folder(written)}")
    return "\n".join(lines)


def as_json(run: Run, before: Any, status: Any, failed: StageFailed | None, written: list[Path]) -> dict[str, Any]:
    """The same as data; money as text, exact to the digit."""
    return {
        "session": run.session_id,
        "state": status.state,
        "reused": run.reused,
        "executed": run.executed,
        "uncommitted": run.uncommitted,
        "failed": None if failed is None else {"stage": failed.stage, "reason": failed.reason},
        "cost_usd": str(run.cost_usd),
        "saved_usd": str(run.saved_usd),
        "saved_share": share(run.saved_usd, run.cost_usd),
        "unpriced": run.unpriced,
        "seconds": run.seconds,
        "runs": status.runs,
        "earlier_cost_usd": str(before.cost_usd),
        "session_cost_usd": str(status.cost_usd),
        "out": str(_folder(written)) if written else None,
        "files": [path.relative_to(_folder(written)).as_posix() for path in written],
    }


def _folder(written: list[Path]) -> Path:
    # The summary is written last, at the top.
    return written[-1].parent
