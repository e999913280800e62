"""64 hits at once, on threads and in tasks, beside LangChain's own caches: calls per second.

The same chain and answer as in `hit_latency.py`. Contenders take turns, round after round, so that a noisy machine is
noisy for all of them; ratios are of medians. The floor is the bare chain, whose model answers at once.

    python benchmarks/throughput.py [--rounds N] [--json]
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import redis
import redis.asyncio
from hit_latency import ANSWER, PROFILE, PROMPT, USER
from langchain_core.caches import InMemoryCache
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser

from langcache import Cache
from langcache.testing.redis_server import RedisServer, running_server

AT_ONCE = 64
FLOOR = "bare chain"
PAIRS = {
    "langcache, memory": "InMemoryCache",
    "langcache, SQLite": "SQLiteCache (community)",
    "langcache, Redis": "RedisCache (community)",
}
Rates = dict[str, float]


def chain(cache: Any = None) -> Any:
    return PROMPT | FakeListChatModel(responses=[ANSWER], cache=cache) | StrOutputParser()


def ours(url: str) -> Any:
    return Cache(url).wrap(chain(False), profile=PROFILE)


def contenders(folder: Path, server: RedisServer, redis_cache: Any) -> dict[str, Any]:
    from langchain_community.cache import SQLiteCache

    return {
        FLOOR: chain(False),
        "langcache, memory": ours("memory://"),
        "InMemoryCache": chain(InMemoryCache()),
        "langcache, SQLite": ours(f"sqlite:///{folder / 'ours.db'}"),
        "SQLiteCache (community)": chain(SQLiteCache(str(folder / "peer.db"))),
        "langcache, Redis": ours(server.url),
        "RedisCache (community)": chain(redis_cache),
    }


def on_threads(chains: dict[str, Any], rounds: int) -> Rates:
    rates: dict[str, list[float]] = {name: [] for name in chains}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for asked in chains.values():
            asked.invoke(USER)
        for _ in range(rounds):
            for name, asked in chains.items():
                started = time.perf_counter()
                list(pool.map(lambda _, asked=asked: asked.invoke(USER), range(AT_ONCE)))
                rates[name].append(AT_ONCE / (time.perf_counter() - started))
    return {name: statistics.median(seen[1:]) for name, seen in rates.items()}


async def in_tasks(make: Callable[[], dict[str, Any]], rounds: int) -> Rates:
    chains = make()
    rates: dict[str, list[float]] = {name: [] for name in chains}
    for asked in chains.values():
        await asked.ainvoke(USER)
    for _ in range(rounds):
        for name, asked in chains.items():
            started = time.perf_counter()
            await asyncio.gather(*(asked.ainvoke(USER) for _ in range(AT_ONCE)))
            rates[name].append(AT_ONCE / (time.perf_counter() - started))
    return {name: statistics.median(seen[1:]) for name, seen in rates.items()}


def measure(rounds: int) -> dict[str, Rates]:
    from langchain_community.cache import AsyncRedisCache, RedisCache

    with running_server() as server, tempfile.TemporaryDirectory() as folder:
        blocking, awaited = Path(folder, "sync"), Path(folder, "async")
        blocking.mkdir()
        awaited.mkdir()
        threads = on_threads(contenders(blocking, server, RedisCache(redis.Redis(port=server.port))), rounds)

        def make() -> dict[str, Any]:
            return contenders(awaited, server, AsyncRedisCache(redis.asyncio.Redis(port=server.port)))

        return {"on threads": threads, "in tasks": asyncio.run(in_tasks(make, rounds))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = measure(asked.rounds)
    if asked.json:
        print(json.dumps(found))
        return
    for how, rates in found.items():
        print(f"{AT_ONCE} at once, {how}")
        for name, rate in rates.items():
            print(f"  {name:28} {rate:8.0f} calls/s")
        for mine, theirs in PAIRS.items():
            print(f"  {f'{mine} / {theirs}':52} {rates[mine] / rates[theirs]:6.2f} x")


if __name__ == "__main__":
    main()
