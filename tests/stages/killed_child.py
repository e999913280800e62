"""A process that runs one seeded pipeline and dies by its own SIGKILL where told."""

import os
import signal
import time
from contextvars import ContextVar

from langcache import Cache
from langcache.runtime.clock import SystemClock
from langcache.storage.sqlite import tables
from tests.stages.random_pipelines import build, new_world, seeded

DYING = ContextVar("dying")
"""Told of each place; a variable of a library's kind, so that when to die is no part of a stage's code."""


class Log:
    """Each execution as a line that survives the process."""

    def __init__(self, path):
        self.path = path

    def append(self, name):
        with open(self.path, "a") as lines:
            lines.write(f"{name}\n")
        DYING.get()("start")


def dying(where, count):
    """A function that kills this process the *count*-th time it is called with *where*."""
    left = count

    def dies(place):
        nonlocal left
        if place == where:
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return dies


def kill_while_writing(dies):
    """Around every write: before it, within its transaction, and right after the commit."""
    put, transaction = tables.put, tables.acquire

    def torn_put(connection, *arguments):
        dies("before write")
        stored = put(connection, *arguments)
        dies("mid write")
        return stored

    def torn_acquire(connection, *arguments):
        lease = transaction(connection, *arguments)
        dies("mid lease")
        return lease

    tables.put, tables.acquire = torn_put, torn_acquire


LEASE_S = 60
"""Longer than any machine stalls: a holder that lost its lease would rightly run its stage once more."""


class Later(SystemClock):
    """The machine's clock, ahead by the leases of *generation* processes, so that those of the dead have ended."""

    def __init__(self, generation):
        self.now = lambda: time.time() + 2 * LEASE_S * generation


def main(folder, seed, where="nowhere", count=0, said=None, generation=0):
    """Run with the store and the log in *folder*; the outputs go into the file *said*."""
    dies = dying(where, count)
    DYING.set(dies)
    kill_while_writing(dies)
    pipeline = seeded(seed)
    world = new_world(pipeline)
    with Cache(f"sqlite:///{folder / 'cache.db'}", clock=Later(generation)) as cache:
        log = Log(folder / "log")
        pipe = build(pipeline, world, cache, log, max_concurrency=1 + seed % 2 * 3, lease_s=LEASE_S)
        run = pipe.run(world.inputs, session_id="s", on_progress=lambda progress: dies(progress.kind))
    if said is not None:
        said.write_text(repr(sorted((name, repr(value)) for name, value in run.outputs.items())))
