"""From a URL to a store, and from a wrong URL to one that works."""

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from langcache.errors import StoreURLError
from langcache.storage import registry
from langcache.storage.memory import MemoryStore
from langcache.storage.registry import Scheme, default_url, open_store
from langcache.storage.sqlite import SQLiteStore


def test_memory():
    """``memory://`` is the memory store."""
    assert isinstance(open_store("memory://"), MemoryStore)


def test_sqlite_relative_and_absolute(tmp_path, monkeypatch):
    """Three slashes are relative to the working directory of that moment, four are absolute."""
    monkeypatch.chdir(tmp_path)
    assert open_store("sqlite:///some/cache.db").path == tmp_path / "some/cache.db"
    assert open_store(f"sqlite:///{tmp_path}/x%20y.db").path == tmp_path / "x y.db"


def test_query_and_keyword_options(tmp_path):
    """Options stand in the query or in keywords; keywords win."""
    store = open_store(f"sqlite:///{tmp_path}/a.db?max_bytes=5000000&durable=yes", max_bytes=6_000_000)
    assert store._max_bytes == 6_000_000
    assert store._connections._synchronous == "FULL"


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("postgresql://localhost", "memory://, sqlite:///langcache.db"),
        ("redes://localhost", "did you mean redis://localhost:6379/0"),
        ("sqllite:///a.db", "did you mean sqlite:///langcache.db"),
        ("cache.db", "a store URL starts with a scheme"),
        ("", "a store URL starts with a scheme"),
        ("sqlite://", "write sqlite:///langcache.db"),
        ("sqlite://data/a.db", "write sqlite:///data/a.db"),
        ("sqlite:///:memory:", "write memory://"),
        ("memory://host", "write memory://"),
        ("memory:///path", "write memory://"),
        ("sqlite:///a.db?max_byte=5", "did you mean max_bytes?"),
        ("memory://?colour=5", "it knows: max_bytes, max_entries"),
        ("sqlite:///a.db?max_bytes=lots", "max_bytes of sqlite:// is no int"),
        ("sqlite:///a.db?durable=perhaps", "durable of sqlite:// is no bool"),
        ("redis://[::1", "redis://[::1]:6379/0"),
        ("redis://user:sec\u2100ret@localhost", "percent-encoded"),
        ("sqlite:///a%00b.db", "%00"),
        ("sqlite:///a\0b.db", "%00"),
        ("unix:///run/a%00.sock", "%00"),
        ("sqlite:///a.db?max_bytes=-5", "max_bytes of sqlite:// is no int: write a whole number from 0"),
        ("sqlite:///a.db?busy_timeout_s=nan", "write a number from 0"),
        ("tiered+sqlite:///a.db?max_age_s=-1", "write a number from 0"),
        ("sqlite:///a.db?on_quarantine=print", "has no option 'on_quarantine'"),
    ],
)
def test_a_wrong_url_shows_one_that_works(url, hint):
    """The message says what to write instead."""
    with pytest.raises(StoreURLError) as caught:
        open_store(url)
    assert hint in str(caught.value)
    assert "sec" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("max_bytes", value) for value in (float("nan"), float("inf"), "x", "5", -5, 1.5, None, True, [])),
        *(("busy_timeout_s", value) for value in (float("nan"), "x", -0.5, None)),
        *(("durable", value) for value in ("yes", None, 2)),
    ],
)
def test_a_keyword_of_another_kind_is_named(tmp_path, name, value):
    """Not taken until the first entry is stored."""
    with pytest.raises(StoreURLError, match=f"the option {name} of sqlite:// is no .*: write "):
        open_store(f"sqlite:///{tmp_path}/a.db", **{name: value})


def test_a_keyword_is_of_its_kind_however_it_is_written(tmp_path):
    """A whole number is one as a float; forever is a time."""
    assert open_store("memory://", max_bytes=5e6)._max_bytes == 5_000_000
    assert open_store("tiered+memory://", max_age_s=float("inf"), memory_bytes=0)
    assert open_store("redis://localhost", ssl_ca_certs="", timeout_s=1)


def test_a_wrong_keyword_names_the_nearest():
    """Keywords are checked like the query."""
    with pytest.raises(StoreURLError, match="did you mean max_entries"):
        open_store("memory://", max_entrys=5)


def test_a_missing_extra_names_the_command(monkeypatch):
    """The message is the exact command to run."""
    monkeypatch.setitem(registry.SCHEMES, "far", Scheme("no_such_module:open_it", "far://x", "far"))
    with pytest.raises(StoreURLError) as caught:
        open_store("far://x")
    assert 'pip install "langcache-middleware[far]"' in str(caught.value)


def test_third_parties_bring_their_own(monkeypatch):
    """An entry point named like the scheme opens it."""
    point = EntryPoint("own", "langcache.storage.memory:open_memory", registry.ENTRY_POINTS)

    def entry_points(*, group, name):
        return EntryPoints([point]).select(group=group, name=name)

    monkeypatch.setattr(registry, "entry_points", entry_points)
    assert isinstance(open_store("own://?max_entries=3"), MemoryStore)


@pytest.mark.parametrize(
    ("platform", "variable", "end"),
    [
        ("linux", "XDG_CACHE_HOME", "/there/langcache/langcache.db"),
        ("win32", "LOCALAPPDATA", "/there/langcache/langcache.db"),
        ("darwin", "XDG_CACHE_HOME", "/Library/Caches/langcache/langcache.db"),
    ],
)
def test_the_default_is_in_the_users_cache(monkeypatch, tmp_path, platform, variable, end):
    """Each platform's own rule; the URL opens as a file there."""
    monkeypatch.setattr(registry.sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path / "there"))
    assert default_url().endswith(end)
    store = open_store(None)
    assert isinstance(store, SQLiteStore)
    assert store.path.as_posix().endswith(end)


def test_a_relative_xdg_directory_is_ignored(monkeypatch):
    """XDG Base Directory Specification: relative paths there are invalid."""
    monkeypatch.setattr(registry.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "there")
    assert default_url().endswith("/.cache/langcache/langcache.db")
