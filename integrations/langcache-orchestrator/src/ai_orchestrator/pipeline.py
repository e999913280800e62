"""The pipeline: brainstorm, architecture, micro-phases, code by phase, validation, integration."""

import json
from typing import Any

from ai_orchestrator import prompts
from ai_orchestrator.answers import ask_for
from ai_orchestrator.hazard import pass_by
from ai_orchestrator.integrate import check_project, integrated
from ai_orchestrator.models import Crew
from ai_orchestrator.phases import check_phase, report_on, write_phase
from ai_orchestrator.shapes import Architecture, FeatureList, PhasePlan, Review
from ai_orchestrator.validation import escapes
from langcache import Cache
from langcache.stages import Pipeline, Report

__all__ = ["LAST", "NAME", "build"]

NAME, LAST = "ai-orchestrator", "final_integration_summary"
CODE, REPORT = "phase-{id}-generated_code", "phase-{id}-validation"


def build(cache: Cache, crew: Crew | None = None, *, lease_s: float = 30.0, max_concurrency: int = 8) -> Pipeline:
    """The pipeline on *cache*.

    Args:
        cache: where outputs are kept.
        crew: who works; None to look at what is stored, without running anything.
        lease_s: after how long without a sign of life a run that holds a stage counts as dead.
        max_concurrency: most stages under way at once.
    """
    pipe = Pipeline(NAME, cache=cache, lease_s=lease_s, max_concurrency=max_concurrency)
    _brainstorm(pipe, crew)
    _plan(pipe, crew)
    _phases(pipe, crew)
    return pipe


def _brainstorm(pipe: Pipeline, crew: Any) -> None:
    """Each proposes, each reviews the other; what both want is agreed."""

    @pipe.stage("gpt_ideas", prompt=prompts.IDEAS, agent_version=_gpt(crew), tags=["brainstorm"])
    def gpt_ideas(inputs: Any, upstream: Any) -> Any:
        pass_by("gpt_ideas")
        return ask_for(FeatureList, crew.gpt, prompts.IDEAS.format(idea=inputs["idea"])).model_dump()["features"]

    @pipe.stage("claude_ideas", prompt=prompts.IDEAS, agent_version=_claude(crew), tags=["brainstorm"])
    def claude_ideas(inputs: Any, upstream: Any) -> Any:
        pass_by("claude_ideas")
        return ask_for(FeatureList, crew.claude, prompts.IDEAS.format(idea=inputs["idea"])).model_dump()["features"]

    @pipe.stage(
        "brainstorming_features",
        depends_on=["gpt_ideas", "claude_ideas"],
        prompt=prompts.REVIEW,
        agent_version=_both(crew),
        tags=["brainstorm"],
        validate=lambda features: bool(features),
    )
    def brainstorm(inputs: Any, upstream: Any) -> Any:
        pass_by("brainstorming_features")
        agreed = []
        for reviewer, proposal in ((crew.claude, upstream["gpt_ideas"]), (crew.gpt, upstream["claude_ideas"])):
            question = prompts.REVIEW.format(idea=inputs["idea"], features=_listed(proposal))
            accepted = ask_for(Review, reviewer, question).accepted
            agreed += [feature for feature in proposal if feature["name"] in accepted]
        return agreed


def _plan(pipe: Pipeline, crew: Any) -> None:
    @pipe.stage(
        "system_architecture_plan",
        depends_on=["brainstorming_features"],
        prompt=prompts.ARCHITECTURE,
        agent_version=_gpt(crew),
        tags=["plan"],
    )
    def architecture(inputs: Any, upstream: Any) -> Any:
        pass_by("system_architecture_plan")
        features = _listed(upstream["brainstorming_features"])
        question = prompts.ARCHITECTURE.format(idea=inputs["idea"], features=features)
        return ask_for(Architecture, crew.gpt, question).model_dump()

    @pipe.stage(
        "project_micro_phases",
        depends_on=["system_architecture_plan"],
        prompt=prompts.PHASES,
        agent_version=_claude(crew),
        tags=["plan"],
        validate=_check_plan,
    )
    def micro_phases(inputs: Any, upstream: Any) -> Any:
        pass_by("project_micro_phases")
        question = prompts.PHASES.format(idea=inputs["idea"], architecture=_text(upstream["system_architecture_plan"]))
        return ask_for(PhasePlan, crew.claude, question).model_dump()["phases"]


def _phases(pipe: Pipeline, crew: Any) -> None:
    @pipe.stage(
        CODE,
        for_each="project_micro_phases",
        depends_on=["system_architecture_plan"],
        in_order=True,
        prompt=prompts.PHASE,
        agent_version=_claude(crew),
        tags=["code"],
        validate=check_phase,
    )
    def code(inputs: Any, upstream: Any, item: Any) -> Any:
        pass_by(CODE.replace("{id}", str(item["id"])))
        (before,) = upstream[CODE].values() or ({},)
        architecture = _text(upstream["system_architecture_plan"])
        return write_phase(crew.claude, item, architecture, before)

    @pipe.stage(REPORT, for_each="project_micro_phases", same_item=CODE, tags=["validation"])
    def report(inputs: Any, upstream: Any, item: Any) -> Any:
        pass_by(REPORT.replace("{id}", str(item["id"])))
        return report_on(upstream[CODE])

    @pipe.stage(LAST, depends_on=[CODE, REPORT], validate=check_project, folder="integration", tags=["integration"])
    def integrate(inputs: Any, upstream: Any) -> Any:
        pass_by(LAST)
        return integrated(list(upstream[CODE].values()), list(upstream[REPORT].values()))


def _check_plan(phases: list[dict[str, Any]]) -> Report:
    """Numbered from 1, each with files inside the project and a test among them."""
    numbers = [phase["id"] for phase in phases]
    problems = [] if numbers == list(range(1, len(phases) + 1)) else [f"phases are numbered {numbers}"]
    problems += [f"phase {p['id']}: {path} leaves the project" for p in phases for path in p["files"] if escapes(path)]
    problems += [f"phase {p['id']} has no test" for p in phases if not p["tests"]]
    return Report.of(problems)


def _listed(features: list[dict[str, str]]) -> str:
    return "\n".join(f"- {feature['name']}: {feature['why']}" for feature in features)


def _text(data: Any) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False)


def _gpt(crew: Crew | None) -> str | None:
    return None if crew is None else crew.gpt.version


def _claude(crew: Crew | None) -> str | None:
    return None if crew is None else crew.claude.version


def _both(crew: Crew | None) -> str | None:
    return None if crew is None else f"{crew.gpt.version}; {crew.claude.version}"
