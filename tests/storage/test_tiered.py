"""The tiered store: the contract on top of others, and that no copy outlives its record by more than the bound."""

import asyncio
import os
import subprocess
import sys
import time

import pytest
from hypothesis import settings

from langcache.errors import StoreURLError
from langcache.storage.memory import MemoryStore
from langcache.storage.registry import open_store
from langcache.storage.tiered import TieredStore
from langcache.testing.contract import NOW, StoreContract, record
from langcache.testing.machine import store_machine
from langcache.testing.redis_server import running_server, wait_until

SOAK = os.environ.get("LANGCACHE_SOAK") == "1"


class TestTieredMemoryStore(StoreContract):
    durable = False

    @pytest.fixture
    def make_store(self):
        return lambda: TieredStore(MemoryStore())


class TestTieredSQLiteStore(StoreContract):
    @pytest.fixture
    def make_store(self, tmp_path):
        return lambda: open_store(f"tiered+sqlite:///{tmp_path}/cache.db", memory_bytes=10_000)


class TestTieredRedisStore(StoreContract):
    @pytest.fixture
    def make_store(self, redis_server):
        redis_server.ask("FLUSHALL")
        return lambda: open_store(f"tiered+{redis_server.url}?timeout_s=60")


TestMachine = store_machine(lambda: TieredStore(MemoryStore()), "sync")
TestMachineAsync = store_machine(lambda: TieredStore(MemoryStore(), memory_bytes=1200), "async")
TestMachine.settings = TestMachineAsync.settings = settings(max_examples=25, stateful_step_count=30)


class Counting(MemoryStore):
    """Counts what is asked of it."""

    gets = 0

    def get(self, namespace, key, *, now):
        self.gets += 1
        return super().get(namespace, key, now=now)


def test_a_copy_answers_until_it_is_too_old():
    """Within the age one get behind is enough; at that age the store behind is asked again."""
    inner = Counting()
    store = TieredStore(inner, max_age_s=2)
    store.put("ns", "k", record(b"old"), now=NOW)
    assert [store.get("ns", "k", now=NOW + late).value for late in (0, 1, 1.9)] == [b"old"] * 3
    assert inner.gets == 1
    inner.put("ns", "k", record(b"new"), now=NOW)
    assert store.get("ns", "k", now=NOW + 1.99).value == b"old"
    assert store.get("ns", "k", now=NOW + 2).value == b"new"


def test_a_clock_set_back_does_not_keep_a_copy():
    """A copy from the future has no known age."""
    inner = Counting()
    store = TieredStore(inner)
    store.put("ns", "k", record(), now=NOW)
    store.get("ns", "k", now=NOW)
    store.get("ns", "k", now=NOW - 5)
    assert inner.gets == 2


def test_a_record_expires_in_memory_too():
    """However young the copy."""
    store = TieredStore(MemoryStore(), max_age_s=100)
    store.put("ns", "k", record(expires_at=NOW + 1), now=NOW)
    assert store.get("ns", "k", now=NOW + 0.9) is not None
    assert store.get("ns", "k", now=NOW + 1) is None


def test_memory_is_bounded():
    """The least recently asked go first, and one that is too large is never kept."""
    inner = Counting()
    store = TieredStore(inner, memory_bytes=3000)
    for key in "abcd":
        store.put("ns", key, record(b"x" * 500), now=NOW)
        store.get("ns", key, now=NOW)
    store.put("ns", "huge", record(b"x" * 3001), now=NOW)
    store.get("ns", "huge", now=NOW)
    assert store._tier._size_bytes <= 3000
    inner.gets = 0
    store.get("ns", "huge", now=NOW)
    assert inner.gets == 1


def test_a_slow_read_does_not_bring_back_what_was_removed():
    """What was read before a removal is not kept after it, whichever way the threads run."""

    class Slow(MemoryStore):
        meanwhile = staticmethod(lambda: None)

        def get(self, namespace, key, *, now):
            found = super().get(namespace, key, now=now)
            self.meanwhile()
            return found

    inner = Slow()
    store = TieredStore(inner)
    store.put("ns", "k", record(b"old"), now=NOW)
    inner.meanwhile = lambda: store.delete("ns", ["k"])
    assert store.get("ns", "k", now=NOW).value == b"old"
    inner.meanwhile = lambda: None
    assert store.get("ns", "k", now=NOW) is None


def test_options_of_both_stand_in_the_url(tmp_path):
    """The tier's and the store's; a wrong one names the nearest of all."""
    store = open_store(f"tiered+sqlite:///{tmp_path}/a.db?memory_bytes=5000&max_age_s=0.5&max_bytes=9000000")
    assert (store._tier._memory_bytes, store._tier._max_age_s, store.inner._max_bytes) == (5000, 0.5, 9_000_000)
    with pytest.raises(StoreURLError, match="did you mean memory_bytes"):
        open_store("tiered+memory://?memory_byte=5")
    with pytest.raises(StoreURLError, match="names no store"):
        open_store("tiered+nothing://")


def told(store):
    """*store*, once it hears of changes."""
    store.get("ns", "nothing", now=NOW)
    wait_until(lambda: store._tier._told, "tracking")
    return store


@pytest.fixture
def tracked(redis_server):
    redis_server.ask("FLUSHALL")
    store = told(open_store(f"tiered+{redis_server.url}?timeout_s=60"))
    yield store
    store.close()


def copies(store):
    return {key for _, key in store._tier._copies}


def gets(server):
    """What the server says of the gets it answered."""
    return [line for line in server.ask("INFO", "commandstats").splitlines() if line.startswith(b"cmdstat_get:")]


def test_while_changes_are_told_copies_stay(tracked, redis_server):
    """No age, and no question behind, until the record changes."""
    tracked.put("ns", "k", record(b"old"), now=NOW)

    def asks_nothing():
        # Word of the own put may come after the copy of it was made, which then goes once more.
        before = gets(redis_server)
        assert tracked.get("ns", "k", now=NOW + 10_000).value == b"old"
        return gets(redis_server) == before

    wait_until(asks_nothing, "a copy that stays")
    assert len(gets(redis_server)) == 1
    before = gets(redis_server)
    for later_s in range(100):
        assert tracked.get("ns", "k", now=NOW + 10_000 + later_s).value == b"old"
    assert gets(redis_server) == before


OTHER = """
import sys
from langcache.storage.base import Record
from langcache.storage.registry import open_store
store = open_store(sys.argv[1])
for line in sys.stdin:
    what = line.strip()
    if what == "put": store.put("ns", "k", Record(b"new", 1e9), now=1e9)
    if what == "delete": store.delete("ns", ["k"])
    if what == "clear": store.clear("ns")
    print(what, flush=True)
"""


@pytest.fixture
def other():
    """Another process; call it to have it change something, which is done on return."""
    processes = []

    def start(url):
        process = subprocess.Popen(
            [sys.executable, "-c", OTHER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        processes.append(process)

        def change(what):
            print(what, file=process.stdin, flush=True)
            assert process.stdout.readline().strip() == what

        return change

    yield start
    for process in processes:
        process.communicate(timeout=20)


@pytest.mark.parametrize("change", ["put", "delete", "clear"])
def test_what_another_process_changes_is_not_served_past_the_bound(redis_server, other, change):
    """Told of the change, a process serves the old for far less than the stated bound of a minute."""
    redis_server.ask("FLUSHALL")
    store = told(open_store(f"tiered+{redis_server.url}?timeout_s=60&max_age_s=60"))
    do, waits = other(f"{redis_server.url}?timeout_s=60"), []
    for _ in range(100 if SOAK else 10):
        store.put("ns", "k", record(b"old"), now=NOW)
        wait_until(lambda: store.get("ns", "k", now=NOW) and "k" in copies(store), "a copy")
        do(change)
        done_at = time.monotonic()
        wait_until(lambda: getattr(store.get("ns", "k", now=NOW), "value", None) != b"old", "the change")
        waits.append(time.monotonic() - done_at)
    assert max(waits) < 30
    store.close()


def test_without_tracking_the_age_is_the_bound(tmp_path, other):
    """On a store that tells nothing, with two processes: never later than the age."""
    url = f"sqlite:///{tmp_path}/cache.db"
    store = open_store(f"tiered+{url}?max_age_s=0.5")
    do = other(url)
    store.put("ns", "k", record(b"old"), now=NOW)
    assert store.get("ns", "k", now=NOW).value == b"old"
    do("put")
    assert store.get("ns", "k", now=NOW + 0.5).value == b"new"
    store.close()


def test_copies_fall_when_the_connection_does():
    """A server that goes away can tell nothing: no copy stays, and when it is back they are kept again."""
    with running_server() as server:
        store = told(open_store(f"tiered+{server.url}?timeout_s=5&max_age_s=2"))
        store.put("ns", "k", record(), now=NOW)
        wait_until(lambda: store.get("ns", "k", now=NOW) and copies(store) == {"k"}, "a copy")
        server.kill()
        wait_until(lambda: not store._tier._told, "the loss to be noticed")
        assert not copies(store)
        server.start()
        wait_until(lambda: store._tier._told, "tracking to come back")
        store.close()


def test_a_flushed_database_takes_the_copies_along(tracked, redis_server):
    """FLUSHALL by anybody is a change of every record."""
    tracked.put("ns", "k", record(), now=NOW)
    wait_until(lambda: tracked.get("ns", "k", now=NOW) and copies(tracked) == {"k"}, "a copy")
    redis_server.ask("FLUSHALL")
    wait_until(lambda: not copies(tracked), "the copies to fall")
    assert tracked.get("ns", "k", now=NOW) is None


def test_the_thread_ends_with_the_store(redis_server):
    """Closed or forgotten, sync or async."""
    import gc
    import threading

    def listening():
        return [thread for thread in threading.enumerate() if thread.name == "langcache-tracking" and thread not in old]

    old: list[threading.Thread] = []
    old = listening()

    async def use():
        store = open_store(f"tiered+{redis_server.url}?timeout_s=60")
        await store.aget("ns", "k", now=NOW)
        assert len(listening()) == 1
        await store.aclose()

    asyncio.run(use())
    assert listening() == []
    store = told(open_store(f"tiered+{redis_server.url}?timeout_s=60&max_age_s=0.2"))
    store.inner.close()
    del store
    gc.collect()
    wait_until(lambda: not listening(), "the thread to end")
