"""Counts where stores differ: behind encryption, in front of others, in older files; the laws are in the contract."""

import sqlite3
from pathlib import Path

import pytest

from langcache.errors import StoreError
from langcache.storage.base import Sheet, Usage
from langcache.storage.counters import add_up
from langcache.storage.encrypted import encrypted, generate_key
from langcache.storage.memory import MemoryStore
from langcache.storage.registry import open_store
from langcache.storage.sqlite import schema
from langcache.storage.sqlite.store import SQLiteStore
from langcache.testing import FaultyStore, Raise
from langcache.testing.contract import NOW, record

SHEET = Sheet("day", NOW + 100, {"chain plan": {"n": 3, "about": "field law"}})


def test_encryption_hides_what_rows_are_about() -> None:
    """Their names and texts; the numbers, and the names of sheets and fields, stay in clear."""
    inner = MemoryStore()
    store = encrypted(inner, keys=[generate_key()])
    store.add_counts("ns", [SHEET], batch="1", now=NOW)
    assert store.read_counts("ns", ["day"], now=NOW)["day"] == SHEET.rows
    ((row, cells),) = inner.read_counts("ns", ["day"], now=NOW)["day"].items()
    assert "plan" not in row
    assert "law" not in str(cells)
    assert (cells["n"], set(cells)) == (3, {"n", "about"})


def test_counts_of_several_encryption_keys_add_up() -> None:
    """While keys are rotated; with the old key gone, what it hid is gone."""
    inner, old, new = MemoryStore(), generate_key(), generate_key()
    encrypted(inner, keys=[old]).add_counts("ns", [SHEET], batch="1", now=NOW)
    both = encrypted(inner, keys=[new, old])
    both.add_counts("ns", [SHEET], batch="2", now=NOW)
    assert both.read_counts("ns", ["day"], now=NOW)["day"]["chain plan"]["n"] == 6
    assert encrypted(inner, keys=[new]).read_counts("ns", ["day"], now=NOW)["day"]["chain plan"]["n"] == 3
    both.drop_counts("ns", "day", ["chain plan"])
    assert inner.read_counts("ns", ["day"], now=NOW)["day"] == {}


@pytest.mark.parametrize("url", ["tiered+sqlite:///{}", "sqlite:///{}"])
def test_usage_is_known_without_looking(url: str, tmp_path: Path) -> None:
    """Of a namespace, whatever was put, replaced, deleted, purged or cleared."""
    store = open_store(url.format(tmp_path / "x.db"))
    for key in "abc":
        store.put("ns", key, record(b"1234", expires_at=NOW + 10), now=NOW)
    store.put("ns", "a", record(b"12"), now=NOW)
    store.put("other", "a", record(b"12"), now=NOW)
    assert store.quick_usage("ns") == Usage(3, 10) == store.usage("ns")
    store.delete("ns", ["b"])
    store.purge(now=NOW + 20)
    assert store.quick_usage("ns") == Usage(1, 2)
    assert (store.clear("ns"), store.quick_usage("ns"), store.usage()) == (1, Usage(0, 0), Usage(1, 2))
    store.close()


def test_a_file_from_before_counts_learns_them(tmp_path: Path) -> None:
    """Its entries stay and are counted."""
    path = tmp_path / "x.db"
    connection = sqlite3.connect(path, isolation_level=None)
    schema.mark_as_ours(connection)
    for number, step in enumerate(schema.MIGRATIONS[:3], start=1):
        connection.executescript(f"{step} PRAGMA user_version = {number};")
    connection.execute(
        "INSERT INTO entry (namespace, key, created_at, size_bytes, value) VALUES ('ns', 'k', ?, 5, 'value')", (NOW,)
    )
    connection.close()
    store = SQLiteStore(path)
    assert (store.quick_usage("ns"), store.quick_usage("other")) == (Usage(1, 5), Usage(0, 0))
    store.add_counts("ns", [SHEET], batch="1", now=NOW)
    assert store.read_counts("ns", ["day"], now=NOW)["day"] == SHEET.rows
    store.close()


def test_a_sqlite_file_forgets_sheets_that_expired(tmp_path: Path) -> None:
    """Whenever counts are added, a few."""
    store = SQLiteStore(tmp_path / "x.db")
    store.add_counts("ns", [SHEET], batch="1", now=NOW)
    store.add_counts("ns", [Sheet("other", NOW + 999, {"a": {"n": 1}})], batch="2", now=NOW + 100)
    store.close()
    connection = sqlite3.connect(tmp_path / "x.db")
    assert connection.execute("SELECT sheet FROM count").fetchall() == [("other",)]
    assert connection.execute("SELECT name FROM sheet").fetchall() == [("other",)]
    connection.close()


def test_a_large_redis_database_is_not_walked(monkeypatch: pytest.MonkeyPatch, redis_server) -> None:
    """Its usage is then unknown rather than waited for."""
    redis_server.ask("FLUSHALL")
    store = open_store(redis_server.url, timeout_s=10)
    for key in "abc":
        store.put("ns", key, record(), now=NOW)
    known = store.quick_usage("ns")
    assert known is not None
    assert known.entries == 3
    monkeypatch.setattr("langcache.storage.redis.counts.SMALL_DATABASE_KEYS", 2)
    assert store.quick_usage("ns") is None
    store.close()


def test_redis_forgets_sheets_by_itself(redis_server) -> None:
    """A little after they have expired by our clock; so it does with what it remembers of batches."""
    redis_server.ask("FLUSHALL")
    store = open_store(redis_server.url, timeout_s=10)
    store.add_counts("ns", [SHEET], batch="1", now=NOW)
    lives = [int(redis_server.ask("PTTL", name)) for name in redis_server.ask("KEYS", "*")]
    assert len(lives) == 2
    assert all(0 < life <= 3_600_000 for life in lives)
    store.close()


def test_a_faulty_store_fails_counts_and_waiting_too() -> None:
    """Whatever the contract has can be made to fail."""
    error = StoreError("on cue")
    names = ("add_counts", "read_counts", "drop_counts", "quick_usage", "flush", "wait_for_release")
    store = FaultyStore(MemoryStore(), {name: [Raise(error)] for name in names})
    for call in (
        lambda: store.add_counts("ns", [SHEET], batch="1", now=NOW),
        lambda: store.read_counts("ns", ["day"], now=NOW),
        lambda: store.drop_counts("ns", "day", []),
        lambda: store.quick_usage("ns"),
        store.flush,
        lambda: store.wait_for_release("ns", "k", timeout_s=0, now=NOW),
    ):
        with pytest.raises(StoreError, match="on cue"):
            call()
        call()
    assert store.read_counts("ns", ["day"], now=NOW)["day"] == SHEET.rows


def test_a_text_takes_the_place_of_what_was_there() -> None:
    """A number too, so that rows of another release harm nobody."""
    total: dict[str, int | str] = {"a": 1, "b": "old", "c": 1}
    add_up(total, {"a": "text", "b": 5, "c": 2})
    assert total == {"a": "text", "b": 5, "c": 3}
