"""Law 9 under load: Redis dies and comes back, a cluster's master dies and is replaced, and no call fails."""

import asyncio
import importlib
import os
from argparse import Namespace
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

SOAK = bool(os.environ.get("LANGCACHE_SOAK"))
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
ASKED = Namespace(seconds=60, rate=200, kinds=100) if SOAK else Namespace(seconds=4, rate=30, kinds=30)


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module


@pytest.mark.soak
def test_no_call_fails_and_no_answer_is_wrong_while_redis_dies(benchmark: Callable[[str], Any]) -> None:
    """At a fixed rate, on threads and in tasks: each gets their own answer; in long runs the outage is surely met."""
    outage = benchmark("outage")
    at_once = 1 if SOAK else 2
    with ThreadPoolExecutor(at_once) as pool:
        for found in pool.map(lambda name: outage.measure(name, ASKED), outage.OUTAGES):
            assert (found["failed"], found["wrong"], found["asked"]) == ({}, 0, ASKED.seconds * ASKED.rate)
            assert found["outcomes"]["hit"] > 0
            if SOAK:
                assert found["store_errors"] > 0
                print(found)


def test_once_it_is_known_a_dead_store_costs_no_more_than_none(benchmark: Callable[[str], Any], tmp_path: Path) -> None:
    """Beside misses on a store that costs nothing, call by call; a single timeout would be many of them."""
    misses = benchmark("misses")
    with asyncio.Runner() as runner:
        calls = misses.contenders(tmp_path, runner)
        chosen = {name: call for name, call in calls.items() if "memory" in name or "dead" in name}
        ratios = misses.dead_beside_memory(misses.measure(chosen, 40))
    assert max(ratios.values()) < 2
