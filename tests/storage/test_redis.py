"""The Redis store's own affairs: names, headers, URLs, scripts, event loops, forks, waiting."""

import asyncio
import gc
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings, strategies as st
from redis.crc import key_slot

from langcache.errors import StoreError, StoreURLError
from langcache.storage.base import Record
from langcache.storage.redis import layout
from langcache.storage.redis.layout import Names
from langcache.storage.redis.topology import Cluster, Single, Watched
from langcache.storage.redis.wires import AsyncWire, Wire
from langcache.storage.registry import open_store
from langcache.testing.contract import NOW, ODD_NAMES, record
from langcache.testing.machine import store_machine
from langcache.testing.redis_server import running_server

texts = st.text(max_size=20) | st.sampled_from(ODD_NAMES) | st.text("{}:1", max_size=6)
times = st.floats(0, 1e12)
records = st.builds(Record, st.binary(max_size=50), times, st.none() | times, st.frozensets(texts, max_size=4))
names = Names("langcache:")


@pytest.fixture
def make_store(redis_server):
    redis_server.ask("FLUSHALL")
    return lambda **options: open_store(redis_server.url, **{"timeout_s": 10, **options})


@pytest.fixture
def store(make_store):
    store = make_store()
    yield store
    store.close()


@pytest.fixture(scope="module", autouse=True)
def machines(redis_server):
    """The state machines below are made when this file is read, before there is a server."""
    Machines.server = redis_server


class Machines:
    server = None

    @classmethod
    def make_store(cls):
        cls.server.ask("FLUSHALL")
        return open_store(cls.server.url, timeout_s=60)


TestMachine = store_machine(Machines.make_store, "sync")
TestMachineAsync = store_machine(Machines.make_store, "async")
TestMachine.settings = TestMachineAsync.settings = settings(max_examples=20, stateful_step_count=30, deadline=None)


@given(record=records)
def test_a_record_comes_back_from_its_bytes(record):
    """Packing loses nothing."""
    assert record == layout.unpack(layout.pack(record))


@given(record=records, where=st.floats(0, 0.999), change=st.integers(1, 255))
def test_an_altered_header_is_no_header(record, where, change):
    """The checksum finds it, and the bytes come back as they are."""
    data = bytearray(layout.pack(record))
    data[int(where * len(layout.header(record)))] ^= change
    assert Record(bytes(data), 0.0) == layout.unpack(bytes(data))


@settings(max_examples=1000)
@given(data=st.binary(max_size=60) | st.binary(max_size=60).map(b"LCR1".__add__))
def test_any_bytes_are_read_as_something(data):
    """Never an exception, and never labels out of nowhere."""
    assert layout.unpack(data).labels == layout.row("k", data, len(data)).labels == frozenset()


@given(namespace=texts, key=texts)
def test_the_names_of_an_entry_share_a_slot(namespace, key):
    """Whatever they hold, so that a cluster never says CROSSSLOT; and the entry's can be read back."""
    entry, lease, wake = (part(namespace, key) for part in (names.entry, names.lease, names.wake))
    assert key_slot(entry) == key_slot(lease) == key_slot(wake)
    assert names.wake_of(lease) == wake
    assert (namespace, key) == names.read(entry)


@given(one=st.tuples(texts, texts), two=st.tuples(texts, texts))
def test_no_two_entries_share_a_name(one, two):
    """The namespace's length stands in front."""
    assert (names.entry(*one) == names.entry(*two)) == (one == two)


@pytest.mark.parametrize(
    ("url", "topology", "db"),
    [
        ("redis://", Single({"host": "localhost", "port": 6379}), 0),
        ("redis://h:1/2", Single({"host": "h", "port": 1}), 2),
        ("redis://[::1]:7/", Single({"host": "::1", "port": 7}), 0),
        ("unix:///run/r%20s.sock", Single({"unix_socket_path": "/run/r s.sock"}), 0),
        ("redis+cluster://a,b:7", Cluster([("a", 6379), ("b", 7)]), 0),
        ("redis+sentinel://a:1,b/main/3", Watched([("a", 1), ("b", 26379)], "main"), 3),
    ],
)
def test_urls(url, topology, db):
    """Each names its servers."""
    store = open_store(url)
    assert (store.topology, store.settings.db) == (topology, db)


def test_credentials_and_tls():
    """Percent-encoded in the URL; certificates are files."""
    store = open_store("rediss+cluster://us%40er:p%2Fw@h?ssl_ca_certs=/ca.pem&timeout_s=2")
    assert store.settings.credentials == {"username": "us@er", "password": "p/w"}
    assert store.settings.tls == {"ssl": True, "ssl_ca_certs": "/ca.pem"}
    assert store.settings.timeout_s == 2


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("redis://a,b", "redis+cluster://node1:6379,node2:6379"),
        ("redis://h/x", "write redis://localhost:6379/0"),
        ("redis://h:port", "write redis://localhost:6379/0"),
        ("unix://", "write unix:///run/redis.sock"),
        ("unix://run/redis.sock", "write unix:///run/redis.sock"),
        ("redis+cluster://h/1", "write redis+cluster://"),
        ("redis+sentinel://h", "write redis+sentinel://node1:26379,node2:26379/mymaster"),
        ("redis://h?ssl_ca_certs=x", "write rediss://"),
        ("redis://h?prefix={a}", "no braces"),
        ("redis://h?timeout=1", "did you mean timeout_s"),
    ],
)
def test_a_wrong_url_shows_one_that_works(url, hint):
    """The message says what to write instead, and holds no password."""
    with pytest.raises(StoreURLError) as caught:
        open_store(url.replace("//h", "//:secret@h"))
    assert hint in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_forgotten_script_is_sent_again(store, redis_server):
    """A server that restarted, or a replica that took over, does not know the scripts."""
    redis_server.ask("SCRIPT", "FLUSH")
    lease = store.acquire("ns", "k", ttl_s=10, now=NOW)
    redis_server.ask("SCRIPT", "FLUSH")
    assert store.put("ns", "k", record(), now=NOW, lease=lease) is True


def test_value_and_life_are_one_step(store, redis_server):
    """No record is ever there without the time at which the server collects it; leases neither."""
    store.put("ns", "k", record(expires_at=NOW + 100), now=NOW)
    lease = store.acquire("ns", "k", ttl_s=10, now=NOW)
    life_ms = redis_server.ask("PTTL", names.entry("ns", "k"))
    assert 100_000 < life_ms <= 160_000
    assert redis_server.ask("PTTL", names.lease("ns", "k")) > 0
    store.put("ns", "k", record(expires_at=NOW + 200), now=NOW, lease=lease)
    assert 200_000 < redis_server.ask("PTTL", names.entry("ns", "k")) <= 260_000


def test_one_round_trip_and_no_keys(store, redis_server):
    """A get is one GET; nothing uses KEYS or FLUSHDB, or blocks the server with DEL."""
    for number in range(50):
        store.put("ns", str(number), record(labels="a"), now=NOW)
    redis_server.ask("CONFIG", "RESETSTAT")
    store.get("ns", "1", now=NOW)
    assert set(commands(redis_server)) - {b"client", b"config", b"info"} == {b"get"}
    assert b"cmdstat_get:calls=1," in redis_server.ask("INFO", "commandstats")
    list(store.scan("ns", now=NOW, labels=["a"]))
    store.usage()
    store.purge(now=NOW)
    store.clear("ns")
    assert not {b"keys", b"flushdb", b"del"} & set(commands(redis_server))


def commands(server):
    stats = server.ask("INFO", "commandstats").splitlines()
    names = [line.partition(b":")[0].removeprefix(b"cmdstat_") for line in stats if line.startswith(b"cmdstat_")]
    # Redis 7 counts subcommands apart.
    return [name.partition(b"|")[0] for name in names]


def test_prefixes_keep_applications_apart(make_store):
    """Two prefixes on one database do not see each other, special characters included."""
    one, other = make_store(prefix="a*:"), make_store(prefix="ab:")
    other.put("ns", "k", record(), now=NOW)
    assert one.clear("ns") == 0
    assert one.usage().entries == 0
    assert other.usage().entries == 1
    one.close()
    other.close()


def test_long_headers_are_read_whole(store):
    """A scan reads more where a header is longer than its first look."""
    labels = frozenset(f"label-{number:04}" for number in range(500))
    store.put("ns", "k", Record(b"x", NOW, None, labels), now=NOW)
    assert labels == next(store.scan("ns", now=NOW, labels=["label-0499"])).labels


def test_tokens_grow_when_leases_are_forgotten(store, redis_server):
    """Nothing of the last lease is left, and still its holder is fenced off."""
    slow = store.acquire("ns", "k", ttl_s=10, now=NOW)
    redis_server.ask("FLUSHALL")
    assert store.put("ns", "k", record(), now=NOW, lease=slow) is False
    assert store.acquire("ns", "k", ttl_s=10, now=NOW).token > slow.token


def test_a_loop_closes_what_it_opened(make_store, recwarn):
    """Each event loop has a client of its own, closed with it, and nothing is left behind or warned of."""
    store = make_store()
    for _ in range(3):
        asyncio.run(store.aput("ns", "k", record(), now=NOW))
        assert asyncio.run(store.aget("ns", "k", now=NOW)) == record()
    assert store._clients._async == {}
    store.close()
    gc.collect()
    assert not [str(warning.message) for warning in recwarn if warning.category is ResourceWarning]


def test_closing_from_another_thread(make_store):
    """The clients of running loops are closed there; what comes later is refused."""
    store, opened, closed, errors = make_store(), threading.Event(), threading.Event(), []

    async def use():
        await store.aput("ns", "k", record(), now=NOW)
        opened.set()
        await asyncio.to_thread(closed.wait, 10)
        with pytest.raises(StoreError):
            await store.aget("ns", "k", now=NOW)
        await asyncio.sleep(0.1)

    def run():
        try:
            asyncio.run(use())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    opened.wait(10)
    store.close()
    closed.set()
    thread.join()
    assert errors == []


def test_a_store_nobody_closes(redis_server):
    """A forgotten store closes its connections when it is collected."""
    before = connected(redis_server)
    store = open_store(redis_server.url, timeout_s=60)
    store.put("ns", "k", record(), now=NOW)
    assert connected(redis_server) == before + 1
    del store
    gc.collect()
    assert connected(redis_server) == before


def connected(server):
    return int(server.ask("INFO", "clients").partition(b"connected_clients:")[2].splitlines()[0])


def test_a_cancelled_acquire_is_given_back(store):
    """Whenever the await is cancelled, nobody is left holding a lease."""

    async def cancel_at(delay_s):
        acquiring = asyncio.ensure_future(store.aacquire("ns", "k", ttl_s=1000, now=NOW))
        await asyncio.sleep(delay_s)
        acquiring.cancel()
        try:
            lease = await acquiring
            await store.arelease(lease)
        except asyncio.CancelledError:
            pass
        for _ in range(1_000):
            if (lease := await store.aacquire("ns", "k", ttl_s=1000, now=NOW)) is not None:
                break
            await asyncio.sleep(0.01)
        assert lease is not None
        await store.arelease(lease)

    async def main():
        for number in range(20):
            await cancel_at(number / 10_000)

    asyncio.run(main())


def test_the_event_loop_is_never_blocked(store, redis_server):
    """While the server lets everybody wait, other tasks go on."""

    async def main():
        await store.aget("ns", "k", now=NOW)
        redis_server.ask("CLIENT", "PAUSE", 500)
        ticks = 0
        blocked = asyncio.ensure_future(store.aget("ns", "k", now=NOW))
        while not blocked.done():
            ticks += 1
            await asyncio.sleep(0.01)
        return ticks

    assert asyncio.run(main()) >= 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.parametrize("prefix", ["", "tiered+"])
def test_parent_and_child_go_on(redis_server, prefix):
    """Connections are not shared across a fork: both sides work, sync and async, at the same time."""
    store = open_store(f"{prefix}{redis_server.url}?timeout_s=60")
    store.put("ns", "before", record(), now=NOW)
    asyncio.run(store.aget("ns", "before", now=NOW))
    child = os.fork()
    if child == 0:
        try:
            found = [store.get("ns", "before", now=NOW) == record() for _ in range(200)]
            found.append(asyncio.run(store.aput("ns", "child", record(), now=NOW)))
            os._exit(0 if all(found) else 1)
        finally:
            os._exit(2)
    assert all(store.get("ns", "before", now=NOW) == record() for _ in range(200))
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert asyncio.run(store.aget("ns", "child", now=NOW)) == record()
    store.close()


class TestWaiting:
    """Those who wait for a lease are told by the server."""

    def waiting(self, store, half, timeout_s=120):
        """A thread that waits, and the list its answer goes to, with how long it took."""
        ended, begun = [], time.monotonic()

        def wait():
            if half == "sync":
                answer = store.wait_for_release("ns", "k", timeout_s=timeout_s, now=NOW)
            else:
                answer = asyncio.run(store.await_for_release("ns", "k", timeout_s=timeout_s, now=NOW))
            ended.append((answer, time.monotonic() - begun))

        thread = threading.Thread(target=wait)
        thread.start()
        return thread, ended

    @pytest.mark.parametrize("half", ["sync", "async"])
    @pytest.mark.parametrize("how", ["release", "put", "clear"])
    def test_woken_by_what_ends_it(self, store, half, how):
        """Released, stored or cleared, all wake, long before they would have given up."""
        lease = store.acquire("ns", "k", ttl_s=1000, now=NOW)
        waiting = [self.waiting(store, half) for _ in range(3)]
        time.sleep(0.5)
        if how == "release":
            store.release(lease)
        elif how == "put":
            store.put("ns", "k", record(), now=NOW, lease=lease)
        else:
            store.clear("ns")
        for thread, ended in waiting:
            thread.join()
            answer, took_s = ended[0]
            assert answer is True
            assert took_s < 60

    def test_not_woken_by_anything_else(self, store):
        """Another key's end is none of theirs; the timeout is."""
        store.acquire("ns", "k", ttl_s=1000, now=NOW)
        other = store.acquire("ns", "other", ttl_s=1000, now=NOW)
        thread, ended = self.waiting(store, "sync", timeout_s=1.3)
        store.release(other)
        thread.join()
        assert ended[0][1] > 1.2

    def test_a_free_lease_is_not_waited_for(self, store):
        """Nobody holds it, it ended, or it was released: at once."""
        begun = time.monotonic()
        assert store.wait_for_release("ns", "k", timeout_s=20, now=NOW) is True
        lease = store.acquire("ns", "k", ttl_s=10, now=NOW)
        assert store.wait_for_release("ns", "k", timeout_s=20, now=NOW + 10) is True
        store.release(lease)
        assert store.wait_for_release("ns", "k", timeout_s=20, now=NOW) is True
        assert time.monotonic() - begun < 10

    def test_a_dead_holder_is_waited_for_until_its_lease_ends(self, store):
        """Nobody tells, but the end is known."""
        store.acquire("ns", "k", ttl_s=0.6, now=NOW)
        begun = time.monotonic()
        assert store.wait_for_release("ns", "k", timeout_s=20, now=NOW) is True
        assert 0.5 < time.monotonic() - begun < 10

    def test_no_wakeup_is_lost(self, store):
        """However close the release comes to the beginning of the wait."""
        for number in range(50):
            lease = store.acquire("ns", "k", ttl_s=1000, now=NOW)
            thread, ended = self.waiting(store, "sync")
            time.sleep(number / 10_000)
            store.release(lease)
            thread.join(60)
            assert ended

    def test_more_wait_than_there_are_connections(self, make_store):
        """They take turns, and all are told."""
        store = make_store(max_connections=2)
        lease = store.acquire("ns", "k", ttl_s=1000, now=NOW)
        with ThreadPoolExecutor(8) as threads:
            waits = [threads.submit(store.wait_for_release, "ns", "k", timeout_s=20, now=NOW) for _ in range(8)]
            time.sleep(0.3)
            store.release(lease)
            assert all(wait.result() for wait in waits)
        store.close()


def test_nothing_is_connected_before_the_first_call():
    """Opening a store neither waits nor fails for want of a server."""
    open_store("redis://192.0.2.1:1").close()
    open_store("redis+cluster://192.0.2.1:1").close()


def test_of_no_commands_nothing_is_sent():
    """An empty chunk makes the event loop of Python 3.12 and later spin, and closing wait until it gives up."""
    unconnected = None
    assert Wire(unconnected, unconnected).ask_all([]) == []
    assert asyncio.run(AsyncWire(unconnected, unconnected, 1).ask_all([])) == []


def test_a_restarted_server_forgets_nothing_it_saved():
    """With the server's own persistence on, what was acknowledged is there after a crash."""
    with running_server("--appendonly", "yes", "--appendfsync", "always") as server:
        store = open_store(server.url, timeout_s=60)
        lease = store.acquire("ns", "k", ttl_s=1000, now=NOW)
        store.put("ns", "k", record(b"kept", labels="a"), now=NOW)
        server.kill()
        server.start()
        assert record(b"kept", labels="a") == store.get("ns", "k", now=NOW)
        assert store.acquire("ns", "k", ttl_s=10, now=NOW) is None
        assert store.put("ns", "k", record(), now=NOW, lease=lease) is True
        store.close()
