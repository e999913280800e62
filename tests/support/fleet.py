"""A fleet: processes that ask one wrapped chain, forked from one that has imported it all."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.process import BaseProcess
from typing import Any

from langchain_core.output_parsers import StrOutputParser
from langchain_openai import ChatOpenAI

from langcache import Cache
from support.chains import PROMPT, Applicant, founder
from support.forking import FORKING

__all__ = ["exit_codes", "launch"]

PATIENCE_S = 150


def ask(cache_url: str, provider_url: str, number: int, count: int) -> None:
    """*count* users at once, half of them on threads and half in tasks, each with details of their own."""
    model = ChatOpenAI(base_url=provider_url, api_key="test", model="gpt-4o-mini", timeout=60)
    with Cache(cache_url) as cache:
        wrapped: Any = cache.wrap(PROMPT | model | StrOutputParser(), profile=Applicant, name="plan")
        users = [founder(startup_name=f"Corp{number}x{n}") for n in range(count)]

        async def tasks(some: list[Any]) -> list[str]:
            return await asyncio.gather(*(wrapped.ainvoke(user) for user in some))

        with ThreadPoolExecutor(16) as pool:
            threaded = pool.map(wrapped.invoke, users[: count // 2])
            answers = asyncio.run(tasks(users[count // 2 :]))
            answers = [*threaded, *answers]
    stats = cache.ledger.stats()
    assert not stats.refusals | stats.bypasses, stats
    assert answers == [f"Pitch {user['startup_name']} to MIT and CMU." for user in users], answers


def launch(processes: int, target: Callable[..., None], *arguments: Any) -> list[BaseProcess]:
    """Processes that run *target* with *arguments*, their number between the first two and the rest."""
    started = [
        FORKING.Process(target=target, args=(*arguments[:2], number, *arguments[2:]), daemon=True)
        for number in range(processes)
    ]
    for process in started:
        process.start()
    return list(started)


def exit_codes(processes: Iterable[BaseProcess]) -> list[int | None]:
    """How each ended; None for one that has not."""
    ended = []
    for process in processes:
        process.join(PATIENCE_S)
        ended.append(process.exitcode)
    return ended
