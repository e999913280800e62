"""A store whose key a command was not given: it says so, and never that there is nothing."""

from pathlib import Path

import pytest
from langchain_core.runnables import RunnableLambda
from support.commands import Ended, fill, langcache

from langcache import Cache
from langcache.storage.encrypted import generate_key

KEY = generate_key()


@pytest.fixture
def encrypted(url: str) -> str:
    """The store of an app that has a key; one call and one hit."""
    with Cache(url, encryption_keys=[KEY]) as cache:
        chain = cache.wrap(RunnableLambda(str.upper), name="plan", prompt_version="v1")
        assert [chain.invoke("a"), chain.invoke("a")] == ["A", "A"]
    return url


def is_told(done: Ended) -> bool:
    """One line with the fix."""
    return done.status == 2 and done.err.count("\n") == 1 and "set LANGCACHE_ENCRYPTION_KEYS" in done.err


@pytest.mark.parametrize(
    "command",
    ["top", "trends", "recommend", "export out.jsonl", "explain plan x=1", "invalidate --chain plan --confirm"],
)
def test_what_cannot_be_read_is_told_and_not_taken_for_nothing(command: str, encrypted: str) -> None:
    """Status 2; with the key there is an answer."""
    assert is_told(langcache(*command.split(), "--url", encrypted))
    done = langcache(*command.split(), "--url", encrypted, LANGCACHE_ENCRYPTION_KEYS=KEY)
    assert (done.status in (0, 1), done.err) == (True, "")


@pytest.mark.parametrize("command", ["stats", "cost"])
def test_sums_that_cannot_be_read_are_no_zeros(command: str, encrypted: str) -> None:
    """The status is that of a failure, and the reason is there."""
    done = langcache(command, "--url", encrypted)
    assert (done.status, "the account is encrypted" in " ".join(done.out.split())) == (1, True)


@pytest.mark.parametrize("command", ["export out.jsonl", "explain plan x=1", "invalidate --chain plan --confirm"])
def test_what_another_key_cannot_read_is_told(command: str, encrypted: str) -> None:
    """Status 2: there is something, and it was not looked at."""
    wrong = langcache(*command.split(), "--url", encrypted, LANGCACHE_ENCRYPTION_KEYS=generate_key())
    assert (wrong.status, "its key was not given" in wrong.err) == (2, True)
    assert not Path("out.jsonl").exists()


@pytest.mark.parametrize("command", ["stats", "cost", "top", "trends", "recommend"])
def test_sums_under_another_key_are_told(command: str, encrypted: str, caplog: pytest.LogCaptureFixture) -> None:
    """What they lack may be all there is; an app that has changed its key goes on with its own."""
    langcache(command, "--url", encrypted, LANGCACHE_ENCRYPTION_KEYS=generate_key())
    assert "missing in every sum" in caplog.text


def test_a_doctor_with_another_key_finds_out(encrypted: str) -> None:
    """Entries nobody can read are no entries that can be read."""
    done = langcache("doctor", "--url", encrypted, LANGCACHE_ENCRYPTION_KEYS=generate_key())
    assert "their key was not given" in " ".join(done.out.split())


def test_nothing_is_imported_in_clear_beside_what_is_encrypted(encrypted: str, tmp_path: Path) -> None:
    """Nor over it."""
    clear = f"sqlite:///{tmp_path}/clear.db"
    fill(clear)
    assert langcache("export", "out.jsonl", "--url", clear).status == 0
    assert is_told(langcache("import", "out.jsonl", "--url", encrypted))
    assert langcache("import", "out.jsonl", "--url", encrypted, LANGCACHE_ENCRYPTION_KEYS=KEY).status == 0


def test_one_entry_that_cannot_be_read_is_told(encrypted: str) -> None:
    """By the beginning of its key, which is in clear."""
    with Cache(encrypted) as cache:
        (row,) = cache.store.scan("default", now=cache.clock.now())
    assert is_told(langcache("show", row.key, "--url", encrypted))


def test_what_needs_no_reading_needs_no_key(encrypted: str) -> None:
    """Keys, ages and sizes are in clear."""
    assert langcache("info", "--url", encrypted, "--json").json["entries"] == 1
    assert langcache("invalidate", "--older-than", "1d", "--url", encrypted).status == 0
    assert langcache("clear", "--url", encrypted, "--confirm", "--json").json["entries"] == 1
