"""Real processes, killed for real: nothing committed is run again, nothing half-written is used."""

import os
import random
import signal
import subprocess
import sys
from ast import literal_eval
from pathlib import Path

import pytest

from langcache.stages.vault import namespace_of
from langcache.storage.sqlite import SQLiteStore
from tests.stages.oracle import Oracle
from tests.stages.random_pipelines import new_world, seeded
from tests.stages.test_model import plain

SOAK = os.environ.get("LANGCACHE_SOAK") == "1"
ROOT = Path(__file__).parents[2]
PLACES = ["start", "executed", "before write", "mid write", "mid lease", "time"]
KILLS = 240 if SOAK else 8


def run_child(folder, seed, where="nowhere", count=0):
    """The child's exit code and what it printed."""
    command = [
        sys.executable,
        str(ROOT / "tests/stages/killed_child.py"),
        str(folder / "cache.db"),
        str(folder / "log"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    child = subprocess.Popen(
        [*command, str(seed), where, str(count)], stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        said, _ = child.communicate(timeout=0.4 + count * 0.02 if where == "time" else 600)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        said, _ = child.communicate()
    return child.returncode, said


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
        for place in chance.sample(PLACES, 2):
            before, done = len(log_of(folder)), committed(folder)
            code, _ = run_child(folder, seed, place, chance.randrange(12))
            ran = log_of(folder)[before:]
            assert not done & set(ran), "a committed stage was run again"
            assert len(ran) == len(set(ran)), "a stage was run twice in one run"
            kills += code == -signal.SIGKILL
        before, done = len(log_of(folder)), committed(folder)
        code, said = run_child(folder, seed)
        assert code == 0
        assert sorted(set(expected) - done) == sorted(log_of(folder)[before:])
        outputs = {name: plain(literal_eval(text)) for name, text in literal_eval(said)}
        assert {name: values[name] for name in expected} == outputs


def test_two_processes_share_the_work(tmp_path):
    """Each stage is executed once, whichever process gets to it first."""
    seeds = range(1, 21) if SOAK else [3]
    for seed in seeds:
        folder = tmp_path / str(seed)
        folder.mkdir()
        command = [sys.executable, str(ROOT / "tests/stages/killed_child.py"), str(folder / "cache.db")]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        arguments = [str(folder / "log"), str(seed), "nowhere", "0"]
        children = [
            subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True, env=environment) for _ in "ab"
        ]
        said = [child.communicate(timeout=600)[0] for child in children]
        assert said[0] == said[1] != ""
        expected, _, _ = Oracle(seeded(seed)).expect(new_world(seeded(seed)))
        assert sorted(expected) == sorted(log_of(folder))
