"""The SQLite store among processes: killed writers, many writers, forks."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading

import pytest

from langcache.storage.codec import open_sealed, seal
from langcache.storage.sqlite import SQLiteStore
from langcache.testing.contract import NOW, record

SOAK = os.environ.get("LANGCACHE_SOAK") == "1"

WRITER = """
import sys
from langcache.storage.base import Record
from langcache.storage.codec import seal
from langcache.storage.sqlite import SQLiteStore
path, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = SQLiteStore(path)
for number in range(count):
    key = f"{name}-{number}"
    labels = frozenset({"even" if number % 2 == 0 else "odd"})
    store.put("ns", key, Record(seal(key, key.encode() * 200), 1.0, None, labels), now=1.0)
    assert store.get("ns", key, now=1.0) is not None
    print(key, flush=True)
"""


def start_writer(path, name, count=10**9):
    command = [sys.executable, "-c", WRITER, str(path), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def assert_kept(store, keys):
    """Each of *keys* is there."""
    for key in keys:
        found = store.get("ns", key, now=NOW)
        assert found is not None, f"{key} was acknowledged and is lost"
        assert open_sealed(key, found.value) == key.encode() * 200


def assert_whole(store, keys):
    """Each of *keys* is there, and whatever is there is whole."""
    assert_kept(store, keys)
    for row in store.scan("ns", now=NOW):
        open_sealed(row.key, store.get("ns", row.key, now=NOW).value)
    labelled = [row.key for label in ("even", "odd") for row in store.scan("ns", now=NOW, labels=[label])]
    assert sorted(labelled) == sorted(row.key for row in store.scan("ns", now=NOW))


@pytest.mark.soak
def test_killed_writers_lose_and_tear_nothing(tmp_path):
    """Whatever moment SIGKILL comes at, all that was acknowledged is there, whole, and the next can write."""
    path, chance, acknowledged = tmp_path / "cache.db", random.Random(7), []
    store = SQLiteStore(path)
    for number in range(200 if SOAK else 6):
        writer = start_writer(path, f"w{number}")
        # The first acknowledgement shows that it writes; the moment after it is left to chance.
        acknowledged.append(writer.stdout.readline().strip())
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(timeout=chance.uniform(0, 0.1))
        writer.send_signal(signal.SIGKILL)
        with writer:
            rest, errors = writer.stdout.read(), writer.stderr.read()
        assert errors == ""
        # The last line may be cut, and then was not acknowledged.
        acknowledged += [line.strip() for line in rest.splitlines(keepends=True) if line.endswith("\n")]
        assert store.put("ns", f"after{number}", record(seal(f"after{number}", b""), labels="odd"), now=NOW)
        store.delete("ns", [f"after{number}"])
        assert_kept(store, acknowledged[-50:])
    assert_whole(store, acknowledged)
    assert store.quarantined == 0
    store.close()


@pytest.mark.soak
def test_a_killed_maker_leaves_no_half_made_file(tmp_path):
    """A process killed while it makes the file leaves none, or one that works."""
    chance = random.Random(7)
    for number in range(200 if SOAK else 6):
        path = tmp_path / f"{number}.db"
        writer = start_writer(path, "w")
        try:
            writer.wait(timeout=chance.uniform(0.05, 0.25))
        except subprocess.TimeoutExpired:
            writer.send_signal(signal.SIGKILL)
        acknowledged, _ = writer.communicate()
        store = SQLiteStore(path)
        assert store.put("ns", "k", record(seal("k", b"k" * 200), labels="odd"), now=NOW)
        assert_whole(store, acknowledged.split()[:-1])
        assert store.quarantined == 0
        store.close()


def test_many_processes_write_at_once(tmp_path):
    """Nobody is told that the database is locked, also not while it is being made."""
    path = tmp_path / "cache.db"
    count = 2000 if SOAK else 150
    writers = [start_writer(path, f"w{number}", count) for number in range(4)]
    outputs = [writer.communicate(timeout=150) for writer in writers]
    assert [errors for _, errors in outputs] == [""] * 4
    assert [writer.returncode for writer in writers] == [0] * 4
    store = SQLiteStore(path)
    assert_whole(store, [key for output, _ in outputs for key in output.split()])
    assert store.usage("ns").entries == 4 * count
    store.close()


TAKER = """
import sys
from langcache.storage.sqlite import SQLiteStore
store = SQLiteStore(sys.argv[1])
for number in range(50):
    lease = store.acquire("ns", str(number), ttl_s=10, now=1.0)
    if lease: print(number, lease.token, flush=True)
"""


def test_one_process_acquires(tmp_path):
    """Of many processes exactly one holds each lease, and no token is given out twice."""
    command = [sys.executable, "-c", TAKER, str(tmp_path / "cache.db")]
    takers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    taken = [line.split() for taker in takers for line in taker.communicate(timeout=60)[0].splitlines()]
    assert sorted(int(number) for number, _ in taken) == list(range(50))
    assert len({token for _, token in taken}) == 50


MENDER = """
import sys
from langcache.storage.base import Record
from langcache.storage.sqlite import SQLiteStore
store = SQLiteStore(sys.argv[1])
assert store.put("ns", sys.argv[2], Record(b"", 1.0), now=1.0)
print(store.quarantined)
"""


def test_one_process_sets_a_torn_file_aside(tmp_path):
    """Processes that meet a torn file at once move it once, and none loses a put."""
    path = tmp_path / "cache.db"
    store = SQLiteStore(path)
    for number in range(300):
        store.put("ns", str(number), record(b"x" * 2000), now=NOW)
    store.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))
    menders = [
        subprocess.Popen([sys.executable, "-c", MENDER, str(path), f"new{number}"], stdout=subprocess.PIPE, text=True)
        for number in range(4)
    ]
    store = SQLiteStore(path)
    said = [mender.communicate(timeout=60)[0] for mender in menders]
    moved = [int(text) for text in said]
    assert sum(moved) == 1
    assert (tmp_path / "cache.db.corrupt-1").exists()
    assert not (tmp_path / "cache.db.corrupt-2").exists()
    assert [row.key for row in store.scan("ns", now=NOW)] == [f"new{number}" for number in range(4)]
    store.close()


def in_child(work):
    """Fork, run *work* in the child, and say whether it went well."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if work() else 1)
        finally:
            os._exit(2)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
class TestFork:
    """One store object, made before a fork, works in parent and child."""

    def test_parent_and_child_go_on(self, tmp_path):
        """Each sees what the other puts, sync and on threads of its own."""
        store = SQLiteStore(tmp_path / "cache.db")
        store.put("ns", "before", record(), now=NOW)

        def work():
            found = store.get("ns", "before", now=NOW) == record()
            return found and store.put("ns", "child", record(), now=NOW)

        assert in_child(work)
        assert store.get("ns", "child", now=NOW) == record()
        assert store.put("ns", "parent", record(), now=NOW)
        store.close()

    def test_the_parents_close_takes_nothing_from_the_child(self, tmp_path):
        """SQLite drops the log with the last connection; a child it does not know of would lose its puts."""
        path = tmp_path / "cache.db"
        store = SQLiteStore(path)
        store.put("ns", "before", record(), now=NOW)
        ready, go = os.pipe(), os.pipe()

        def work():
            store.put("ns", "first", record(), now=NOW)
            os.write(ready[1], b".")
            os.read(go[0], 1)
            return store.put("ns", "second", record(), now=NOW)

        def parent():
            os.read(ready[0], 1)
            store.get("ns", "before", now=NOW)
            store.close()
            os.write(go[1], b".")

        closer = threading.Thread(target=parent)
        closer.start()
        assert in_child(work)
        closer.join()
        again = SQLiteStore(path)
        assert sorted(row.key for row in again.scan("ns", now=NOW)) == ["before", "first", "second"]
        again.close()
        for end in (*ready, *go):
            os.close(end)

    def test_a_fork_amid_writes(self, tmp_path):
        """A fork waits for the threads that write, and neither side hangs or loses a put."""
        store = SQLiteStore(tmp_path / "cache.db")
        stop, written = threading.Event(), []

        def write():
            while not stop.is_set():
                key = f"p{len(written)}"
                store.put("ns", key, record(), now=NOW)
                written.append(key)

        writer = threading.Thread(target=write)
        writer.start()
        for number in range(5):
            assert in_child(lambda key=f"c{number}": store.put("ns", key, record(), now=NOW))
        stop.set()
        writer.join()
        keys = {row.key for row in store.scan("ns", now=NOW)}
        assert keys == {*written, *(f"c{number}" for number in range(5))}
        store.close()

    def test_the_asynchronous_half(self, tmp_path):
        """The threads stayed in the parent; the child starts its own."""
        store = SQLiteStore(tmp_path / "cache.db")
        asyncio.run(store.aput("ns", "before", record(), now=NOW))
        assert in_child(lambda: asyncio.run(store.aget("ns", "before", now=NOW)) == record())
        assert asyncio.run(store.aget("ns", "before", now=NOW)) == record()
        store.close()
