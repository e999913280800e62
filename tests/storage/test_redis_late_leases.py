"""A lease that a server grants after who asked has given up is nobody's: it is given back, not waited out."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from langcache.errors import StoreError
from langcache.storage.registry import open_store
from langcache.testing.contract import NOW
from langcache.testing.drivers import Driver, Half, drive
from langcache.testing.redis_server import RedisServer, running_server, wait_until


@pytest.fixture(params=["one server", "cluster"])
def servers(request: pytest.FixtureRequest) -> Iterator[list[RedisServer]]:
    if request.param == "cluster":
        yield request.getfixturevalue("redis_cluster")
        return
    with running_server() as server:
        yield [server]


@contextmanager
def hanging(servers: list[RedisServer]) -> Iterator[None]:
    """What they are sent meanwhile waits in their sockets, and is answered afterwards."""
    for server in servers:
        os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for server in servers:
            os.kill(server.pid, signal.SIGCONT)


def url_of(servers: list[RedisServer]) -> str:
    scheme = "redis" if len(servers) == 1 else "redis+cluster"
    return f"{scheme}://" + ",".join(f"127.0.0.1:{server.port}" for server in servers)


def granted(store: Driver, key: str = "k") -> list[Any]:
    """The lease, if it can be had; the time stands still, so none ends by itself."""
    with suppress(StoreError):
        return [lease for lease in [store.acquire("ns", key, ttl_s=10, now=NOW)] if lease is not None]
    return []


def goes_on(store: Driver) -> bool:
    """Lets the event loop of the asynchronous half run, as any program does."""
    with suppress(StoreError):
        store.get("ns", "k", now=NOW)
    return True


@pytest.mark.parametrize("half", ["sync", "async"])
def test_a_lease_granted_too_late_is_given_back(servers: list[RedisServer], half: Half) -> None:
    """Whoever asked has gone on without; the next who asks gets it."""
    for server in servers:
        server.ask("FLUSHALL")
    store = drive(half, lambda: open_store(url_of(servers), timeout_s=0.25))
    others = drive("sync", lambda: open_store(url_of(servers), timeout_s=60))
    wait_until(lambda: bool(granted(store, "warm")), "a server that knows the script")
    with hanging(servers), pytest.raises(StoreError):
        store.acquire("ns", "k", ttl_s=10, now=NOW)
    wait_until(lambda: goes_on(store) and bool(granted(others)), "the lease")
    store.finish()
    others.finish()


@pytest.mark.parametrize("half", ["sync", "async"])
def test_what_was_granted_in_time_is_not_taken_back(redis_server: RedisServer, half: Half) -> None:
    """A failure of another call, or of a later one, is nothing to a lease that is held."""
    redis_server.ask("FLUSHALL")
    store = drive(half, lambda: open_store(redis_server.url, timeout_s=0.25))
    wait_until(lambda: bool(granted(store)), "the lease")
    with hanging([redis_server]), pytest.raises(StoreError):
        store.acquire("ns", "k", ttl_s=10, now=NOW)
    others = drive("sync", lambda: open_store(redis_server.url, timeout_s=60))
    assert [granted(others) for _ in range(3)] == [[], [], []]
    store.finish()
    others.finish()
