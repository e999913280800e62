"""Redis servers the storage tests share; each is started when first asked for."""

import pytest

from langcache.testing.redis_server import running_cluster, running_sentinel, running_server


@pytest.fixture(scope="session")
def redis_server():
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def redis_cluster():
    with running_cluster() as nodes:
        yield nodes


@pytest.fixture(scope="session")
def redis_sentinel():
    with running_sentinel() as (sentinel, master, _):
        yield sentinel, master
