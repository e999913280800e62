"""What a run is said to have done: reused, executed, spent, saved; for people and as JSON."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ai_orchestrator.options import dollars, share
from langcache.stages import Run, StageFailed

__all__ = ["Account", "as_json", "as_text", "headline"]


@dataclass(frozen=True)
class Account:
    """One run, and its session.

    Attributes:
        run: what it did.
        failed: the stage that failed, if one did.
        before, after: the session before and after it; None if the store did not answer.
    """

    run: Run
    failed: StageFailed | None
    before: Any
    after: Any

    @property
    def saved_share(self) -> float:
        """Which part of a run from nothing was saved."""
        return share(self.run.saved_usd, self.run.cost_usd)


def headline(idea: str, session: str, *, replayed: bool) -> str:
    """What is about to run, and who answers."""
    source = "a cassette of our stand-in, no model" if replayed else "the real providers"
    return f"{idea} (session {session}; answers from {source})"


def as_text(account: Account, folder: Path, written: list[str]) -> str:
    """The lines after a run whose project, if it is finished, was *written* into *folder*."""
    run = account.run
    lines = [
        "",
        f"reused {len(run.reused)} stages, executed {len(run.executed)}",
        f"this run cost {dollars(run.cost_usd)} and saved {dollars(run.saved_usd)}: "
        f"{account.saved_share:.1%} of a run from nothing",
        _session(account),
    ]
    if run.unpriced:
        lines.append(f"{run.unpriced} calls have no known price, so costs are a floor")
    if run.uncommitted:
        lines.append(f"the store did not take {len(run.uncommitted)} stages; they will run again")
    if account.failed is not None:
        kept = len(run.reused) + len(run.executed) - len(run.uncommitted)
        lines.append(f"{account.failed.stage} failed: {account.failed.reason}; run it again: {kept} stages are kept")
    else:
        lines.append(f"project: {len(written)} files in {folder}")
    return "\n".join(lines)


def as_json(account: Account, folder: Path, written: list[str]) -> dict[str, Any]:
    """The same as data."""
    run, failed, before, after = account.run, account.failed, account.before, account.after
    return {
        "session": run.session_id,
        "state": None if after is None else after.state,
        "reused": run.reused,
        "executed": run.executed,
        "uncommitted": run.uncommitted,
        "failed": None if failed is None else {"stage": failed.stage, "reason": failed.reason},
        "cost_usd": run.cost_usd,
        "saved_usd": run.saved_usd,
        "saved_share": account.saved_share,
        "unpriced": run.unpriced,
        "seconds": run.seconds,
        "runs": None if after is None else after.runs,
        "earlier_cost_usd": None if before is None else before.cost_usd,
        "session_cost_usd": None if after is None else after.cost_usd,
        "out": str(folder) if written else None,
        "files": written,
    }


def _session(account: Account) -> str:
    before, after = account.before, account.after
    if before is None or after is None:
        return "the store does not answer, so nothing is known of the session"
    return f"runs before cost {dollars(before.cost_usd)}; all {after.runs} of this session {dollars(after.cost_usd)}"
