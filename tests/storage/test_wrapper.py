"""A wrapper forgets no method of a store."""

import inspect

import pytest

from langcache.storage.base import Store
from langcache.storage.memory import MemoryStore
from langcache.storage.wrapper import Wrapper
from langcache.testing.contract import NOW, StoreContract

METHODS = [name for name, value in vars(Store).items() if inspect.isfunction(value) and not name.startswith("_")]


class TestWrapper(StoreContract):
    durable = False

    @pytest.fixture
    def make_store(self):
        return lambda: Wrapper(MemoryStore())


@pytest.mark.parametrize("name", METHODS)
def test_every_method_goes_through(name):
    """Also those that a store need not have: the default would answer in the place of the store behind."""
    assert name in vars(Wrapper)
    own, stores = inspect.signature(vars(Wrapper)[name]), inspect.signature(vars(Store)[name])
    assert list(own.parameters) == list(stores.parameters)


@pytest.mark.parametrize("half", ["", "a"])
async def test_a_store_that_cannot_tell_says_so_at_once(half):
    """Waiting is an extra: without it the answer is False, for the caller to pause and look again."""
    store = Wrapper(MemoryStore())
    store.acquire("ns", "k", ttl_s=100, now=NOW)
    waited = getattr(store, f"{half}wait_for_release")("ns", "k", timeout_s=60, now=NOW)
    assert (await waited if half else waited) is False
