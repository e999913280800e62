"""Redis servers that test folders share; each is started when first asked for."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from langcache.testing.redis_server import RedisServer, running_cluster, running_sentinel, running_server

PATIENT_S = 30
"""Store timeout, in seconds, where a test is about something else than a slow store."""


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def redis_cluster() -> Iterator[list[RedisServer]]:
    with running_cluster() as nodes:
        yield nodes


@pytest.fixture(scope="session")
def redis_sentinel() -> Iterator[tuple[RedisServer, RedisServer]]:
    with running_sentinel() as (sentinel, master, _):
        yield sentinel, master


def url_of(nodes: Sequence[RedisServer], timeout_s: float = PATIENT_S) -> str:
    """Where one server, or a cluster's *nodes*, listen."""
    where = ",".join(f"127.0.0.1:{node.port}" for node in nodes)
    return f"redis{'+cluster' if len(nodes) > 1 else ''}://{where}?timeout_s={timeout_s}"


def emptied(nodes: Sequence[RedisServer]) -> str:
    """The URL of *nodes*, with nothing in them."""
    for node in nodes:
        node.ask("FLUSHALL")
    return url_of(nodes)


@pytest.fixture
def make_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """An empty store, by its kind: ``memory``, ``sqlite``, ``redis``, ``cluster``."""

    def make(kind: str) -> str:
        if kind == "memory":
            return "memory://"
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / 'x.db'}"
        found = request.getfixturevalue("redis_server" if kind == "redis" else "redis_cluster")
        return emptied(found if isinstance(found, list) else [found])

    return make
