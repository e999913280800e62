"""``ai-orchestrator generate``: run the pipeline, tell how it goes, write the project."""

import re
from contextlib import nullcontext
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ai_orchestrator import report
from ai_orchestrator.hazard import crash_at, during
from ai_orchestrator.integrate import write_project
from ai_orchestrator.models import PRICES
from ai_orchestrator.options import AsJson, Url, console, print_json
from ai_orchestrator.pipeline import LAST, build
from ai_orchestrator.progress import Lines
from ai_orchestrator.sources import RECORDED, is_replayed, is_unrecorded, staffed
from ai_orchestrator.trouble import FAILED, Trouble
from langcache import Cache, LangcacheError
from langcache.stages import Pipeline, Run, StageFailed

__all__ = ["generate", "slug"]

LEASE_S = 10.0
"""Short, since people wait for it after a kill; a live run says so three times as often."""


class WorkflowType(StrEnum):
    """How the work is split."""

    MICRO_PHASE = "micro_phase"


@dataclass(frozen=True)
class Outcome:
    """How one run ended.

    Attributes:
        run: what it did, also if it failed.
        failed: the stage that failed.
        summary: the project; None if it is not finished.
    """

    run: Run
    failed: StageFailed | None
    summary: Any


def generate(
    idea: Annotated[str, typer.Argument(help="What to build.")],
    workflow_type: Annotated[WorkflowType, typer.Option(help="How the work is split.")] = WorkflowType.MICRO_PHASE,
    out: Annotated[Path | None, typer.Option(help="The project's folder; by default named after the idea.")] = None,
    session: Annotated[str | None, typer.Option(help="Whose account to keep; by default the idea's.")] = None,
    fail_at: Annotated[str | None, typer.Option(help="Crash there, such as phase-8, to see what is kept.")] = None,
    live: Annotated[bool, typer.Option("--live", help="Ask the real providers, also for what is recorded.")] = False,
    lease_s: Annotated[float, typer.Option(help="Seconds until a stage of a dead run is free again.")] = LEASE_S,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Build a project from an idea, going on where the last run broke off."""
    name, replayed = session or slug(idea), is_replayed(idea, live=live)
    screen = None if as_json else console()
    if screen is not None:
        screen.print(report.headline(idea, name, replayed=replayed), soft_wrap=True)
    with Cache(url, prices=PRICES if replayed else None) as cache, staffed(replayed=replayed) as crew:
        pipe = build(cache, crew, lease_s=lease_s)
        before = _status(pipe, name)
        with Lines(screen) as lines, nullcontext() if fail_at is None else during(crash_at(fail_at)):
            # However it was typed, it is the idea that was recorded.
            outcome = _run(pipe, RECORDED if replayed else idea, name, lines)
        account = report.Account(outcome.run, outcome.failed, before, _status(pipe, name))
    folder = out or Path(slug(idea))
    written = [] if outcome.summary is None else write_project(folder, outcome.summary)
    if screen is None:
        print_json(report.as_json(account, folder, written))
    else:
        screen.print(report.as_text(account, folder, written), soft_wrap=True)
    if outcome.failed is not None:
        raise typer.Exit(FAILED)


def _status(pipe: Pipeline, session: str) -> Any:
    """The session's account; None while the store does not answer, which costs reuse and not the run."""
    try:
        return pipe.status(session)
    except LangcacheError:
        return None


def _run(pipe: Pipeline, idea: str, session: str, lines: Lines) -> Outcome:
    try:
        run = pipe.run({"idea": idea}, session_id=session, on_progress=lines)
    except StageFailed as failed:
        if is_unrecorded(failed):
            raise Trouble(
                f"{failed.stage} asked what is not in the cassette, so another release of a provider's SDK must have "
                "written the request: use --live, or record anew in a checkout (python -m ai_orchestrator.record)"
            ) from failed
        if failed.run is None:
            raise
        return Outcome(failed.run, failed, None)
    return Outcome(run, None, run.outputs[LAST])


def slug(idea: str) -> str:
    """*idea* as a folder's and a session's name."""
    return re.sub(r"[^a-z0-9]+", "-", idea.lower()).strip("-")[:60] or "project"
