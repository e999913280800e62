"""The phases put together: the project's files, checked as a whole, and written to a folder."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ai_orchestrator.outline import outlined
from ai_orchestrator.validation import check_files
from langcache.stages import Files, Report

__all__ = ["SUMMARY", "check_project", "integrated", "write_project"]

SUMMARY = "final_integration_summary.json"


def integrated(phases: list[Mapping[str, Any]], reports: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Every phase's files, the later over the earlier, and what can be said of them.

    Args:
        phases: outputs of the phases, in order.
        reports: of their validation, in the same order.
    """
    files: dict[str, str] = {}
    for phase in phases:
        files |= phase["files"]
    return {
        "files": Files(sorted(files.items())),
        "dependencies": phases[-1]["dependencies"] if phases else [],
        "planned": sorted({path for phase in phases for path in phase["plan"]["files"]}),
        "tests": [test for phase in phases for test in phase["plan"]["tests"]],
        "phases": [
            {"id": phase["plan"]["id"], "title": phase["plan"]["title"], "validation": report["status"]}
            for phase, report in zip(phases, reports, strict=True)
        ],
        "lines": sum(text.count("\n") for text in files.values()),
    }


def check_project(summary: Mapping[str, Any]) -> Report:
    """What is wrong with the project as a whole: a later phase may have broken what an earlier one needs."""
    files: Mapping[str, str] = summary["files"]
    return Report.of(
        check_files(
            files,
            outlined({}, files),
            planned_files=summary["planned"],
            planned_tests=summary["tests"],
            installed=frozenset(summary["dependencies"]),
        )
    )


def write_project(folder: Path, summary: Mapping[str, Any]) -> list[str]:
    """Write the project and `SUMMARY` into *folder*; the paths in it. What the folder holds besides stays.

    Raises:
        OSError: it cannot be written, or a symbolic link in the folder leads out of it.
    """
    about = {**summary, "files": sorted(summary["files"])}
    texts = {**summary["files"], SUMMARY: json.dumps(about, indent=2, ensure_ascii=False) + "\n"}
    folder.mkdir(parents=True, exist_ok=True)
    root = folder.resolve()
    for path, text in texts.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.parent.resolve().is_relative_to(root):
            raise OSError(f"{path} leads out of {folder} through a link")
        new = target.with_name(f".{target.name}.{os.getpid()}.new")  # in place of a link, never through one
        new.write_text(text, encoding="utf-8")
        new.replace(target)
    return list(texts)
