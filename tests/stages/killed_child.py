"""A process that runs one seeded pipeline and dies by its own SIGKILL where told."""

import os
import signal

from langcache import Cache
from langcache.storage.sqlite import tables
from tests.stages.random_pipelines import build, new_world, seeded


class Log(list):
    """Each execution as a line that survives the process; a list, whose methods are no part of a stage's code."""

    def __init__(self, path, dies):
        self.file, self.dies = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), dies

    def append(self, name):
        os.write(self.file, f"{name}\n".encode())
        self.dies("start")


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


def main(folder, seed, where="nowhere", count=0, said=None):
    """Run with the store and the log in *folder*; the outputs go into the file *said*."""
    dies = dying(where, count)
    kill_while_writing(dies)
    pipeline = seeded(seed)
    world = new_world(pipeline)
    with Cache(f"sqlite:///{folder / 'cache.db'}") as cache:
        log = Log(folder / "log", dies)
        pipe = build(pipeline, world, cache, log, max_concurrency=1 + seed % 2 * 3, lease_s=0.3)
        run = pipe.run(world.inputs, session_id="s", on_progress=lambda progress: dies(progress.kind))
    if said is not None:
        said.write_text(repr(sorted((name, repr(value)) for name, value in run.outputs.items())))
