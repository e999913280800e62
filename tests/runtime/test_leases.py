"""Law 6 across processes: real processes, one store, one provider."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.chains import SAY, Applicant, chain, founder
from support.fleet import ask, exit_codes, launch
from support.models import CountingModel

from langcache import Cache
from langcache.testing import Provider, Reply, Request

STORES = ["sqlite", "redis", "cluster"]
SOAK = bool(os.environ.get("LANGCACHE_SOAK"))


def slow(_: Request) -> Reply:
    return Reply(text=SAY, delay_s=1.0)


@pytest.mark.soak
@pytest.mark.parametrize("store", STORES)
def test_processes_threads_and_tasks_share_one_call(store: str, make_url: Callable[[str], str]) -> None:
    """Whatever asks at once for one key: exactly one provider call, each answer with its own details."""
    processes, each = (8, 125) if SOAK else (3, 16)
    with Provider(reply=slow) as provider:
        fleet = launch(processes, ask, make_url(store), provider.openai_url, each)
        assert exit_codes(fleet) == [0] * processes
        assert provider.calls == 1


@pytest.mark.soak
def test_a_killed_leader_is_replaced_once(make_url: Callable[[str], str]) -> None:
    """SIGKILL in the middle of its call: its lease runs out and exactly one other takes over; on every store, at once,
    as it is mostly waiting, except with full fleets: an overloaded machine makes a store slow, which is left alone."""
    urls = [make_url(store) for store in STORES]
    with ThreadPoolExecutor(1 if SOAK else len(urls)) as pool:
        assert list(pool.map(calls_when_the_leader_is_killed, urls)) == [2] * len(urls)


def calls_when_the_leader_is_killed(url: str) -> int:
    arrived = threading.Event()

    def reply(_: Request) -> Reply:
        first = not arrived.is_set()
        arrived.set()
        return Reply(text=SAY, delay_s=30.0 if first else 0.2)

    with Provider(reply=reply) as provider:
        (leader,) = launch(1, ask, url, provider.openai_url, 2)
        assert arrived.wait(60)
        others = launch(7 if SOAK else 2, ask, url, provider.openai_url, 125 if SOAK else 8)
        time.sleep(1.0)
        leader.kill()
        assert exit_codes([leader, *others]) == [-signal.SIGKILL, *[0] * len(others)]
        return provider.calls


@pytest.mark.parametrize("how", ["sync", "async"])
async def test_a_leader_in_another_process_is_waited_for(how: str, tmp_path: Path) -> None:
    """Who finds the lease held waits for the entry, and goes alone where the answer was refused."""
    url = f"sqlite:///{tmp_path / 'x.db'}"
    first, second = Cache(url), Cache(url)
    models = [CountingModel(say=SAY, delay_s=0.5), CountingModel(say=SAY)]
    wraps = [c.wrap(chain(m), profile=Applicant, name="x") for c, m in zip((first, second), models, strict=True)]
    leading = asyncio.create_task(asyncio.to_thread(wraps[0].invoke, founder()))
    await asyncio.sleep(0.2)
    other = wraps[1]
    user = founder(startup_name="Zed")
    answer = await (other.ainvoke(user) if how == "async" else asyncio.to_thread(other.invoke, user))
    assert (await leading, answer) == ("Pitch PathAI to MIT and CMU.", "Pitch Zed to MIT and CMU.")
    first.close()
    second.close()
