"""The SQLite store's own promises: bounds, quiet reads, threads, and an event loop that is never blocked."""

import asyncio
import gc
import os
import sqlite3
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from langcache.errors import StoreError
from langcache.storage.base import Record
from langcache.storage.sqlite import SQLiteStore
from langcache.testing.contract import NOW, record

MIB = 1024 * 1024


@pytest.fixture
def store(tmp_path):
    store = SQLiteStore(tmp_path / "cache.db")
    yield store
    store.close()


def fill(store, count, size_bytes=2000):
    for number in range(count):
        made = Record(b"x" * size_bytes, NOW + number, None, frozenset({"a"}))
        store.put("ns", f"{number:06d}", made, now=NOW)


def test_the_file_stays_within_its_bound(tmp_path):
    """The oldest go first, the file itself is bounded, and labels go with their entries."""
    store = SQLiteStore(tmp_path / "cache.db", max_bytes=MIB)
    fill(store, 1500)
    keys = [row.key for row in store.scan("ns", now=NOW)]
    assert keys == [f"{number:06d}" for number in range(1500 - len(keys), 1500)]
    assert 250 < len(keys) < 600
    assert [row.key for row in store.scan("ns", now=NOW, labels=["a"])] == keys
    store.close()
    assert store.path.stat().st_size <= MIB


def test_a_smaller_bound_shrinks_the_file(tmp_path):
    """A file that was allowed more gives the rest back to the file system with the first put."""
    store = SQLiteStore(tmp_path / "cache.db")
    fill(store, 1500)
    store.close()
    assert store.path.stat().st_size > 3 * MIB
    store = SQLiteStore(tmp_path / "cache.db", max_bytes=MIB)
    store.put("ns", "k", record(), now=NOW)
    store.close()
    assert store.path.stat().st_size <= MIB


def test_an_entry_above_the_bound_is_accepted_and_gone(tmp_path):
    """It takes the others along at worst, never the store."""
    store = SQLiteStore(tmp_path / "cache.db", max_bytes=MIB)
    assert store.put("ns", "huge", record(b"x" * 2 * MIB), now=NOW) is True
    assert store.get("ns", "huge", now=NOW) is None
    assert store.put("ns", "k", record(), now=NOW) is True
    assert store.get("ns", "k", now=NOW) == record()
    store.close()
    assert store.path.stat().st_size <= MIB


@pytest.mark.parametrize("remove", ["clear", "delete", "purge"])
def test_removing_shrinks_the_file(store, remove):
    """Clear, delete and purge give the pages back to the file system."""
    for number in range(1000):
        store.put("ns", str(number), record(b"x" * 2000, expires_at=NOW + 1), now=NOW)
    work = {
        "clear": lambda: store.clear("ns"),
        "delete": lambda: store.delete("ns", [str(number) for number in range(1000)]),
        "purge": lambda: store.purge(now=NOW + 1),
    }
    assert work[remove]() == 1000
    assert store.path.stat().st_size < 200_000


def test_puts_remove_the_expired(store):
    """Without any purge the expired do not pile up."""
    for number in range(500):
        now = NOW + number
        store.put("ns", str(number), Record(b"x", now, now + 10), now=now)
    assert store.usage().entries <= 20


def test_a_label_of_any_text_is_written_again(store):
    """Also one that a trigger cannot read."""
    for value in (b"first", b"second"):
        assert store.put("ns", "k", Record(value, NOW, None, frozenset({"a\0b", "c"})), now=NOW)
    assert store.get("ns", "k", now=NOW).value == b"second"
    assert [row.key for row in store.scan("ns", now=NOW, labels=["a\0b"])] == ["k"]


def test_leases_do_not_pile_up(store):
    """Leases long ended are forgotten as new ones come."""
    for number in range(50):
        store.acquire("ns", str(number), ttl_s=1, now=NOW + 3600 * number)
    connection = sqlite3.connect(store.path)
    assert connection.execute("SELECT count(*) FROM lease").fetchone()[0] <= 3
    connection.close()


def test_reading_writes_nothing(store):
    """A get, also of an expired record, leaves the file and its log as they were."""
    store.put("ns", "live", record(), now=NOW)
    store.put("ns", "expired", record(expires_at=NOW + 1), now=NOW)
    names = ("cache.db", "cache.db-wal")
    before = [store.path.with_name(name).read_bytes() for name in names]
    store.get("ns", "live", now=NOW + 2)
    store.get("ns", "expired", now=NOW + 2)
    store.get("ns", "missing", now=NOW + 2)
    list(store.scan("ns", now=NOW + 2))
    assert [store.path.with_name(name).read_bytes() for name in names] == before


def test_a_reader_does_not_wait_for_a_writer(store):
    """WAL: while another process holds the write lock, gets answer."""
    store.put("ns", "k", record(), now=NOW)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert store.get("ns", "k", now=NOW) == record()
    other.execute("ROLLBACK")
    other.close()


def test_a_writer_that_waits_too_long_says_so(tmp_path):
    """A lock held beyond the timeout is a StoreError, and the store works afterwards."""
    store = SQLiteStore(tmp_path / "cache.db", busy_timeout_s=0.05)
    store.put("ns", "k", record(), now=NOW)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        store.put("ns", "k", record(b"new"), now=NOW)
    other.execute("ROLLBACK")
    assert store.put("ns", "k", record(b"new"), now=NOW) is True
    assert store.get("ns", "k", now=NOW) == record(b"new")
    other.close()
    store.close()


BUSY_S = 1.0
CROWD = 12


@contextmanager
def locked(store):
    """Another process is amid a write: a backup, or somebody's shell."""
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_writes_that_queue_wait_for_another_process_once(tmp_path):
    """Not each for itself, one behind the other: the last of a crowd would wait as often as there are calls."""
    store = SQLiteStore(tmp_path / "cache.db", busy_timeout_s=BUSY_S)
    store.put("ns", "k", record(), now=NOW)
    begun = time.monotonic()
    with locked(store), ThreadPoolExecutor(CROWD) as threads:
        futures = [threads.submit(store.put, "ns", "k", record(b"new"), now=NOW) for _ in range(CROWD)]
        assert all(isinstance(future.exception(), StoreError) for future in futures)
    assert time.monotonic() - begun < CROWD * BUSY_S / 2
    assert store.put("ns", "k", record(b"new"), now=NOW) is True
    store.close()


async def test_awaited_writes_that_queue_wait_for_another_process_once(tmp_path):
    store = SQLiteStore(tmp_path / "cache.db", busy_timeout_s=BUSY_S)
    await store.aput("ns", "k", record(), now=NOW)
    begun = time.monotonic()
    with locked(store):
        puts = [store.aput("ns", "k", record(b"new"), now=NOW) for _ in range(CROWD)]
        assert all(isinstance(end, StoreError) for end in await asyncio.gather(*puts, return_exceptions=True))
    assert time.monotonic() - begun < CROWD * BUSY_S / 2
    assert await store.aput("ns", "k", record(b"new"), now=NOW) is True
    await store.aclose()


async def test_an_awaited_lookup_does_not_wait_behind_writes_that_wait(tmp_path):
    store = SQLiteStore(tmp_path / "cache.db")
    await store.aput("ns", "k", record(), now=NOW)
    with locked(store):
        puts = [asyncio.create_task(store.aput("ns", "k", record(b"new"), now=NOW)) for _ in range(CROWD)]
        await asyncio.sleep(0.05)
        assert await asyncio.wait_for(store.aget("ns", "k", now=NOW), 5.0) == record()
        assert not any(put.done() for put in puts)
    await asyncio.gather(*puts)
    await store.aclose()


def test_more_threads_than_connections(tmp_path):
    """The threads take turns, whatever their number, and those that end leave nothing open."""
    store = SQLiteStore(tmp_path / "cache.db", max_connections=2)

    def use(number):
        store.put("ns", str(number), record(), now=NOW)
        return store.get("ns", str(number), now=NOW) == record()

    with ThreadPoolExecutor(24) as threads:
        assert all(threads.map(use, range(96)))
    assert store._connections._idle.qsize() <= 2
    store.close()


@pytest.mark.filterwarnings("error")
def test_a_forgotten_close_loses_nothing(tmp_path):
    """A store that is just dropped closes its connections, without a warning."""
    store = SQLiteStore(tmp_path / "cache.db")
    store.put("ns", "k", record(), now=NOW)
    del store
    gc.collect()
    assert not (tmp_path / "cache.db-wal").exists()
    again = SQLiteStore(tmp_path / "cache.db")
    assert again.get("ns", "k", now=NOW) == record()
    again.close()


def test_what_sqlite_refuses_is_a_store_error(store, monkeypatch):
    """Whatever goes wrong comes as a StoreError that names the file."""

    def refuse(*_, **__):
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr("langcache.storage.sqlite.tables.put", refuse)
    with pytest.raises(StoreError, match=r"cache\.db: attempt to write a readonly database"):
        store.put("ns", "k", record(), now=NOW)


async def test_the_event_loop_is_never_blocked(store):
    """While a put waits for another process, the loop goes on: it is the loop that ends the wait."""
    await store.aput("ns", "k", record(), now=NOW)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    put = asyncio.create_task(store.aput("ns", "k", record(b"new"), now=NOW))
    for _ in range(20):
        await asyncio.sleep(0.005)
    assert not put.done()
    other.execute("ROLLBACK")
    other.close()
    assert await put is True


async def test_a_cancelled_put_is_whole_or_absent(store):
    """Cancelling an await neither tears an entry nor hurts the store."""
    value = b"x" * 100_000
    for number in range(40):
        put = asyncio.create_task(store.aput("ns", str(number), record(value, labels="a"), now=NOW))
        await asyncio.sleep(0 if number % 2 else 0.0005)
        put.cancel()
        await asyncio.gather(put, return_exceptions=True)
    assert await store.aput("ns", "last", record(value, labels="a"), now=NOW) is True
    await store.aclose()
    again = SQLiteStore(store.path)
    rows = {row.key: row.size_bytes for row in again.scan("ns", now=NOW)}
    assert rows["last"] == len(value)
    assert set(rows.values()) == {len(value)}
    assert rows == {row.key: row.size_bytes for row in again.scan("ns", now=NOW, labels=["a"])}
    again.close()


async def test_a_lease_that_arrives_after_cancelling_is_given_back(store):
    """Nobody would ever release it."""
    await store.ausage()
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    acquire = asyncio.create_task(store.aacquire("ns", "k", ttl_s=1000, now=NOW))
    await asyncio.sleep(0.05)
    acquire.cancel()
    await asyncio.gather(acquire, return_exceptions=True)
    other.execute("ROLLBACK")
    other.close()
    lease = None
    for _ in range(200):
        await asyncio.sleep(0.01)
        if (lease := await store.aacquire("ns", "k", ttl_s=1, now=NOW)) is not None:
            break
    assert lease is not None


@pytest.mark.soak
def test_a_lookup_does_not_grow_with_the_store(tmp_path):
    """At 100,000 entries (20,000 in short runs) a lookup takes at most 1.3 times what it takes at 100."""
    many = 100_000 if os.environ.get("LANGCACHE_SOAK") == "1" else 20_000
    small, large = SQLiteStore(tmp_path / "small.db"), SQLiteStore(tmp_path / "large.db")
    fill_quickly(small, 100)
    fill_quickly(large, many)
    ratios = []
    for _ in range(5):
        ratios.append(lookup_s(large, many) / lookup_s(small, 100))
        if min(ratios) <= 1.3:
            break
    assert min(ratios) <= 1.3, ratios
    small.close()
    large.close()


def fill_quickly(store, count):
    store.put("ns", "first", record(), now=NOW)
    connection = sqlite3.connect(store.path)
    connection.executemany(
        "INSERT INTO entry (namespace, key, created_at, size_bytes, value) VALUES ('ns', ?, ?, 2000, ?)",
        ((f"{number:064d}", NOW, b"x" * 2000) for number in range(count)),
    )
    connection.commit()
    connection.close()


def lookup_s(store, count):
    """The median of lookups spread over 100 keys, in seconds."""
    keys = [f"{number:064d}" for number in range(0, count, count // 100)]
    times = []
    for _ in range(20):
        for key in keys:
            begin = time.perf_counter()
            store.get("ns", key, now=NOW)
            times.append(time.perf_counter() - begin)
    return statistics.median(times)


def test_flush_reaches_the_disk_with_the_log_and_its_folder(tmp_path, monkeypatch):
    """What was acknowledged is flushed where it is: in the write-ahead log; the folder's entry only once."""
    flushed, real = [], os.fsync

    def fsync(descriptor):
        flushed.append(os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))
        real(descriptor)

    store = SQLiteStore(tmp_path / "cache.db")
    monkeypatch.setattr(os, "fsync", fsync)
    for number in range(2):
        store.put("ns", f"key-{number}", record(b"value"), now=NOW)
        store.flush()
    assert ["cache.db-wal", tmp_path.name, "cache.db-wal"] == flushed


def test_flush_of_an_unopened_store_does_nothing(tmp_path):
    """A store nothing was put in has nothing to flush."""
    SQLiteStore(tmp_path / "cache.db").flush()
    assert not list(tmp_path.iterdir())
