"""A lease of a key with nothing under it says so, which spares its holder a look; stores that cannot tell need not."""

import pytest
from support.servers import PATIENT_S

from langcache.storage.registry import open_store
from langcache.testing.contract import NOW, record
from langcache.testing.drivers import drive


@pytest.mark.parametrize("half", ["sync", "async"])
@pytest.mark.parametrize("kind", ["memory", "sqlite", "redis", "cluster"])
def test_a_lease_of_nothing_is_vacant(kind, half, make_url):
    url = make_url(kind)
    store = drive(half, lambda: open_store(url))
    lease = store.acquire("ns", "k", ttl_s=PATIENT_S, now=NOW)
    assert lease.vacant
    store.put("ns", "k", record(), now=NOW, lease=lease)
    taken = store.acquire("ns", "k", ttl_s=PATIENT_S, now=NOW)
    assert not taken.vacant
    store.release(taken)
    store.delete("ns", ["k"])
    assert store.acquire("ns", "k", ttl_s=PATIENT_S, now=NOW).vacant
    store.finish()
