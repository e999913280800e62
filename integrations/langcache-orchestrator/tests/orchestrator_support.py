"""What the tests of the orchestrator share: its stages by name, and how a command ends."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

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
