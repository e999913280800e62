"""Law 9 under load: Redis dies and comes back, a cluster's master dies and is replaced, and no call fails."""

import importlib.util
import os
import sys
from argparse import Namespace
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

SOAK = bool(os.environ.get("LANGCACHE_SOAK"))
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "outage.py"
ASKED = Namespace(seconds=60, rate=200, kinds=100) if SOAK else Namespace(seconds=4, rate=30, kinds=30)


def benchmark() -> Any:
    spec = importlib.util.spec_from_file_location("outage", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


@pytest.mark.soak
def test_no_call_fails_and_no_answer_is_wrong_while_redis_dies() -> None:
    """At a fixed rate, on threads and in tasks: each gets their own answer; in long runs the outage is surely met."""
    outage = benchmark()
    at_once = 1 if SOAK else 2
    with ThreadPoolExecutor(at_once) as pool:
        for found in pool.map(lambda name: outage.measure(name, ASKED), outage.OUTAGES):
            assert (found["failed"], found["wrong"], found["asked"]) == ({}, 0, ASKED.seconds * ASKED.rate)
            assert found["outcomes"]["hit"] > 0
            if SOAK:
                assert found["store_errors"] > 0
                print(found)
