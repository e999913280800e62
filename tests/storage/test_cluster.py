"""The Redis store on a cluster: the machine, waiting, and a master that dies under load."""

import asyncio
import gc
import os
import signal
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from hypothesis import settings

from langcache.errors import StoreError
from langcache.storage.registry import open_store
from langcache.testing.contract import NOW, record
from langcache.testing.drivers import drive
from langcache.testing.machine import store_machine
from langcache.testing.redis_server import running_cluster


def url_of(nodes):
    return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes)


@pytest.fixture(scope="module", autouse=True)
def machines(redis_cluster):
    """The state machines below are made when this file is read, before there is a cluster."""
    Machines.nodes = redis_cluster


class Machines:
    nodes = ()

    @classmethod
    def make_store(cls):
        for node in cls.nodes:
            node.ask("FLUSHALL")
        return open_store(url_of(cls.nodes), timeout_s=60)


TestMachine = store_machine(Machines.make_store, "sync")
TestMachineAsync = store_machine(Machines.make_store, "async")
TestMachine.settings = TestMachineAsync.settings = settings(max_examples=10, stateful_step_count=25, deadline=None)


def test_records_are_on_all_masters(redis_cluster):
    """A cluster is used as one: a namespace's entries are spread, and found again."""
    store = Machines.make_store()
    for number in range(60):
        store.put("ns", str(number), record(), now=NOW)
    assert all(node.ask("DBSIZE") > 5 for node in redis_cluster)
    assert sorted(row.key for row in store.scan("ns", now=NOW)) == sorted(map(str, range(60)))
    assert store.delete("ns", [str(number) for number in range(60)]) == 60
    store.close()


def test_waiting_on_a_cluster(redis_cluster):
    """The wake-up lies in the lease's slot."""
    store = Machines.make_store()
    for number in range(5):
        lease = store.acquire("ns", str(number), ttl_s=1000, now=NOW)
        timer = threading.Timer(0.3, store.release, [lease])
        timer.start()
        begun = time.monotonic()
        assert store.wait_for_release("ns", str(number), timeout_s=120, now=NOW) is True
        assert 0.2 < time.monotonic() - begun < 120
        timer.join()
    store.close()


@pytest.mark.parametrize("half", ["sync", "async"])
def test_a_master_dies(half):
    """Its replica takes over: meanwhile nothing but StoreError, then all keys work again, nothing wrong is served."""
    with running_cluster(replicas=True, patience_s=1) as nodes:
        store = drive(half, lambda: open_store(url_of(nodes), timeout_s=1))
        keys = [str(number) for number in range(30)]
        for key in keys:
            store.put("ns", key, record(key.encode()), now=NOW)
        nodes[0].ask("WAIT", 1, 5000)
        nodes[0].kill()
        end, left = time.monotonic() + 120, set(keys)
        while left:
            assert time.monotonic() < end, f"{len(left)} keys do not come back"
            left = {key for key in left if not works(store, key)}
        assert [store.get("ns", key, now=NOW).value for key in keys] == [b"new"] * 30
        store.finish()


CROWD = 16


@pytest.mark.parametrize("half", ["sync", "async"])
def test_a_crowd_waits_once_for_a_cluster_that_hangs(half):
    """Each call looks for who took over; were that done in turn, the last would wait as often as there are calls."""
    with running_cluster() as nodes:
        store = open_store(url_of(nodes), timeout_s=0.5)

        async def together():
            await store.aput("ns", "k", record(), now=NOW)
            with stopped(nodes):
                calls = [timed(store.aget("ns", str(number), now=NOW)) for number in range(CROWD)]
                took = await asyncio.gather(*calls)
            assert (await store.aget("ns", "k", now=NOW)) == record()
            await store.aclose()
            return took

        if half == "async":
            took = asyncio.run(together())
        else:
            store.put("ns", "k", record(), now=NOW)
            with stopped(nodes), ThreadPoolExecutor(CROWD) as threads:
                took = list(threads.map(lambda number: timed_get(store, str(number)), range(CROWD)))
            assert store.get("ns", "k", now=NOW) == record()
            store.close()
    assert max(took) < CROWD * 0.5


@contextmanager
def stopped(nodes):
    for node in nodes:
        os.kill(node.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for node in nodes:
            os.kill(node.pid, signal.SIGCONT)


async def timed(call):
    begun = time.monotonic()
    with pytest.raises(StoreError):
        await call
    return time.monotonic() - begun


def timed_get(store, key):
    begun = time.monotonic()
    with pytest.raises(StoreError):
        store.get("ns", key, now=NOW)
    return time.monotonic() - begun


def test_a_caller_with_little_patience_learns_of_the_new_master():
    """Each call cut off before the client's own timeout, a node that hangs is still found out and left."""
    with running_cluster(replicas=True, patience_s=1) as nodes:
        store = open_store(url_of(nodes), timeout_s=0.5)

        async def impatient():
            await store.aput("ns", "0", record(), now=NOW)
            owner = next(node for node in nodes[:3] if node.ask("DBSIZE"))
            os.kill(owner.pid, signal.SIGSTOP)
            end = time.monotonic() + 120
            while not await is_put():
                assert time.monotonic() < end, "the new master is not found"
                await asyncio.sleep(0.1)
            await store.aclose()

        async def is_put():
            try:
                return await asyncio.wait_for(store.aput("ns", "0", record(), now=NOW), 0.25)
            except (StoreError, TimeoutError):
                return False

        asyncio.run(impatient())


@pytest.mark.parametrize("patience_s", [0.004, 0.008, 0.012, 0.02, 0.05])
@pytest.mark.parametrize("timeout_s", [0.002, 30])
def test_closing_leaves_no_connection_whatever_was_under_way(redis_cluster, patience_s, timeout_s):
    """Callers have gone, their commands have not: what still connects is ended before the client is."""

    async def leave():
        store = open_store(f"{url_of(redis_cluster).split('?')[0]}?timeout_s={timeout_s}")
        asking = (store.aget("ns", f"k{number}", now=NOW) for number in range(16))
        await asyncio.gather(*(asyncio.wait_for(one, patience_s) for one in asking), return_exceptions=True)
        await store.aclose()

    with warnings.catch_warnings(record=True) as unclosed:
        warnings.simplefilter("always", ResourceWarning)
        asyncio.run(leave())
        gc.collect()
    assert unclosed == []


def works(store, key):
    """Whether *key* can be read, rightly, and written."""
    try:
        found = store.get("ns", key, now=NOW)
        assert found is None or found.value in (key.encode(), b"new")
        lease = store.acquire("ns", key, ttl_s=10, now=NOW)
        return store.put("ns", key, record(b"new"), now=NOW, lease=lease)
    except StoreError:
        time.sleep(0.05)
        return False
