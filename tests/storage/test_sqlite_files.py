"""Whose file it is: foreign ones are left alone, torn ones are set aside once, old ones become new ones."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

import pytest

from langcache.errors import ForeignFile, StoreError
from langcache.storage.sqlite import SQLiteStore, connections, files, schema, tables
from langcache.testing.contract import NOW, record


def contents(directory):
    """All files of *directory* with what is in them."""
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}


def make_sqlite(path, application_id):
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA application_id = {application_id}")
    connection.execute("CREATE TABLE theirs (x)")
    connection.execute("INSERT INTO theirs VALUES ('precious')")
    connection.commit()
    connection.close()


def filled(path, rows=300):
    """A closed database of ours with some pages."""
    store = SQLiteStore(path)
    for number in range(rows):
        store.put("ns", f"{number:03d}", record(b"x" * 2000, labels="a"), now=NOW)
    store.close()


def tear(path):
    """Overwrite all but the first page."""
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))


class TestForeign:
    """A file that is not ours is never opened for writing nor moved, and the error names it."""

    @pytest.mark.parametrize(
        "content",
        [b"x", b"precious notes\n" * 100, b"SQLite format 3\x00", b"SQLite format 3\x00" + b"\x00" * 200],
        ids=["byte", "text", "cut", "unmarked"],
    )
    def test_other_bytes(self, tmp_path, content):
        """Text, and beginnings of a SQLite file without our mark."""
        path = tmp_path / "cache.db"
        path.write_bytes(content)
        self.refused(path)

    @pytest.mark.parametrize("application_id", [0, 1, 0x4C634362])
    def test_another_applications_database(self, tmp_path, application_id):
        """A database without an application id is somebody's, too."""
        path = tmp_path / "cache.db"
        make_sqlite(path, application_id)
        self.refused(path)

    def test_another_applications_wal(self, tmp_path):
        """A database in use, with its -wal and -shm, stays in use."""
        path = tmp_path / "cache.db"
        theirs = sqlite3.connect(path)
        theirs.execute("PRAGMA journal_mode = WAL")
        theirs.execute("CREATE TABLE theirs (x)")
        self.refused(path)
        theirs.close()

    def test_a_directory(self, tmp_path):
        """A directory is not a file."""
        path = tmp_path / "cache.db"
        path.mkdir()
        self.refused(path)

    def test_a_newer_schema(self, tmp_path):
        """A file of a newer release is not written by an older one."""
        path = tmp_path / "cache.db"
        filled(path, rows=1)
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 99")
        connection.close()
        with pytest.raises(ForeignFile, match="newer") as caught:
            SQLiteStore(path).get("ns", "k", now=NOW)
        assert str(path) in str(caught.value)

    def test_a_path_through_a_file(self, tmp_path):
        """A parent that is a file is a store error, and stays."""
        (tmp_path / "file").write_text("precious")
        with pytest.raises(StoreError):
            SQLiteStore(tmp_path / "file" / "cache.db").get("ns", "k", now=NOW)
        assert (tmp_path / "file").read_text() == "precious"

    def test_a_file_written_over_ours(self, tmp_path):
        """Somebody's file copied over an open store's is theirs from then on."""
        path = tmp_path / "cache.db"
        filled(path)
        store = SQLiteStore(path)
        store.get("ns", "000", now=NOW)
        path.write_bytes(b"precious notes\n" * 1000)
        with pytest.raises(StoreError):
            [store.get("ns", f"{number:03d}", now=NOW) for number in range(300)]
        assert path.read_bytes() == b"precious notes\n" * 1000
        assert store.quarantined == 0
        store.close()

    def refused(self, path):
        before = contents(path.parent)
        store = SQLiteStore(path)
        for use in (
            lambda: store.get("ns", "k", now=NOW),
            lambda: store.put("ns", "k", record(), now=NOW),
            lambda: list(store.scan("ns", now=NOW)),
            lambda: store.clear("ns"),
        ):
            with pytest.raises(ForeignFile) as caught:
                use()
            assert str(path) in str(caught.value)
        store.close()
        assert contents(path.parent) == before
        assert store.quarantined == 0


class TestTorn:
    """A file that is ours but malformed is set aside whole, once, and the store goes on."""

    def test_found_when_opened(self, tmp_path):
        """The torn bytes are kept, the callback hears of it, and a new file takes its place."""
        path, moved = tmp_path / "cache.db", []
        filled(path)
        tear(path)
        torn = path.read_bytes()
        store = SQLiteStore(path, on_quarantine=moved.append)
        assert store.put("ns", "k", record(), now=NOW) is True
        assert store.get("ns", "k", now=NOW) == record()
        assert moved == [tmp_path / "cache.db.corrupt-1"]
        assert store.quarantined == 1
        assert moved[0].read_bytes() == torn
        store.close()

    def test_found_in_mid_life(self, tmp_path):
        """A file torn under an open store is noticed by the first call that meets it."""
        path = tmp_path / "cache.db"
        filled(path, rows=3000)
        store = SQLiteStore(path)
        store.get("ns", "000", now=NOW)
        tear(path)
        for number in range(3000):
            store.get("ns", f"{number:03d}", now=NOW)
        assert store.quarantined == 1
        assert store.put("ns", "k", record(), now=NOW) is True
        store.close()

    def test_a_mangled_header_that_still_names_us(self, tmp_path):
        """SQLite calls it no database; our mark says whose it was."""
        path = tmp_path / "cache.db"
        filled(path)
        with path.open("r+b") as file:
            file.seek(16)
            file.write(b"\x00" * 40)
        store = SQLiteStore(path)
        assert store.get("ns", "000", now=NOW) is None
        assert store.quarantined == 1
        store.close()

    def test_once_for_many_stores(self, tmp_path):
        """Of many stores that meet the torn file at once, one moves it, and none loses a put."""
        path = tmp_path / "cache.db"
        filled(path)
        tear(path)
        stores = [SQLiteStore(path) for _ in range(8)]

        def use(number):
            return stores[number].put("ns", f"new{number}", record(), now=NOW)

        with ThreadPoolExecutor(8) as threads:
            assert all(threads.map(use, range(8)))
        assert sum(store.quarantined for store in stores) == 1
        assert [row.key for row in stores[0].scan("ns", now=NOW)] == [f"new{n}" for n in range(8)]
        assert (tmp_path / "cache.db.corrupt-1").exists()
        assert not (tmp_path / "cache.db.corrupt-2").exists()
        for store in stores:
            store.close()

    @pytest.mark.parametrize("when", ["_connect_for_good", "close"])
    def test_none_is_moved_while_its_log_is_opened_or_closed(self, tmp_path, monkeypatch, when):
        """SQLite goes by the log's name then, and would take or delete that of the file in its place."""
        path, moved = tmp_path / "cache.db", []
        filled(path)
        owner = connections.Connections if when == "_connect_for_good" else connections.Connection
        real = getattr(owner, when)

        def meanwhile(*args):
            mover = Thread(target=lambda: moved.append(files.set_aside(path, files.identify(path))))
            mover.start()
            mover.join(0.1)
            assert path.exists()
            movers.append(mover)
            return real(*args)

        movers: list[Thread] = []
        monkeypatch.setattr(owner, when, meanwhile)
        store = SQLiteStore(path)
        store.get("ns", "000", now=NOW)
        store.close()
        for mover in movers:
            mover.join()
        assert moved[0] == tmp_path / "cache.db.corrupt-1"

    def test_what_a_store_is_about_to_write_survives_the_move(self, tmp_path, monkeypatch):
        """SQLite says "disk I/O error" where another store has moved the log of the open file: it is written anew."""
        path = tmp_path / "cache.db"
        store, real = SQLiteStore(path), tables.put
        store.put("ns", "before", record(), now=NOW)

        def moved_meanwhile(*args):
            monkeypatch.setattr(tables, "put", real)
            files.set_aside(path, files.identify(path))
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHORT_READ
            raise error

        monkeypatch.setattr(tables, "put", moved_meanwhile)
        assert store.put("ns", "new", record(), now=NOW)
        assert [row.key for row in store.scan("ns", now=NOW)] == ["new"]
        store.close()

    def test_the_sidecars_go_along(self, tmp_path):
        """A write-ahead log left behind would be replayed into the new file."""
        path = tmp_path / "cache.db"
        filled(path)
        identity = files.identify(path)
        path.with_name("cache.db-wal").write_bytes(b"log")
        path.with_name("cache.db-shm").write_bytes(b"shared")
        moved = files.set_aside(path, identity)
        assert moved == tmp_path / "cache.db.corrupt-1"
        assert not path.exists()
        assert (tmp_path / "cache.db.corrupt-1-wal").read_bytes() == b"log"
        assert (tmp_path / "cache.db.corrupt-1-shm").read_bytes() == b"shared"
        assert files.set_aside(path, identity) is None

    def test_an_older_one_is_not_overwritten(self, tmp_path):
        """The number counts up."""
        path = tmp_path / "cache.db"
        for number in (1, 2):
            filled(path)
            tear(path)
            store = SQLiteStore(path)
            store.put("ns", "k", record(), now=NOW)
            store.close()
            assert (tmp_path / f"cache.db.corrupt-{number}").exists()


class TestReplaced:
    """A store never goes on writing where nobody will look again."""

    def test_another_process_set_the_file_aside(self, tmp_path):
        """What is put after a rename is in the file that is at the path now."""
        path = tmp_path / "cache.db"
        store = SQLiteStore(path)
        store.put("ns", "old", record(), now=NOW)
        for name in ("cache.db-wal", "cache.db-shm", "cache.db"):
            (tmp_path / name).rename(tmp_path / f"moved-{name}")
        assert store.get("ns", "old", now=NOW) is None
        store.put("ns", "new", record(), now=NOW)
        store.close()
        assert SQLiteStore(path).get("ns", "new", now=NOW) == record()

    def test_the_file_was_deleted(self, tmp_path):
        """Deleting the file by hand empties the cache and breaks nothing, even with the log left behind."""
        path = tmp_path / "cache.db"
        store = SQLiteStore(path)
        store.put("ns", "old", record(), now=NOW)
        path.unlink()
        store.put("ns", "new", record(), now=NOW)
        assert [row.key for row in store.scan("ns", now=NOW)] == ["new"]
        assert store.quarantined == 0
        store.close()

    def test_an_empty_file_is_new(self, tmp_path):
        """Such as ``tempfile`` makes."""
        path = tmp_path / "cache.db"
        path.touch()
        store = SQLiteStore(path)
        assert store.put("ns", "k", record(), now=NOW) is True
        store.close()


@pytest.mark.parametrize("version", range(len(schema.MIGRATIONS)))
def test_older_files_are_migrated(tmp_path, version):
    """Whatever release wrote the file, its entries and labels are found, and it is current afterwards."""
    path = tmp_path / "cache.db"
    connection = sqlite3.connect(path, isolation_level=None)
    schema.mark_as_ours(connection)
    for number in range(version):
        connection.executescript(schema.MIGRATIONS[number])
    connection.execute(f"PRAGMA user_version = {version}")
    if version:
        connection.execute(
            "INSERT INTO entry (namespace, key, created_at, size_bytes, labels, value)"
            f" VALUES ('ns', 'k', {NOW}, 5, '[\"a\"]', x'76616c7565')"
        )
    if version > 1:
        connection.execute("INSERT INTO label VALUES ('ns', 'a', 'k')")
    connection.close()
    store = SQLiteStore(path)
    assert store.get("ns", "k", now=NOW) == (record(labels="a") if version else None)
    assert [row.key for row in store.scan("ns", now=NOW, labels=["a"])] == (["k"] if version else [])
    assert store.acquire("ns", "k", ttl_s=1, now=NOW) is not None
    store.close()
    connection = sqlite3.connect(path)
    assert schema.is_current(connection)
    connection.close()


def test_a_new_file_says_whose_it_is(tmp_path):
    """The application id stands in the file itself, not only in its log, from the first moment on."""
    path = tmp_path / "deep" / "cache.db"
    store = SQLiteStore(path)
    store.put("ns", "k", record(), now=NOW)
    header = path.read_bytes()[:100]
    assert header[68:72] == b"LcCa"
    store.close()
