"""Committed means flushed, before anything that needs it begins; a lease lives as long as its run."""

import os
import threading
import time

from langcache import Cache
from langcache.stages import Pipeline
from langcache.stages.inputs import Values
from langcache.stages.keys import lease_place

LEASE_S = 0.3


def test_a_stage_is_flushed_before_the_next_begins(tmp_path, monkeypatch):
    """As far as fsync can tell, a power cut takes nothing that was built upon."""
    happened, real = [], os.fsync

    def fsync(descriptor):
        happened.append(os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))
        real(descriptor)

    with Cache(f"sqlite:///{tmp_path}/cache.db") as cache:
        pipe = Pipeline("p", cache=cache, config={"analytics_enabled": False})
        pipe.stage("a", version="1")(lambda inputs, upstream: happened.append("a"))
        pipe.stage("b", depends_on=["a"], version="1")(lambda inputs, upstream: happened.append("b"))
        monkeypatch.setattr(os, "fsync", fsync)
        pipe.run({})
        between = happened[happened.index("a") : happened.index("b")]
        assert "cache.db-wal" in between
        assert "cache.db-wal" in happened[happened.index("b") :]


def test_a_slow_stage_keeps_its_lease(tmp_path):
    """A stage that takes longer than a lease is not run a second time: its run is alive."""
    calls, lease_s = [], 3

    def slow(inputs, upstream):
        calls.append(1)
        time.sleep(1.5 * lease_s)
        return 1

    with Cache(f"sqlite:///{tmp_path}/cache.db") as cache:

        def run():
            pipe = Pipeline("p", cache=cache, lease_s=lease_s)
            pipe.stage("slow", version="1")(slow)
            pipe.run({})

        threads = [threading.Thread(target=run) for _ in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert calls == [1]


def test_a_dead_runs_lease_runs_out(clock):
    """Whoever held it and died is replaced once."""
    with Cache("memory://", clock=clock) as cache:
        pipe = Pipeline("p", cache=cache, lease_s=LEASE_S)
        pipe.stage("s", version="1")(lambda inputs, upstream: 1)
        pipe.run({})
        place = lease_place(pipe.entries("s")[0].lineage.base, Values({}).whole)
        pipe.invalidate("s")
        assert cache.store.acquire(pipe.vault().namespace, place, ttl_s=5, now=clock.now()) is not None
        started = clock.now()
        assert pipe.run({}).executed == ["s"]
        assert 5 <= clock.now() - started < 6
