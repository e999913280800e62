"""What a miss adds to the bare chain, beside one durable SQLite write: the key, the lease, the check, the storing.

``prompt | model | parser`` with a model that answers at once; every miss is of a kind nobody asked for before. The
write is one row of as many bytes as an entry has, ``synchronous=FULL``, its own transaction: as SQLite is by default,
and in WAL mode, which is the cheapest that survives a power cut. Awaited misses stand beside a write that is awaited in
a thread, as no event loop can do it otherwise, less what awaiting nothing costs. The dead store is a Redis that takes
connections and never answers, once the breaker has found that out; what it adds is seen beside a miss on a store that
costs nothing. Rounds run all contenders in an order of their own, so that a noisy machine is noisy for all of them;
figures are of medians.

    python benchmarks/misses.py [--rounds N] [--json]
"""

import argparse
import asyncio
import itertools
import json
import random
import socket
import sqlite3
import statistics
import tempfile
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hit_latency import ANSWER, PROFILE, PROMPT, USER
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser

from langcache import Cache

BOUND = 3.0
WRITE, WAL = "a durable SQLite write", "the same in WAL mode"
NOTHING = "nothing, awaited"
kinds = itertools.count()


def somebody() -> dict[str, str]:
    return {**USER, "background": f"kind {next(kinds)}"}


def durable_write(folder: Path, journal: str) -> Callable[[], Any]:
    connection = sqlite3.connect(folder / f"{journal}.db", isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA journal_mode={journal}")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE entries (key TEXT PRIMARY KEY, value BLOB)")
    value = random.Random(7).randbytes(len(ANSWER) + 600)

    def write() -> None:
        connection.execute("INSERT INTO entries VALUES (?, ?)", (f"key {next(kinds)}", value))

    weakref.finalize(write, connection.close)
    return write


def dead_redis() -> Cache:
    """Connected to what says nothing; the breaker is open."""
    listener = socket.create_server(("127.0.0.1", 0))
    cache = Cache(f"redis://127.0.0.1:{listener.getsockname()[1]}")
    weakref.finalize(cache, listener.close)
    chain = cache.wrap(bare_chain(), profile=PROFILE)
    while cache.stats().store_trouble is None:
        chain.invoke(somebody())
    return cache


def bare_chain() -> Any:
    return PROMPT | FakeListChatModel(responses=[ANSWER]) | StrOutputParser()


def contenders(folder: Path, runner: asyncio.Runner) -> dict[str, Callable[[], Any]]:
    bare = bare_chain()
    write, write_to_log = durable_write(folder, "DELETE"), durable_write(folder, "WAL")
    sqlite = Cache(f"sqlite:///{folder / 'ours.db'}").wrap(bare, profile=PROFILE)
    memory = Cache("memory://").wrap(bare, profile=PROFILE)
    dead = dead_redis().wrap(bare, profile=PROFILE)
    return {
        WRITE: write,
        WAL: write_to_log,
        f"{WRITE}, awaited": lambda: runner.run(asyncio.to_thread(write)),
        f"{WAL}, awaited": lambda: runner.run(asyncio.to_thread(write_to_log)),
        NOTHING: lambda: runner.run(asyncio.sleep(0)),
        "bare chain, sync": lambda: bare.invoke(somebody()),
        "miss, SQLite, sync": lambda: sqlite.invoke(somebody()),
        "miss, memory, sync": lambda: memory.invoke(somebody()),
        "miss, dead Redis, sync": lambda: dead.invoke(somebody()),
        "bare chain, async": lambda: runner.run(bare.ainvoke(somebody())),
        "miss, SQLite, async": lambda: runner.run(sqlite.ainvoke(somebody())),
        "miss, memory, async": lambda: runner.run(memory.ainvoke(somebody())),
        "miss, dead Redis, async": lambda: runner.run(dead.ainvoke(somebody())),
    }


def measure(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Median seconds per call, by name."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    chance = random.Random(7)
    for _ in range(rounds):
        for name in chance.sample(list(calls), len(calls)):
            started = time.perf_counter()
            calls[name]()
            times[name].append(time.perf_counter() - started)
    return {name: statistics.median(taken[rounds // 10 :]) for name, taken in times.items()}


def added(medians: dict[str, float]) -> dict[str, float]:
    """Seconds a miss adds to the bare chain, by store and half."""
    return {
        name: median - medians[f"bare chain, {name.rpartition(', ')[2]}"]
        for name, median in medians.items()
        if name.startswith("miss")
    }


def in_writes(medians: dict[str, float], write: str) -> dict[str, float]:
    """What a miss adds in durable writes of one kind, each made as the miss is: at once, or awaited."""
    costs = {"sync": medians[write], "async": medians[f"{write}, awaited"] - medians[NOTHING]}
    return {name: seconds / costs[name.rpartition(", ")[2]] for name, seconds in added(medians).items()}


def dead_beside_memory(medians: dict[str, float]) -> dict[str, float]:
    """A miss with a dead store, in misses with one that costs nothing, by half."""
    return {half: medians[f"miss, dead Redis, {half}"] / medians[f"miss, memory, {half}"] for half in ("sync", "async")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        medians = measure(contenders(Path(folder), runner), asked.rounds)
    by_default, in_wal = in_writes(medians, WRITE), in_writes(medians, WAL)
    if asked.json:
        dead = dead_beside_memory(medians)
        per_write = {"added_per_durable_write": by_default, "added_per_wal_write": in_wal}
        print(json.dumps({"median_s": medians, **per_write, "bound": BOUND, "dead": dead}))
        return
    for name, median in medians.items():
        print(f"{name:32} {median * 1e6:8.1f} us")
    for name, seconds in added(medians).items():
        print(
            f"{name + ' adds':32} {seconds * 1e6:8.1f} us, {by_default[name]:5.2f} durable writes  (bound {BOUND}), "
            f"{in_wal[name]:5.2f} in WAL mode"
        )
    for half, ratio in dead_beside_memory(medians).items():
        print(f"a miss with a dead Redis, {half}, is {ratio:5.2f} misses in memory")


if __name__ == "__main__":
    main()
