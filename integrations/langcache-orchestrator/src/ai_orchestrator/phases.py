"""One phase: what Claude is asked for it, what it gives, and whether that holds together."""

import tomllib
from collections.abc import Mapping
from typing import Any

from ai_orchestrator.answers import ask, read_files
from ai_orchestrator.models import Member
from ai_orchestrator.outline import outlined, shown
from ai_orchestrator.prompts import PHASE
from ai_orchestrator.validation import check_files
from langcache.stages import Files, Report

__all__ = ["check_phase", "report_on", "write_phase"]

Output = dict[str, Any]
"""Of a phase: its plan, its files, and the outline and dependencies of the project with them."""


def write_phase(claude: Member, plan: Mapping[str, Any], architecture: str, before: Output) -> Output:
    """Let Claude write one phase.

    Args:
        claude: who writes.
        plan: the phase as planned.
        architecture: of the whole.
        before: the phase before; empty for the first.
    """
    question = PHASE.format(
        id=plan["id"],
        title=plan["title"],
        goal=plan["goal"],
        files=", ".join(plan["files"]),
        tests=", ".join(plan["tests"]),
        architecture=architecture,
        outline=shown(before.get("project", {})),
    )
    files = read_files(ask(claude, question))
    return {
        "plan": dict(plan),
        "files": Files(files),  # refuses every path that leaves the project
        "project": outlined(before.get("project", {}), files),
        "dependencies": _dependencies(files.get("pyproject.toml")) or before.get("dependencies", []),
    }


def check_phase(phase: Output) -> Report:
    """What is wrong with a phase, if anything."""
    return Report.of(
        check_files(
            phase["files"],
            phase["project"],
            planned_files=phase["plan"]["files"],
            planned_tests=phase["plan"]["tests"],
            installed=frozenset(phase["dependencies"]),
        )
    )


def report_on(phase: Output) -> dict[str, Any]:
    """The report kept beside a phase, as data."""
    verdict, files = check_phase(phase), phase["files"]
    return {
        "status": "passed" if verdict.passed else "failed",
        "problems": list(verdict.problems),
        "files": sorted(files),
        "lines": sum(text.count("\n") for text in files.values()),
        "tests_planned": len(phase["plan"]["tests"]),
    }


def _dependencies(pyproject: str | None) -> list[str]:
    """Top-level modules of what is declared, by the usual rule that a distribution is named like its module."""
    try:
        declared = tomllib.loads(pyproject or "").get("project", {}).get("dependencies", [])
    except tomllib.TOMLDecodeError:
        return []  # `check_files` says so
    names = [str(line).replace(";", " ").split()[0] for line in declared]
    return [name.partition("[")[0].rstrip("<>=!~.0123456789,").replace("-", "_").lower() for name in names]
