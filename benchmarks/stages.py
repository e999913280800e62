"""What a cached stage costs beside a bare durable SQLite write, and how planning and invalidating grow.

    python benchmarks/stages.py

The first table is the median of five rounds, each of 200 single-row inserts into a plain SQLite table in WAL mode with
``synchronous=FULL``, then 200 stages executed on a SQLite store, then the same served from it; beside the time, how
much of it was CPU, since on a busy machine the rest is mostly waiting for a turn. The second doubles a chain of stages
up to 10,000 and prints the ratio at each doubling; linear growth is a ratio of 2.
"""

import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from langcache import Cache
from langcache.stages import Pipeline

STAGES = 200
ROUNDS = 5
SIZES = (625, 1_250, 2_500, 5_000, 10_000)


def chain(cache, count):
    pipe = Pipeline("bench", cache=cache, config={"analytics_enabled": False})
    for number in range(count):
        before = f"s{number - 1}" if number else None
        pipe.stage(f"s{number}", depends_on=[before] if before else [])(lambda inputs, upstream: "x" * 2_000)
    return pipe


def bare_writes(folder):
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE entry (key TEXT PRIMARY KEY, value BLOB)")

    def write():
        for number in range(STAGES):
            connection.execute("INSERT INTO entry VALUES (?, ?)", (str(number), b"x" * 2_000))

    taken = timed(write)
    connection.close()
    return taken


def timed(work):
    """Seconds and CPU seconds of each of 200."""
    started, cpu = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - started) / STAGES, (time.process_time() - cpu) / STAGES


def one_round(folder):
    """A bare write, a stage executed, and a stage served, one after the other: disks have moods."""
    folder.mkdir()
    bare = bare_writes(folder)
    with Cache(f"sqlite:///{folder / 'cache.db'}") as cache:
        pipe = chain(cache, STAGES)
        return bare, *(timed(lambda: pipe.run({"a": 1})) for _ in range(2))


def overhead(folder):
    rounds = [one_round(folder / str(number)) for number in range(ROUNDS)]
    names = ("a bare durable SQLite write", "a stage executed and committed", "a stage served from the cache")
    print(f"{'':<32}{'µs':>8}{'of bare':>9}{'µs of CPU':>11}   (the stages do nothing themselves)")
    bare = None
    for name, taken in zip(names, zip(*rounds, strict=True), strict=True):
        wall, cpu = (statistics.median(times) for times in zip(*taken, strict=True))
        bare = bare or wall
        print(f"{name:<32}{wall * 1e6:>8.0f}{wall / bare:>7.1f} ×{cpu * 1e6:>11.0f}")


def measure(url, size):
    """Seconds of CPU to plan and to invalidate a chain of *size* stages; CPU, since the machine may be shared."""
    with Cache(url.format(size=size)) as cache:
        pipe = chain(cache, size)
        pipe.run({"a": 1})
        started = time.process_time()
        pipe.plan({"a": 1})
        planned = time.process_time()
        assert len(pipe.invalidate("s0")) == size
        return planned - started, time.process_time() - planned


def growth(url):
    print(f"\n{url.partition(':')[0]:<8}{'stages':>8}{'plan':>10}{'ratio':>7}{'invalidate':>12}{'ratio':>7}")
    before = None
    for size in SIZES:
        plan, invalidate = measure(url, size)
        ratios = ["", ""] if before is None else [f"{plan / before[0]:.2f}", f"{invalidate / before[1]:.2f}"]
        print(f"{'':<8}{size:>8}{plan:>9.2f}s{ratios[0]:>7}{invalidate:>11.2f}s{ratios[1]:>7}")
        before = plan, invalidate


def main():
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        overhead(folder)
        growth("memory://")
        growth(f"sqlite:///{folder}/growth-{{size}}.db")


if __name__ == "__main__":
    main()
