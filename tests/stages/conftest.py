"""A cache in memory with a clock that waits for nobody."""

import pytest

from langcache import Cache
from langcache.testing import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def cache(clock):
    with Cache("memory://", clock=clock) as cache:
        yield cache
