"""`stats(days=30)` over many entries beside the same over few: it reads what was added up, and never an entry.

Two caches on SQLite, filled with entries and with 30 days of requests for them, each key asked for at least once.
Rounds alternate between the two. Memory is the most that one call held, by tracemalloc.

    python benchmarks/stats_scale.py [--few N] [--many N] [--rounds N] [--json]

Required is the bound for ``--many 1000000``, which takes some minutes to fill.
"""

import argparse
import json
import sqlite3
import statistics
import tempfile
import time
import tracemalloc
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from langcache import Cache
from langcache.core.encoding import digest
from langcache.core.events import Event
from langcache.testing import FakeClock

DAYS, DAY_S = 30, 86_400.0
NOON = 19_700 * DAY_S + DAY_S / 2
HIT_EVERY = 4
FLUSHES = 600
BOUND = 2.0


def filled(path: Path, entries: int) -> Cache:
    """A cache of so many entries, after 30 days of requests for them; the last one is now."""
    clock = FakeClock(NOON - (DAYS - 1) * DAY_S)
    cache = Cache(f"sqlite:///{path}", clock=clock, max_bytes=2**40)
    parts = {"chain": "plan", "feature field": "law", "model": "m", "profile": "p"}
    keys = [digest(str(number).encode()) for number in range(entries)]
    for number, key in enumerate(keys):
        event = Event(f"chain {number % 5}", "v1", outcome="miss", key=key, model="m", cost_usd=Decimal("0.01"))
        event.parts, event.template = parts, "template"
        cache.ledger.record(event)
        if number % HIT_EVERY == 0:
            cache.ledger.record(Event(event.chain, "v1", outcome="hit", key=key, model="m", saved_usd=Decimal("0.01")))
        clock.advance((DAYS - 1) * DAY_S / entries)
        if number % (entries // FLUSHES + 1) == 0:
            cache.recorder.flush()  # days go by in seconds here
    cache.recorder.flush()
    store_entries(path, keys)
    return cache


def store_entries(path: Path, keys: list[str]) -> None:
    """Entries of 100 bytes, put in at once: a put each would take most of the time."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "INSERT INTO entry (namespace, key, created_at, size_bytes, value) VALUES ('default', ?, ?, 100, ?)",
            ((key, NOON, b"x" * 100) for key in keys),
        )


def measure(caches: dict[str, Cache], rounds: int) -> dict[str, float]:
    """Median seconds of one call, by name."""
    times: dict[str, list[float]] = {name: [] for name in caches}
    for _ in range(rounds):
        for name, cache in caches.items():
            started = time.perf_counter()
            cache.stats(days=DAYS)
            times[name].append(time.perf_counter() - started)
    return {name: statistics.median(taken) for name, taken in times.items()}


def memory_bytes(cache: Cache) -> int:
    """The most that one call held at once."""
    tracemalloc.start()
    cache.stats(days=DAYS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts = {"few": asked.few, "many": asked.many}
        caches = {name: filled(Path(folder) / f"{name}.db", count) for name, count in counts.items()}
        medians = measure(caches, asked.rounds)
        peaks = {name: memory_bytes(cache) for name, cache in caches.items()}
        stats = {name: cache.stats(days=DAYS) for name, cache in caches.items()}
        for cache in caches.values():
            cache.close()
    ratio = medians["many"] / medians["few"]
    if asked.json:
        print(json.dumps({"counts": counts, "median_s": medians, "ratio": ratio, "bound": BOUND, "peak_bytes": peaks}))
        return
    for name, count in counts.items():
        found = stats[name]
        keys = f"{'about ' if found.is_sampled else ''}{found.distinct_keys:,} keys"
        print(
            f"{count:>9,} entries, {found.requests:>9,} requests, {keys:>20}: "
            f"{medians[name] * 1e3:7.1f} ms, {peaks[name] / 2**20:5.1f} MiB"
        )
    print(f"{'ratio':58} {ratio:5.2f}  (bound {BOUND:.2f})")


if __name__ == "__main__":
    main()
