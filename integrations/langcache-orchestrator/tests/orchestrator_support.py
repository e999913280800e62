"""What the tests of the orchestrator share: its stages by name, how a command ends, processes of its own."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple

from support.forking import FORKING

from ai_orchestrator.cli import main

KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")
PHASES = range(1, 11)
CODE, REPORTS = [f"phase-{n}-generated_code" for n in PHASES], [f"phase-{n}-validation" for n in PHASES]
FIRST = ["gpt_ideas", "claude_ideas", "brainstorming_features", "system_architecture_plan", "project_micro_phases"]
STAGES = [*FIRST, *CODE, *REPORTS, "final_integration_summary"]


class Said(NamedTuple):
    """How one command ended."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Said]


def environment(folder: Path) -> dict[str, str]:
    """Ours without keys; the store is a file in *folder*."""
    kept = {name: value for name, value in os.environ.items() if name not in KEYS}
    return {**kept, "LANGCACHE_URL": f"sqlite:///{folder}/cache.db"}


def fork(folder: Path, target: Callable[..., object], *arguments: Any) -> BaseProcess:
    """A process that runs *target* with *arguments* in *folder*, with an environment of its own."""
    child = FORKING.Process(target=_enter, args=(folder, environment(folder), target, arguments))
    child.start()
    return child


def say(path: Path, *arguments: str) -> None:
    """``ai-orchestrator`` with *arguments*; what it prints goes into the file."""
    sys.argv = ["ai-orchestrator", *arguments]
    with path.open("w", encoding="utf-8") as file, redirect_stdout(file):
        main()


def _enter(folder: Path, env: Mapping[str, str], target: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    target(*arguments)
