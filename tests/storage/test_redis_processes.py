"""The Redis store among processes: killed writers and holders, many acquirers."""

import os
import random
import signal
import subprocess
import sys

import pytest

from langcache.storage.codec import open_sealed, seal
from langcache.storage.registry import open_store
from langcache.testing.contract import NOW, record

SOAK = os.environ.get("LANGCACHE_SOAK") == "1"
TERM_S = 10.0

WRITER = """
import sys
from langcache.storage.base import Record
from langcache.storage.codec import seal
from langcache.storage.registry import open_store
store = open_store(sys.argv[1])
for number in range(10**9):
    key = f"{sys.argv[2]}-{number}"
    lease = store.acquire("ns", key, ttl_s=10, now=1e9)
    labels = frozenset({"even" if number % 2 == 0 else "odd"})
    assert store.put("ns", key, Record(seal(key, key.encode() * 200), 1e9, 2e9, labels), now=1e9, lease=lease)
    store.release(lease)
    print(key, flush=True)
"""

TAKER = """
import sys
from langcache.storage.registry import open_store
store = open_store(sys.argv[1])
for number in range(50):
    lease = store.acquire("ns", str(number), ttl_s=10, now=1e9)
    if lease: print(number, lease.token, flush=True)
"""


@pytest.fixture(params=["server", "cluster"])
def url(request):
    found = request.getfixturevalue(f"redis_{request.param}")
    nodes = [found] if request.param == "server" else found
    for node in nodes:
        node.ask("FLUSHALL")
    where = ",".join(f"127.0.0.1:{node.port}" for node in nodes)
    return f"redis{'+cluster' if len(nodes) > 1 else ''}://{where}?timeout_s=60"


def start(program, *arguments):
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def killed_at_random(chance, *arguments):
    """What a writer acknowledged before it was killed."""
    writer = start(WRITER, *arguments)
    # The first acknowledgement shows that it writes; the moment after it is left to chance.
    first = writer.stdout.readline().strip()
    with pytest.raises(subprocess.TimeoutExpired):
        writer.wait(timeout=chance.uniform(0, 0.1))
    writer.send_signal(signal.SIGKILL)
    with writer:
        rest, errors = writer.stdout.read(), writer.stderr.read()
    assert errors == ""
    # The last line may be cut, and then was not acknowledged.
    return [first, *(line.strip() for line in rest.splitlines(keepends=True) if line.endswith("\n"))]


@pytest.mark.soak
def test_killed_writers_lose_and_tear_nothing(url):
    """Whatever moment SIGKILL comes at: all acknowledged is there, whole; no lease outlives its term."""
    chance, acknowledged, store = random.Random(7), [], open_store(url)
    for number in range(200 if SOAK else 5):
        acknowledged += killed_at_random(chance, url, f"w{number}")
    for key in acknowledged:
        assert open_sealed(key, store.get("ns", key, now=NOW).value) == key.encode() * 200
    rows = list(store.scan("ns", now=NOW))
    for row in rows:
        open_sealed(row.key, store.get("ns", row.key, now=NOW).value)
        assert row.labels in ({"even"}, {"odd"})
    assert {row.key for row in rows} >= set(acknowledged)
    for key in {row.key for row in rows} | {following(key) for key in acknowledged}:
        lease = store.acquire("ns", key, ttl_s=1, now=NOW + TERM_S)
        assert lease is not None, f"the lease of {key} is stuck"
        assert store.put("ns", key, record(seal(key, b"")), now=NOW + TERM_S, lease=lease)
    store.close()


def following(key):
    """The key a writer turned to next, and may have held a lease of when it was killed."""
    name, _, number = key.partition("-")
    return f"{name}-{int(number) + 1}"


def test_one_process_acquires(url):
    """Of many processes exactly one holds each lease."""
    takers = [start(TAKER, url) for _ in range(4)]
    outputs = [taker.communicate(timeout=60) for taker in takers]
    assert [errors for _, errors in outputs] == [""] * 4
    taken = [line.split()[0] for output, _ in outputs for line in output.splitlines()]
    assert sorted(map(int, taken)) == list(range(50))
