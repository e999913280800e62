"""What of a pipeline is cached, stale or failed: pure, from its entries, its check-up and its sessions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from langcache.stages.entries import Entry
from langcache.stages.health import Finding
from langcache.stages.sessions import SessionStatus

__all__ = ["StageRow", "State", "stage_rows", "tally"]

State = Literal["cached", "stale", "failed"]


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stage instance.

    Attributes:
        stage: its name.
        state: cached: a run with the same inputs reuses it. Stale: what is stored will not be reused as it is. Failed:
            when it last ran, nothing that may be reused came of it.
        why: what makes it stale or failed; ``""`` if it is cached.
        entry: the newest of its entries; None if it never finished.
        kept: how many entries it has, for different inputs, prompts or code.
    """

    stage: str
    state: State
    why: str
    entry: Entry | None
    kept: int


def stage_rows(
    entries: Iterable[Entry], findings: Iterable[Finding], sessions: Iterable[SessionStatus]
) -> list[StageRow]:
    """A row per instance, in the order in which they were first made; those that never finished come last."""
    by_stage: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=lambda entry: entry.metadata.created_at):
        by_stage.setdefault(entry.stage, []).append(entry)
    problems = {finding.cache_key: f"{finding.kind}: {finding.detail}" for finding in findings}
    errors = _last_errors(sessions)
    rows = [_row(stage, made, problems, errors) for stage, made in by_stage.items()]
    lost = [StageRow(stage, "failed", error, None, 0) for stage, error in errors.items() if stage not in by_stage]
    return rows + lost


def tally(rows: Sequence[StageRow]) -> dict[State, int]:
    """How many instances are in each state."""
    states: tuple[State, ...] = ("cached", "stale", "failed")
    return {state: sum(row.state == state for row in rows) for state in states}


def _row(stage: str, made: list[Entry], problems: Mapping[str, str], errors: Mapping[str, str]) -> StageRow:
    newest = made[-1]
    if stage in errors:
        return StageRow(stage, "failed", errors[stage], newest, len(made))
    if newest.metadata.validation_status == "failed":
        why = "; ".join(newest.lineage.problems) or "its output failed validation"
        return StageRow(stage, "failed", why, newest, len(made))
    if newest.cache_key in problems:
        return StageRow(stage, "stale", problems[newest.cache_key], newest, len(made))
    return StageRow(stage, "cached", "", newest, len(made))


def _last_errors(sessions: Iterable[SessionStatus]) -> dict[str, str]:
    """Instance to error, of those that failed in the last session that ran them."""
    last: dict[str, str | None] = {}
    for session in sorted(sessions, key=lambda session: session.updated_at or 0.0):
        for name, stage in session.stages.items():
            last[name] = (stage.error or "it failed") if stage.state == "failed" else None
    return {name: error for name, error in last.items() if error is not None}
