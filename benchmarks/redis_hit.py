"""A hit on Redis beside a hit of the RedisCache of langchain-community and a bare GET; sync and async; and the tier.

The same chain and answer as in `hit_latency.py`, on a real server on the loopback. Each round runs all contenders in
an order of its own, so that a noisy machine, and what the one before left in the caches of the processor, is the same
for all of them; ratios are of medians. Then 64 at once, in tasks.

    python benchmarks/redis_hit.py [--rounds N] [--json]
"""

import argparse
import asyncio
import json
import random
import statistics
import time
import warnings
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import redis
import redis.asyncio
from hit_latency import ANSWER, PROFILE, PROMPT, USER
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser

from langcache import Cache
from langcache.testing.redis_server import running_server

AT_ONCE = 64
BARE, PEER, OURS = "bare GET through redis-py", "RedisCache (community)", "langcache, Redis"
MEMORY, TIERED = "langcache, memory", "langcache, tiered Redis"
RATIOS = ((OURS, PEER, 0.5), (OURS, BARE, 2.5), (TIERED, MEMORY, 1.2))


def ours(url: str) -> Any:
    return Cache(url).wrap(PROMPT | FakeListChatModel(responses=[ANSWER]) | StrOutputParser(), profile=PROFILE)


def peers(port: int) -> tuple[Any, Any]:
    from langchain_community.cache import AsyncRedisCache, RedisCache

    caches = RedisCache(redis.Redis(port=port)), AsyncRedisCache(redis.asyncio.Redis(port=port))
    blocking, awaited = (
        PROMPT | FakeListChatModel(responses=[ANSWER], cache=cache) | StrOutputParser() for cache in caches
    )
    return blocking, awaited


def sync_calls(url: str, port: int) -> dict[str, Callable[[], Any]]:
    bare = redis.Redis(port=port)
    bare.set("bare", ANSWER)
    chains = {PEER: peers(port)[0], OURS: ours(url), MEMORY: ours("memory://"), TIERED: ours(f"tiered+{url}")}
    for chain in chains.values():
        assert chain.invoke(USER) == chain.invoke(USER)
    calls = {name: lambda chain=chain: chain.invoke(USER) for name, chain in chains.items()}
    return {BARE: lambda: bare.get("bare"), **calls}


async def async_calls(url: str, port: int) -> dict[str, Callable[[], Awaitable[Any]]]:
    bare = redis.asyncio.Redis(port=port)
    chains = {PEER: peers(port)[1], OURS: ours(url), MEMORY: ours("memory://"), TIERED: ours(f"tiered+{url}")}
    for chain in chains.values():
        assert await chain.ainvoke(USER) == await chain.ainvoke(USER)
    calls = {name: lambda chain=chain: chain.ainvoke(USER) for name, chain in chains.items()}
    return {BARE: lambda: bare.get("bare"), **calls}


def measure(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Median seconds per call, by name."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for order in orders(calls, rounds):
        for name in order:
            started = time.perf_counter()
            calls[name]()
            times[name].append(time.perf_counter() - started)
    return {name: statistics.median(taken[rounds // 10 :]) for name, taken in times.items()}


def orders(calls: dict[str, Any], rounds: int) -> Iterator[list[str]]:
    chance = random.Random(7)
    for _ in range(rounds):
        yield chance.sample(list(calls), len(calls))


async def ameasure(calls: dict[str, Callable[[], Awaitable[Any]]], rounds: int) -> dict[str, float]:
    """Median seconds per call, by name."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for order in orders(calls, rounds):
        for name in order:
            started = time.perf_counter()
            await calls[name]()
            times[name].append(time.perf_counter() - started)
    return {name: statistics.median(taken[rounds // 10 :]) for name, taken in times.items()}


async def throughput(calls: dict[str, Callable[[], Awaitable[Any]]], rounds: int) -> dict[str, float]:
    """Calls per second with `AT_ONCE` under way, by name; the median of the rounds."""
    rates: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            started = time.perf_counter()
            await asyncio.gather(*(call() for _ in range(AT_ONCE)))
            rates[name].append(AT_ONCE / (time.perf_counter() - started))
    return {name: statistics.median(taken) for name, taken in rates.items()}


async def asynchronous(url: str, port: int, rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    calls = await async_calls(url, port)
    medians = await ameasure(calls, rounds)
    return medians, await throughput(calls, max(5, rounds // 50))


def ratios(medians: dict[str, float]) -> dict[str, tuple[float, float]]:
    return {f"{a} / {b}": (medians[a] / medians[b], bound) for a, b, bound in RATIOS}


def show(title: str, medians: dict[str, float]) -> None:
    print(title)
    for name, median in medians.items():
        print(f"  {name:40} {median * 1e6:8.1f} us")
    for name, (ratio, bound) in ratios(medians).items():
        print(f"  {name:60} {ratio:5.2f}  (bound {bound:.2f})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with running_server() as server, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        medians = measure(sync_calls(server.url, server.port), asked.rounds)
        awaited, rates = asyncio.run(asynchronous(server.url, server.port, asked.rounds))
    if asked.json:
        print(json.dumps({"sync_s": medians, "async_s": awaited, f"per_s_{AT_ONCE}_at_once": rates}))
        return
    show("sync", medians)
    show("async", awaited)
    print(f"{AT_ONCE} at once, in tasks")
    for name, rate in rates.items():
        print(f"  {name:40} {rate:8.0f} calls/s")


if __name__ == "__main__":
    main()
