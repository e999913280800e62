"""A process that runs the pipeline and dies by its own SIGKILL as a stage begins."""

import os
import signal

from ai_orchestrator.hazard import during
from ai_orchestrator.models import PRICES
from ai_orchestrator.pipeline import build
from ai_orchestrator.sources import RECORDED, staffed
from langcache import Cache


def main(stage: str, lease_s: float) -> None:
    def kill(name: str) -> None:
        if name == stage:
            os.kill(os.getpid(), signal.SIGKILL)

    with Cache(prices=PRICES) as cache, staffed(replayed=True) as crew, during(kill):
        build(cache, crew, lease_s=lease_s).run({"idea": RECORDED}, session_id="killed")
