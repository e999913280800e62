"""Runs the pipeline and dies by its own SIGKILL as a stage begins: ``killed_child.py STAGE LEASE_S``."""

import os
import signal
import sys

from ai_orchestrator.hazard import during
from ai_orchestrator.models import PRICES
from ai_orchestrator.pipeline import build
from ai_orchestrator.sources import RECORDED, staffed
from langcache import Cache


def main(stage: str, lease_s: str) -> None:
    def kill(name: str) -> None:
        if name == stage:
            os.kill(os.getpid(), signal.SIGKILL)

    with Cache(prices=PRICES) as cache, staffed(replayed=True) as crew, during(kill):
        build(cache, crew, lease_s=float(lease_s)).run({"idea": RECORDED}, session_id="killed")


if __name__ == "__main__":
    main(*sys.argv[1:])
