"""A Redis in trouble, real processes and sockets: every call gives a StoreError in time, and recovers by itself."""

import asyncio
import inspect
import os
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import redis.exceptions
from hypothesis import given, settings, strategies as st

from langcache.errors import StoreError
from langcache.storage.base import Lease
from langcache.storage.redis import failures, wires
from langcache.storage.registry import open_store
from langcache.testing.contract import NOW, record
from langcache.testing.drivers import drive
from langcache.testing.proxy import running_proxy
from langcache.testing.redis_server import free_port, running_server, wait_until

SOAK = os.environ.get("LANGCACHE_SOAK") == "1"
TIMEOUT_S = 0.25
HANG_S = 30
"""Later than this nothing ended by a timeout of a few hundred milliseconds, however busy the machine."""

CALLS = {
    "get": (("ns", "k"), {"now": NOW}),
    "put": (("ns", "k", record()), {"now": NOW}),
    "delete": (("ns", ["k"]), {}),
    "scan": (("ns",), {"now": NOW}),
    "clear": (("ns",), {}),
    "acquire": (("ns", "k"), {"ttl_s": 10, "now": NOW}),
    "renew": ((Lease("ns", "k", 1),), {"ttl_s": 10, "now": NOW}),
    "release": ((Lease("ns", "k", 1),), {}),
    "usage": ((), {}),
    "purge": ((), {"now": NOW}),
}


@pytest.fixture(params=["sync", "async"])
def half(request):
    return request.param


@pytest.fixture
def driven(half):
    """Opens a store by its URL, for the half under test."""
    drivers = []

    def start(url, **options):
        drivers.append(drive(half, lambda: open_store(url, **options)))
        return drivers[-1]

    yield start
    for driver in drivers:
        driver.finish()


def assert_fails(store, name, *, within_s=HANG_S):
    arguments, options = CALLS[name]
    begun = time.monotonic()
    with pytest.raises(StoreError):
        store.run(name, *arguments, **options)
    assert time.monotonic() - begun < within_s


@pytest.mark.parametrize("scheme", ["redis", "redis+cluster", "redis+sentinel"])
@pytest.mark.parametrize("name", CALLS)
def test_nobody_there(driven, name, scheme):
    """Connection refused, by every method, on every kind of server, is a StoreError at once."""
    store = driven(f"{scheme}://127.0.0.1:{free_port()}/{'service' if scheme.endswith('sentinel') else ''}")
    assert_fails(store, name)


def test_a_killed_server_and_its_return(driven):
    """While it is down calls fail at once; when it is back they work, over connections made anew."""
    with running_server() as server:
        store = driven(server.url, timeout_s=3 * HANG_S)
        store.together([("put", ("ns", str(number), record()), {"now": NOW}) for number in range(8)])
        server.kill()
        for _ in range(3):
            assert_fails(store, "get")
        server.start()
        assert store.get("ns", "1", now=NOW) is None
        assert store.put("ns", "k", record(), now=NOW) is True
        lease = store.acquire("ns", "k", ttl_s=10, now=NOW)
        assert store.put("ns", "k", record(b"new"), now=NOW, lease=lease) is True


@pytest.mark.parametrize("name", ["get", "put", "acquire", "usage"])
def test_a_slow_server(driven, redis_server, name):
    """Within the timeout it is only slow."""
    with running_proxy(redis_server.port) as proxy:
        store = driven(f"redis://127.0.0.1:{proxy.port}", timeout_s=HANG_S)
        store.get("ns", "warm", now=NOW)
        proxy.delay_s = 0.2
        arguments, options = CALLS[name]
        store.run(name, *arguments, **options)


@pytest.mark.parametrize("name", ["get", "put", "acquire", "usage"])
def test_a_server_slower_than_the_timeout(driven, redis_server, name):
    """It fails at the timeout, long before the answer could come."""
    with running_proxy(redis_server.port) as proxy:
        store = driven(f"redis://127.0.0.1:{proxy.port}", timeout_s=TIMEOUT_S)
        proxy.delay_s = 2 * HANG_S
        assert_fails(store, name)


@pytest.mark.parametrize("warm", [True, False])
def test_half_open(driven, redis_server, warm):
    """Connected, and no answer ever: one timeout, 250 ms unless set, and no second try; then it recovers."""
    with running_proxy(redis_server.port) as proxy:
        store = driven(f"redis://127.0.0.1:{proxy.port}")
        if warm:
            store.get("ns", "k", now=NOW)
        proxy.silent = True
        assert_fails(store, "get")
        assert_fails(store, "put")
        proxy.silent = False
        proxy.cut()
        wait_until(lambda: stores(store), "the store to recover")


@pytest.mark.parametrize("idle", [True, False])
def test_what_a_gateway_forgot_costs_one_timeout(half, redis_server, monkeypatch, idle):
    """Not one for each connection that was idle; a pool in use is not given up for one answer that comes late."""
    monkeypatch.setattr(wires, "STALE_S", 0.0 if idle else HANG_S)
    with running_proxy(redis_server.port) as proxy:
        store = open_store(f"redis://127.0.0.1:{proxy.port}", timeout_s=1)
        crowd, proxy.delay_s = 8, 0.1

        async def together():
            await asyncio.gather(*[store.aget("ns", str(number), now=NOW) for number in range(crowd)])
            proxy.forget()
            results = [await asyncio.gather(store.aget("ns", "k", now=NOW), return_exceptions=True) for _ in range(3)]
            await store.aclose()
            return [result for (result,) in results]

        def one_by_one():
            with ThreadPoolExecutor(crowd) as threads:
                barrier = threading.Barrier(crowd)
                list(threads.map(lambda number: (barrier.wait(), store.get("ns", str(number), now=NOW)), range(crowd)))
            proxy.forget()
            with ThreadPoolExecutor(1) as thread:
                return [thread.submit(store.get, "ns", "k", now=NOW).exception() for _ in range(3)]

        results = asyncio.run(together()) if half == "async" else one_by_one()
        assert isinstance(results[0], StoreError)
        assert [isinstance(result, StoreError) for result in results[1:]] == [not idle] * 2
        store.close()


def stores(store):
    """Whether a put gets through: a new connection takes its time too."""
    with suppress(StoreError):
        return store.put("ns", "k", record(), now=NOW)
    return False


def test_those_who_queue_pay_one_timeout(half, redis_server):
    """Of fifty calls and two connections, none waits for the timeouts of those before it."""
    with running_proxy(redis_server.port) as proxy:
        proxy.silent = True
        store = open_store(f"redis://127.0.0.1:{proxy.port}", max_connections=2, timeout_s=1)
        begun = time.monotonic()
        failed = fifty_gets(store, half)
        assert failed == 50
        one_by_one_s = 50 / 2 * 1
        assert time.monotonic() - begun < one_by_one_s / 2
        store.close()


def fifty_gets(store, half):
    """How many of fifty gets at once failed."""
    if half == "async":

        async def all_at_once():
            calls = (store.aget("ns", "k", now=NOW) for _ in range(50))
            results = await asyncio.gather(*calls, return_exceptions=True)
            await store.aclose()
            return results

        results = asyncio.run(all_at_once())
    else:
        with ThreadPoolExecutor(50) as threads:
            futures = [threads.submit(store.get, "ns", "k", now=NOW) for _ in range(50)]
            results = [future.exception() for future in futures]
    return sum(isinstance(result, StoreError) for result in results)


def test_a_read_only_replica(driven, redis_server):
    """What can be read is read; a write is a StoreError."""
    redis_server.ask("FLUSHALL")
    with running_server("--replicaof", "127.0.0.1", str(redis_server.port)) as replica:
        store = driven(replica.url, timeout_s=2 * HANG_S)
        assert store.get("ns", "nothing", now=NOW) is None
        assert_fails(store, "put")
        assert_fails(store, "acquire")


def test_a_master_that_became_a_replica_is_left_for_the_new_one(driven, redis_server):
    """A failover behind a name: the old master lives on, connected and read-only, while the name leads to the new."""
    with running_server() as other, running_proxy(redis_server.port) as name:
        store = driven(f"redis://127.0.0.1:{name.port}", timeout_s=HANG_S)
        store.put("ns", "before", record(), now=NOW)
        try:
            redis_server.ask("REPLICAOF", "127.0.0.1", str(other.port))
            name.target_port = other.port
            assert store.acquire("ns", "k", ttl_s=HANG_S, now=NOW) is not None
            assert store.put("ns", "k", record(b"kept"), now=NOW) is True
            assert store.get("ns", "k", now=NOW) == record(b"kept")
            assert store.clear("ns") == 1
        finally:
            redis_server.ask("REPLICAOF", "NO", "ONE")


def test_a_full_server(driven):
    """Out of memory, and nothing may be evicted: writes fail, reads and removals go on."""
    with running_server("--maxmemory", "3mb", "--maxmemory-policy", "noeviction") as server:
        store = driven(server.url, timeout_s=HANG_S)
        store.put("ns", "k", record(b"kept"), now=NOW)
        with pytest.raises(StoreError, match="maxmemory"):
            fill(store)
        assert record(b"kept") == store.get("ns", "k", now=NOW)
        assert store.clear("ns") > 1
        assert store.put("ns", "k", record(), now=NOW) is True


def fill(store):
    for number in range(100):
        store.put("ns", str(number), record(b"x" * 100_000), now=NOW)


def test_a_wrong_password_is_told_without_it(driven):
    """The message names what failed, not the secret."""
    with running_server() as server:
        server.ask("CONFIG", "SET", "requirepass", "right")
        with pytest.raises(StoreError) as caught:
            driven(f"redis://:wrong@127.0.0.1:{server.port}").get("ns", "k", now=NOW)
        assert "wrong" not in str(caught.value).replace("WRONGPASS", "")
        assert driven(f"redis://:right@127.0.0.1:{server.port}").get("ns", "k", now=NOW) is None


@pytest.mark.parametrize("planted", [("SET", b"garbage"), ("SET", b""), ("RPUSH", b"x"), ("HSET", b"f", b"v")])
def test_foreign_bytes_under_our_names(driven, redis_server, planted):
    """A string comes back as it is, for the checksum to refuse; another type is an error; a put mends both."""
    redis_server.ask("FLUSHALL")
    store = driven(redis_server.url, timeout_s=HANG_S)
    name = store.store.names.entry("ns", "k")
    redis_server.ask(planted[0], name, *planted[1:])
    if planted[0] == "SET":
        assert store.get("ns", "k", now=NOW).value == planted[1]
    else:
        with pytest.raises(StoreError):
            store.get("ns", "k", now=NOW)
    store.scan("ns", now=NOW)
    store.usage()
    store.purge(now=NOW)
    assert store.put("ns", "k", record(), now=NOW) is True
    assert record() == store.get("ns", "k", now=NOW)


@settings(max_examples=10_000 if SOAK else 200)
@given(answer=st.binary(max_size=60) | st.sampled_from([b"$-5\r\n", b"*1\r\n", b"$99999999999\r\n", b":x\r\n", b"+"]))
def test_a_server_that_talks_nonsense(answer, garbage_port):
    """Whatever comes back instead of an answer is a StoreError or bytes, never another exception."""
    port, say = garbage_port
    say(answer)
    store = open_store(f"redis://127.0.0.1:{port}", timeout_s=0.05)
    try:
        store.get("ns", "k", now=NOW)
    except StoreError:
        pass
    finally:
        store.close()


@pytest.fixture(scope="module")
def garbage_port():
    """A listener that answers anything with what it was told to say, and hangs up."""
    listener, answers = socket.create_server(("127.0.0.1", 0)), [b""]

    def serve():
        while True:
            try:
                end, _ = listener.accept()
            except OSError:
                return
            with end:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                try:
                    end.recv(65_536)
                    end.sendall(answers[0])
                except OSError:
                    continue

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    yield listener.getsockname()[1], lambda answer: answers.__setitem__(0, answer)
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    server.join(2)


ERRORS = [kind for _, kind in inspect.getmembers(redis.exceptions, inspect.isclass) if issubclass(kind, Exception)]


@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("step", ["ask", "ask_all"])
def test_each_error_of_redis_py_becomes_ours(driven, redis_server, kind, step):
    """Also those that do not derive from RedisError; raised anywhere, and no stored text with it."""
    try:
        error = kind("unknown command `X`, with args beginning with: `secret`")
    except (TypeError, ValueError, IndexError):
        pytest.skip("made from more than a message")
    store = driven(redis_server.url, timeout_s=HANG_S)
    store.put("ns", "k", record(), now=NOW)

    def fail(*arguments, **options):
        raise error

    clients = store.store._clients
    links = [clients._sync, *(kept.link for kept in clients._async.values())]
    for link in filter(None, links):
        setattr(link.wire, step, fail)
    with pytest.raises(StoreError) as caught:
        store.run("usage")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is error


def test_an_error_is_cut_short():
    """However much a server says."""
    assert len(str(failures.failed(redis.exceptions.ResponseError("x" * 10_000)))) <= 300
