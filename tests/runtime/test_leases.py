"""Law 6 across processes: real processes, one SQLite file, one provider."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from support.chains import SAY, Applicant, chain, founder
from support.models import CountingModel

from langcache import Cache
from langcache.testing import Provider, Reply, Request

SOAK = bool(os.environ.get("LANGCACHE_SOAK"))
CHILD = """
import asyncio, sys
from concurrent.futures import ThreadPoolExecutor
from langchain_openai import ChatOpenAI
from langchain_core.output_parsers import StrOutputParser
from support.chains import PROMPT, Applicant, founder
from langcache import Cache

cache_url, provider_url, number, count = sys.argv[1:]
model = ChatOpenAI(base_url=provider_url, api_key="test", model="gpt-4o-mini", timeout=60)
with Cache(cache_url) as cache:
    wrapped = cache.wrap(PROMPT | model | StrOutputParser(), profile=Applicant, name="plan")
    users = [founder(startup_name=f"Corp{number}x{n}") for n in range(int(count))]

    async def tasks(some):
        return await asyncio.gather(*(wrapped.ainvoke(user) for user in some))

    with ThreadPoolExecutor(16) as pool:
        half = len(users) // 2
        answers = list(pool.map(wrapped.invoke, users[:half])) + asyncio.run(tasks(users[half:]))
    expected = [f"Pitch {user['startup_name']} to MIT and CMU." for user in users]
    assert answers == expected, answers
"""


def children(cache_url: str, provider: Provider, processes: int, each: int) -> list[Any]:
    env = {**os.environ, "PYTHONPATH": "tests"}
    return [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, cache_url, provider.openai_url, str(n), str(each)],
            env=env,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(processes)
    ]


def failures(started: list[Any]) -> list[str]:
    """What the children that failed had to say."""
    said = [child.communicate()[1] for child in started]
    return [text for child, text in zip(started, said, strict=True) if child.returncode]


def slow(_: Request) -> Reply:
    return Reply(text=SAY, delay_s=1.0)


@pytest.mark.soak
def test_processes_threads_and_tasks_share_one_call(tmp_path: Path) -> None:
    """Whatever asks at once for one key: exactly one provider call, each answer with its own details."""
    processes, each = (8, 125) if SOAK else (3, 16)
    with Provider(reply=slow) as provider:
        started = children(f"sqlite:///{tmp_path / 'x.db'}", provider, processes, each)
        assert failures(started) == []
        assert provider.calls == 1


def test_a_killed_leader_is_replaced_once(tmp_path: Path) -> None:
    """SIGKILL in the middle of its call: its lease runs out and exactly one other takes over."""
    url = f"sqlite:///{tmp_path / 'x.db'}"
    arrived: list[float] = []

    def reply(_: Request) -> Reply:
        arrived.append(time.monotonic())
        return Reply(text=SAY, delay_s=30.0 if len(arrived) == 1 else 0.2)

    with Provider(reply=reply) as provider:
        (leader,) = children(url, provider, 1, 2)
        while not arrived:
            time.sleep(0.01)
        others = children(url, provider, 2, 4)
        time.sleep(1.0)
        leader.send_signal(signal.SIGKILL)
        leader.communicate()
        assert failures(others) == []
        assert provider.calls == 2


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
