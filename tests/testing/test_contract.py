"""The contract suite itself: a store that breaks a law fails it, and so does a suite that leaves one out."""

import subprocess
import sys

import pytest

from langcache.errors import StoreError
from langcache.storage.memory import MemoryStore
from langcache.testing import Delay, FakeClock, FaultyStore, Garbage, Raise, StoreContract, always
from langcache.testing.contract import NOW, record

HEADER = """
import pytest
from langcache.storage.memory import MemoryStore
from langcache.testing.contract import StoreContract
"""
SUITE = """

class {name}Store(MemoryStore):
    {method}


class Test{name}(StoreContract):
    durable = False

    @pytest.fixture
    def make_store(self):
        return {name}Store

    {law}
"""
BROKEN = {
    "LateExpiry": (
        "def get(self, namespace, key, *, now): return super().get(namespace, key, now=now - 0.001)",
        "test_a_record_is_there_until_the_instant_it_expires[sync]",
    ),
    "FoldedNames": (
        "def get(self, namespace, key, *, now): return super().get(namespace.lower(), key, now=now)",
        "test_namespaces_are_hard_partitions[sync]",
    ),
    "NoFence": (
        "def put(self, namespace, key, record, *, now, lease=None):"
        " return super().put(namespace, key, record, now=now)",
        "test_a_slow_holder_is_fenced_off[sync]",
    ),
    "AnyLabel": (
        "def scan(self, namespace, *, now, labels=()):"
        " return super().scan(namespace, now=now, labels=list(labels)[:1])",
        "test_scan_finds_rows_with_all_labels[sync]",
    ),
    "TwoHolders": (
        "def acquire(self, namespace, key, *, ttl_s, now): return super().acquire(namespace, key, ttl_s=0, now=now)",
        "test_one_lease_at_a_time[sync]",
    ),
    "AsyncDiffers": (
        "async def adelete(self, namespace, keys): return 0",
        "test_delete_counts_what_was_there[async]",
    ),
}
LEFT_OUT = {
    "Overridden": "def test_one_lease_at_a_time(self): pass",
    "Removed": "test_one_lease_at_a_time = None",
    "OneHalf": "half = pytest.fixture(lambda self: 'sync')",
}
EXCUSED = """@pytest.mark.xfail(reason='no leases here')
    def test_one_lease_at_a_time(self): raise NotImplementedError"""


@pytest.fixture(scope="module")
def failed(tmp_path_factory):
    """What fails when pytest runs the suites of all the stores above, as ``Class::law``."""
    directory = tmp_path_factory.mktemp("suites")
    suites = [SUITE.format(name=name, method=method, law="") for name, (method, _) in BROKEN.items()]
    suites += [SUITE.format(name=name, method="pass", law=law) for name, law in LEFT_OUT.items()]
    suites.append(SUITE.format(name="Excused", method="pass", law=EXCUSED))
    (directory / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    (directory / "test_suites.py").write_text(HEADER + "".join(suites))
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    return {line.split("::", 1)[1].split(" - ")[0] for line in lines}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_store_fails(failed, name):
    """Each kind of broken store is caught by the law it breaks."""
    assert f"Test{name}::{BROKEN[name][1]}" in failed


@pytest.mark.parametrize("name", LEFT_OUT)
def test_a_law_left_out_is_noticed(failed, name):
    """No law and no half can be overridden or removed in silence."""
    assert {law for law in failed if law.startswith(f"Test{name}::")} == {f"Test{name}::test_no_law_is_left_out"}


def test_a_law_may_be_excused_with_a_reason(failed):
    """``xfail(reason=...)`` is how a store says what it cannot do."""
    assert not any(law.startswith("TestExcused") for law in failed)


def test_a_script_of_faults():
    """Each call meets what the script says next; past its end the store works."""
    clock = FakeClock()
    script = {"get": [Raise(StoreError("down")), Delay(2.0), Garbage(b"?"), None]}
    store = FaultyStore(MemoryStore(), script, sleep=clock.sleep)
    store.put("ns", "k", record(), now=NOW)
    begin = clock.now()
    with pytest.raises(StoreError, match="down"):
        store.get("ns", "k", now=NOW)
    assert store.get("ns", "k", now=NOW) == record()
    assert clock.now() - begin == 2.0
    assert store.get("ns", "k", now=NOW) == record(b"?")
    assert store.get("ns", "k", now=NOW) == record()
    assert store.get("ns", "k", now=NOW) == record()
    assert store.calls == ["put"] + ["get"] * 5


async def test_a_script_holds_for_both_halves():
    """``get`` in a script is ``aget`` too, and one that never ends never ends."""
    clock = FakeClock()
    store = FaultyStore(
        MemoryStore(), {"get": always(Delay(1.0)), "scan": [Raise(StoreError("down"))]}, asleep=clock.asleep
    )
    begin = clock()
    for _ in range(3):
        assert await store.aget("ns", "k", now=NOW) is None
    assert clock() - begin == 3.0
    with pytest.raises(StoreError, match="down"):
        [row async for row in store.ascan("ns", now=NOW)]


def test_a_script_for_an_unknown_method_is_refused():
    """A typing error would otherwise be a test that tests nothing."""
    with pytest.raises(ValueError, match="'aget'"):
        FaultyStore(MemoryStore(), {"aget": []})


class TestFaultyStoreWithoutFaults(StoreContract):
    """With an empty script the wrapper changes nothing."""

    durable = False

    @pytest.fixture
    def make_store(self):
        return lambda: FaultyStore(MemoryStore(), {})


def test_a_clock_does_not_run_backwards():
    """Time is a promise, also a false one's."""
    clock = FakeClock(5.0)
    clock.advance(0)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)
    assert clock.now() == 5.0
