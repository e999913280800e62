"""The encrypted store: the contract on top of others, and what the store behind it gets to see."""

import sys

import pytest
from hypothesis import given, settings, strategies as st

from langcache.errors import CorruptEntry, DeclarationError, StoreURLError
from langcache.storage.base import Record
from langcache.storage.codec import open_sealed, seal
from langcache.storage.encrypted import EncryptedStore, EncryptionKey, encrypted, generate_key
from langcache.storage.encrypted.store import UNREADABLE
from langcache.storage.memory import MemoryStore
from langcache.storage.registry import open_store
from langcache.storage.sqlite import SQLiteStore
from langcache.testing.contract import NOW, StoreContract, record
from langcache.testing.machine import store_machine

OLD, NEW = b"o" * 32, b"n" * 32


class TestEncryptedMemoryStore(StoreContract):
    durable = False

    @pytest.fixture
    def make_store(self):
        return lambda: encrypted(MemoryStore(), keys=[NEW])


class TestEncryptedSQLiteStore(StoreContract):
    @pytest.fixture
    def make_store(self, tmp_path):
        return lambda: encrypted(SQLiteStore(tmp_path / "cache.db"), keys=[NEW, OLD])


class TestEncryptedRedisStore(StoreContract):
    @pytest.fixture
    def make_store(self, redis_server):
        redis_server.ask("FLUSHALL")
        return lambda: encrypted(open_store(redis_server.url, timeout_s=60), keys=[NEW])


TestMachine = store_machine(lambda: encrypted(MemoryStore(), keys=[NEW, OLD]), "sync")
TestMachineAsync = store_machine(lambda: encrypted(MemoryStore(), keys=[NEW, OLD]), "async")
TestMachine.settings = TestMachineAsync.settings = settings(max_examples=25, stateful_step_count=30)


@pytest.fixture
def inner():
    return MemoryStore()


@given(value=st.binary(min_size=4), label=st.text(min_size=4))
def test_nothing_is_in_clear_but_where_and_when(value, label):
    """Neither the value nor a label is anywhere in what the store behind gets."""
    inner = MemoryStore()
    encrypted(inner, keys=[NEW]).put("ns", "k", Record(value, NOW, NOW + 1, frozenset([label])), now=NOW)
    kept = inner.get("ns", "k", now=NOW)
    assert (kept.created_at, kept.expires_at) == (NOW, NOW + 1)
    assert value not in kept.value[12:]  # which begins with a public name and the id of the key
    assert all(label not in hidden for hidden in kept.labels)


def test_equal_values_look_different(inner):
    """Nobody sees from the ciphertext that two answers are the same."""
    store = encrypted(inner, keys=[NEW])
    for key in "ab":
        store.put("ns", key, record(b"same"), now=NOW)
    assert inner.get("ns", "a", now=NOW).value[12:] != inner.get("ns", "b", now=NOW).value[12:]


def test_rotation(inner):
    """What an old key wrote is read and found by label; what is written is under the new one."""
    encrypted(inner, keys=[OLD]).put("ns", "before", record(b"1", labels="x"), now=NOW)
    store = encrypted(inner, keys=[NEW, OLD])
    store.put("ns", "after", record(b"2", labels="x"), now=NOW)
    assert record(b"1", labels="x") == store.get("ns", "before", now=NOW)
    assert sorted(row.key for row in store.scan("ns", now=NOW, labels=["x"])) == ["after", "before"]
    assert {frozenset("x")} == {row.labels for row in store.scan("ns", now=NOW)}
    only_new = encrypted(inner, keys=[NEW])
    assert record(b"2", labels="x") == only_new.get("ns", "after", now=NOW)
    assert only_new.get("ns", "before", now=NOW) is None


def test_a_key_one_does_not_have_is_a_miss_and_harms_nothing(inner):
    """A process with the wrong key neither reads nor spoils what others wrote."""
    encrypted(inner, keys=[OLD]).put("ns", "k", record(b"theirs"), now=NOW)
    before = inner.get("ns", "k", now=NOW)
    assert encrypted(inner, keys=[NEW]).get("ns", "k", now=NOW) is None
    assert before == inner.get("ns", "k", now=NOW)


@pytest.mark.parametrize(("namespace", "key"), [("other", "k"), ("ns", "other"), ("nsk", ""), ("", "nsk")])
def test_a_value_opens_only_where_it_was_put(inner, namespace, key):
    """Namespace and key are authenticated, so nobody moves an answer to another tenant or question."""
    store = encrypted(inner, keys=[NEW])
    store.put("ns", "k", record(b"mine"), now=NOW)
    inner.put(namespace, key, inner.get("ns", "k", now=NOW), now=NOW)
    assert store.get(namespace, key, now=NOW).value.startswith(UNREADABLE)


@settings(max_examples=300)
@given(data=st.data())
def test_altered_bytes_never_open(data):
    """Any change of any byte is a miss or is refused by the payload's checksum."""
    inner = MemoryStore()
    store = encrypted(inner, keys=[NEW])
    store.put("ns", "k", record(seal("k", b"answer")), now=NOW)
    value = bytearray(inner.get("ns", "k", now=NOW).value)
    value[data.draw(st.integers(0, len(value) - 1))] ^= data.draw(st.integers(1, 255))
    inner.put("ns", "k", record(bytes(value)), now=NOW)
    assert_refused(store)


@settings(max_examples=300)
@given(value=st.binary(max_size=80))
def test_any_bytes_are_a_miss_or_refused(value):
    """Bytes nobody encrypted, such as an answer in clear somebody planted, are not served."""
    inner = MemoryStore()
    for planted in (value, b"LCE\x01" + value, b"LCE\x01" + EncryptionKey(NEW).id + value, seal("k", value)):
        inner.put("ns", "k", record(planted, labels="x"), now=NOW)
        assert_refused(encrypted(inner, keys=[NEW]))


def assert_refused(store):
    found = store.get("ns", "k", now=NOW)
    if found is not None:
        with pytest.raises(CorruptEntry):
            open_sealed("k", found.value)


def test_each_namespace_has_keys_of_its_own():
    """One tenant's derived key opens nothing of another's."""
    key = EncryptionKey(NEW)
    assert key.cipher("a").hide("x") != key.cipher("b").hide("x")
    assert key.cipher("b").decrypt(key.cipher("a").encrypt(b"x", b""), b"") is None


@pytest.mark.parametrize("secret", ["short", "ä" * 43, b"x" * 31, "x" * 43, ""])
def test_a_wrong_key_is_refused_and_not_shown(secret):
    """The message says how to make one, and holds nothing of what was given."""
    with pytest.raises(DeclarationError) as caught:
        EncryptionKey(secret)
    assert "generate_key()" in str(caught.value)
    assert not secret or str(secret) not in str(caught.value)


def test_any_store_opens_encrypted(tmp_path, redis_server):
    """Keys are an option of every URL, and never part of one."""
    redis_server.ask("FLUSHALL")
    for url in ("memory://", f"sqlite:///{tmp_path}/a.db", redis_server.url, f"tiered+{redis_server.url}"):
        store = open_store(url, encryption_keys=[NEW, OLD])
        store.put("ns", "k", record(b"answer"), now=NOW)
        assert record(b"answer") == store.get("ns", "k", now=NOW)
        assert b"answer" not in store.inner.get("ns", "k", now=NOW).value
        store.close()
    with pytest.raises(DeclarationError, match="generate_key"):
        open_store(f"sqlite:///{tmp_path}/b.db", encryption_keys=["short"])
    with pytest.raises(DeclarationError, match="needs a key"):
        open_store("memory://", encryption_keys=[])
    with pytest.raises(StoreURLError, match="has no option"):
        open_store(f"memory://?encryption_keys={generate_key()}")


def test_a_missing_extra_names_the_command(monkeypatch):
    """The message is the exact command to run."""
    monkeypatch.setitem(sys.modules, "langcache.storage.encrypted", None)
    with pytest.raises(StoreURLError) as caught:
        open_store("memory://", encryption_keys=[NEW])
    assert 'pip install "langcache-middleware[encryption]"' in str(caught.value)


def test_keys_in_base64_and_their_names(inner):
    """A generated key works as text; its repr names it without giving it away."""
    text = generate_key()
    key = EncryptionKey(text)
    store = EncryptedStore(inner, [text])
    store.put("ns", "k", record(), now=NOW)
    assert record() == encrypted(inner, keys=[key]).get("ns", "k", now=NOW)
    assert text not in repr(key)
    assert key.id.hex() in repr(key)
    with pytest.raises(DeclarationError, match="needs a key"):
        EncryptedStore(inner, [])
