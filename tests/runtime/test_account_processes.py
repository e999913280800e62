"""The account over real processes: it is the sum of what they saw, on SQLite and on Redis, also where one is killed."""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from langcache import Cache
from langcache.core.events import Event
from langcache.testing import FakeClock
from langcache.testing.redis_server import running_server

SOAK = bool(os.environ.get("LANGCACHE_SOAK"))
PROCESSES, EVENTS = (8, 1_000_000) if SOAK else (4, 8_000)
MISS = Event("plan", outcome="miss", key="a", cost_usd=Decimal("0.1"))

CHILD = """
import sys
from decimal import Decimal
from langcache import Cache
from langcache.core.events import Event

url, number, count, closes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "closes"
cache = Cache(url, **({"timeout_s": 30} if url.startswith("redis") else {}))
for n in range(count):
    if n % 4:
        event = Event(f"chain {n % 3}", outcome="hit", key=f"k{n % 50}", model="m", saved_usd=Decimal("0.00123"))
    else:
        cost = Decimal(number * count + n).scaleb(-12)
        event = Event(f"chain {n % 3}", outcome="miss", key=f"k{n % 50}", model="m", cost_usd=cost, input_tokens=n)
    cache.ledger.record(event)
if closes:
    cache.close()
assert cache.recorder.dropped == 0
"""


@pytest.fixture(params=["sqlite", "redis"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'x.db'}"
        return
    with running_server() as server:
        yield server.url


def opened(url: str) -> Cache:
    return Cache(url, **({"timeout_s": 30} if url.startswith("redis") else {}))


def recording(url: str, number: int, count: int, *, closes: bool) -> Any:
    how = "closes" if closes else "forgets"
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, url, str(number), str(count), how], stderr=subprocess.PIPE, text=True
    )


@pytest.mark.soak
@pytest.mark.timeout(3600 if SOAK else 180)
def test_the_account_is_the_sum_of_what_all_processes_saw(url: str) -> None:
    """To the call and to the cent, also of those that forget to close."""
    each = EVENTS // PROCESSES
    started = [recording(url, number, each, closes=number % 2 == 0) for number in range(PROCESSES)]
    said = [child.communicate()[1] for child in started]
    assert [child.returncode for child in started] == [0] * PROCESSES, said
    with opened(url) as cache:
        stats = cache.stats(days=2)  # midnight may have passed meanwhile
        days = cache.trends(days=2)
    calls = [n for n in range(each) if n % 4 == 0]
    assert stats.outcomes == {"hit": PROCESSES * (each - len(calls)), "miss": PROCESSES * len(calls)}
    assert stats.saved_usd == PROCESSES * (each - len(calls)) * Decimal("0.00123")
    spent = sum(number * each + n for number in range(PROCESSES) for n in calls)
    assert stats.cost_usd == Decimal(spent).scaleb(-12)
    assert stats.input_tokens == PROCESSES * sum(calls)
    assert (stats.distinct_keys, stats.is_sampled) == (50, False)
    assert sum(each.requests for each in stats.by_chain.values()) == stats.requests
    assert sum(bucket.requests for bucket in days) == stats.requests


KILLED = """
import sys, time
from decimal import Decimal
from langcache import Cache
from langcache.core.events import Event

cache = Cache(sys.argv[1], **({"timeout_s": 30} if sys.argv[1].startswith("redis") else {}))
for n in range(500):
    cache.ledger.record(Event("plan", outcome="miss", key=f"k{n}", cost_usd=Decimal("0.1")))
while len(cache.recorder._waiting) or len(cache.recorder._fold) or cache.recorder._flushing.locked():
    time.sleep(0.01)  # the thread writes by itself; nobody asks it to
cache.ledger.record(Event("plan", outcome="miss", key="k"))
print("ready", flush=True)
time.sleep(60)
"""


def test_a_killed_process_loses_its_last_moment_alone(url: str) -> None:
    """What was written before stays, whole."""
    child = subprocess.Popen([sys.executable, "-c", KILLED, url], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGKILL)
    child.communicate()
    with opened(url) as cache:
        stats = cache.stats(days=2)
    assert stats.requests in (500, 501)
    assert stats.cost_usd == 50


def test_a_forked_child_counts_what_it_does_and_the_parent_its_own(tmp_path: Path) -> None:
    """What waited to be written when the process forked is written once."""
    with Cache(f"sqlite:///{tmp_path / 'x.db'}", clock=FakeClock()) as cache:
        for _ in range(100):
            cache.ledger.record(MISS)
        child = multiprocessing.get_context("fork").Process(target=_record, args=(cache, 10))
        child.start()
        child.join()
        assert child.exitcode == 0
        cache.ledger.record(MISS)
        assert cache.stats(days=1).requests == 111


def _record(cache: Cache, count: int) -> None:
    for _ in range(count):
        cache.ledger.record(MISS)
