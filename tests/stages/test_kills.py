"""Real processes, killed for real: nothing committed is run again, nothing half-written is used."""

import os
import random
import signal
from ast import literal_eval

import pytest
from support.forking import FORKING

from langcache.stages.vault import namespace_of
from langcache.storage.sqlite import SQLiteStore
from tests.stages import killed_child
from tests.stages.oracle import Oracle
from tests.stages.random_pipelines import new_world, seeded
from tests.stages.test_model import plain

SOAK = os.environ.get("LANGCACHE_SOAK") == "1"
PLACES = ["start", "executed", "before write", "mid write", "mid lease", "time"]
KILLS = 240 if SOAK else 8


def start_child(*arguments):
    child = FORKING.Process(target=killed_child.main, args=arguments)
    child.start()
    return child


def end_of(child, timeout_s=600):
    """The child's exit code; it is killed when its time is up."""
    child.join(timeout_s)
    child.kill()
    child.join()
    return child.exitcode


def outputs_in(path):
    """What a child said, as the oracle writes it."""
    return {name: plain(literal_eval(text)) for name, text in literal_eval(path.read_text())}


def committed(folder):
    """Instances with an entry in the file, whatever state the last process left it in."""
    store = SQLiteStore(folder / "cache.db")
    rows = list(store.scan(namespace_of("default", "random"), now=0.0, labels=["entry"]))
    store.close()
    return {row.key.removeprefix("entry/").rpartition(":")[0] for row in rows}


def log_of(folder):
    path = folder / "log"
    return path.read_text().split() if path.exists() else []


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_killed_runs_execute_the_minimal_set(tmp_path):
    """At each kind of moment: stage boundaries, within a write's transaction, and anywhere in between."""
    chance, kills, seed = random.Random(11), 0, 0
    while kills < KILLS:
        seed += 1
        folder = tmp_path / str(seed)
        folder.mkdir()
        expected, values, _ = Oracle(seeded(seed)).expect(new_world(seeded(seed)))
        for generation, place in enumerate(chance.sample(PLACES, 2)):
            before, done = len(log_of(folder)), committed(folder)
            count = chance.randrange(12)
            child = start_child(folder, seed, place, count, None, generation)
            code = end_of(child, count * 0.02 if place == "time" else 600)
            ran = log_of(folder)[before:]
            assert not done & set(ran), "a committed stage was run again"
            assert len(ran) == len(set(ran)), "a stage was run twice in one run"
            kills += code == -signal.SIGKILL
        before, done = len(log_of(folder)), committed(folder)
        assert end_of(start_child(folder, seed, "nowhere", 0, folder / "said", 2)) == 0
        assert sorted(set(expected) - done) == sorted(log_of(folder)[before:])
        assert {name: values[name] for name in expected} == outputs_in(folder / "said")


def test_two_processes_share_the_work(tmp_path):
    """Each stage is executed once, whichever process gets to it first."""
    seeds = range(1, 21) if SOAK else [3]
    for seed in seeds:
        folder = tmp_path / str(seed)
        folder.mkdir()
        said = [folder / "one said", folder / "two said"]
        children = [start_child(folder, seed, "nowhere", 0, path) for path in said]
        assert [end_of(child) for child in children] == [0, 0]
        expected, values, _ = Oracle(seeded(seed)).expect(new_world(seeded(seed)))
        assert sorted(expected) == sorted(log_of(folder))
        for path in said:
            assert {name: values[name] for name in expected} == outputs_in(path)
