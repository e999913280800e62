"""Record the cassette again: ``python -m ai_orchestrator.record``, in a checkout.

From langcache's provider stand-in, which says what is in ``stand_in/``, byte for byte the same each time. With
``LIVE=1`` and both API keys in the environment, from the real providers.
"""

import os
import re
import sys
from pathlib import Path

from ai_orchestrator.models import Endpoint, hire, live_endpoint
from ai_orchestrator.pipeline import build
from ai_orchestrator.sources import CASSETTE, RECORDED
from langcache import Cache
from langcache.testing import Provider, Request, cassette

__all__ = ["record", "say"]

STAND_IN = Path(__file__).parents[2] / "stand_in"
_PHASE = re.compile(r"^Phase (\d+):", re.MULTILINE)
_ANSWERS: dict[tuple[str, str], str] = {
    ("openai", "FeatureList"): "gpt_ideas",
    ("anthropic", "FeatureList"): "claude_ideas",
    ("openai", "Review"): "gpt_review",
    ("anthropic", "Review"): "claude_review",
    ("openai", "Architecture"): "architecture",
    ("anthropic", "PhasePlan"): "phases",
}


def record(path: Path, live: Endpoint | None = None) -> None:
    """Write the cassette of one whole run to *path*.

    Args:
        path: replaced.
        live: the real providers; None for the stand-in.
    """
    with Provider(say) as stand_in, Cache("memory://") as cache:
        here = Endpoint("stand-in", "stand-in", stand_in.openai_url, stand_in.anthropic_url, retries=0)
        # One at a time, so that the file's order is always the same.
        pipe = build(cache, hire(live or here), max_concurrency=1)
        with cassette(path, record=True):
            pipe.run({"idea": RECORDED})


def say(request: Request) -> str:
    """What the stand-in says to one request: a file for each shape asked for, a folder for each phase."""
    shape = _shape(request)
    if shape is not None:
        return (STAND_IN / f"{_ANSWERS[request.vendor, shape]}.json").read_text(encoding="utf-8")
    found = _PHASE.search(request.json["messages"][-1]["content"])
    if found is None:
        raise ValueError("neither a shape nor a phase is asked for")
    folder = STAND_IN / f"phase_{found[1]}"
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return "\n\n".join(
        f'<file path="{path.relative_to(folder).as_posix()}">\n{path.read_text(encoding="utf-8")}</file>'
        for path in files
    )


def _shape(request: Request) -> str | None:
    tools = request.json.get("tools")
    if tools:
        return str(tools[0]["name"])
    schema = request.json.get("response_format", {}).get("json_schema")
    return None if schema is None else str(schema["name"])


if __name__ == "__main__":
    record(CASSETTE, live_endpoint() if os.environ.get("LIVE") == "1" else None)
    sys.stdout.write(f"{CASSETTE.name} recorded\n")
