"""Encryption at rest, from the door: nothing readable in the file, and everything works as without."""

import logging
from pathlib import Path

import pytest
from support.chains import SAY, Applicant, chain, founder
from support.models import CountingModel

from langcache import Cache
from langcache.stages import Pipeline
from langcache.storage.encrypted import generate_key


def test_ciphertext_holds_no_plaintext_of_an_answer_and_rotation_keeps_it_readable(tmp_path: Path) -> None:
    """An old key still reads; without it, the answer is fetched anew."""
    url, old, new = f"sqlite:///{tmp_path / 'x.db'}", generate_key(), generate_key()
    model = CountingModel(say=SAY)
    for keys, calls in (([old], 1), ([new, old], 1), ([old], 1), ([new], 2)):
        with Cache(url, encryption_keys=keys) as cache:
            wrapped = cache.wrap(chain(model), profile=Applicant, name="plan", tags=["mail"])
            assert wrapped.invoke(founder()) == "Pitch PathAI to MIT and CMU."
            assert model.calls == calls
    at_rest = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert [word for word in (b"Pitch", b"founder", b"mail") if word in at_rest] == []
    with Cache(url, encryption_keys=[new]) as cache:
        assert cache.invalidate(tags="mail") == 1


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("half", ["sync", "async"])
@pytest.mark.parametrize("asked", ["max-age=600", "no-cache"])
async def test_an_app_without_the_key_spoils_nothing(
    half: str, asked: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What others keep encrypted is neither set aside nor overwritten, and nothing is stored beside it in clear; one
    warning and one event name the fix. The chain answers all the same."""
    url, key = f"sqlite:///{tmp_path / 'x.db'}", generate_key()
    model = CountingModel(say=SAY)
    with Cache(url, encryption_keys=[key]) as cache:
        cache.wrap(chain(model), profile=Applicant, name="plan").invoke(founder())
        at_rest = {row.key: row.size_bytes for row in cache.store.scan("default", now=0)}
    async with Cache(url) as keyless:
        wrapped = keyless.wrap(chain(model), profile=Applicant, name="plan", directives=asked)
        with keyless.capture() as events:
            for user in (founder(), founder(), founder(background="student")):
                answer = wrapped.invoke(user) if half == "sync" else await wrapped.ainvoke(user)
                assert answer == "Pitch PathAI to MIT and CMU."
        assert {row.key: row.size_bytes for row in keyless.store.scan("default", now=0)} == at_rest
        assert list(keyless.store.scan("quarantine:default", now=0)) == []
        assert ["encryption_keys=" in (event.reason or "") for event in events] == [True, False, False]
        assert "encryption_keys=" in str(keyless.stats().store_trouble)
    assert ["encryption_keys=" in text for text in warnings(caplog)] == [True]
    assert model.calls == 4
    with Cache(url, encryption_keys=[key]) as cache:
        cache.wrap(chain(model), profile=Applicant, name="plan").invoke(founder())
    assert model.calls == 4


@pytest.mark.parametrize("half", ["sync", "async"])
async def test_once_the_namespace_is_cleared_answers_are_stored_again(half: str, tmp_path: Path) -> None:
    """The other fix that the warning names; it works at once."""
    url, model = f"sqlite:///{tmp_path / 'x.db'}", CountingModel(say=SAY)
    with Cache(url, encryption_keys=[generate_key()]) as cache:
        cache.wrap(chain(model), profile=Applicant, name="plan").invoke(founder())
    async with Cache(url) as keyless:
        wrapped = keyless.wrap(chain(model), profile=Applicant, name="plan")
        wrapped.invoke(founder())
        assert (keyless.clear() if half == "sync" else await keyless.aclear()) == 1
        assert keyless.stats().store_trouble is None
        for _ in range(2):
            wrapped.invoke(founder())
    assert model.calls == 3


def test_another_key_than_theirs_is_told_once_and_nothing_set_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Ciphertext under a key that was not given is a miss; the warning names the key by its id, and the fix."""
    url = f"sqlite:///{tmp_path / 'x.db'}"
    for _ in range(2):
        with Cache(url, encryption_keys=[generate_key()]) as cache:
            wrapped = cache.wrap(chain(CountingModel(say=SAY)), profile=Applicant, name="plan")
            for background in ("founder", "student"):
                wrapped.invoke(founder(background=background))
            assert list(cache.store.scan("quarantine:default", now=0)) == []
    assert ["encryption_keys=" in text for text in warnings(caplog)] == [True]


def test_stages_without_the_key_spoil_nothing_either(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A pipeline runs, and leaves the records of those who have the key as they are."""
    url, key, runs = f"sqlite:///{tmp_path / 'x.db'}", generate_key(), []

    def run(**options: object) -> object:
        with Cache(url, **options) as cache:
            pipeline = Pipeline("p", cache=cache)
            pipeline.stage("double")(lambda inputs, upstream: runs.append(1) or 2 * inputs["number"])
            return pipeline.run({"number": 21}).outputs["double"]

    assert [run(encryption_keys=[key]), run(), run(encryption_keys=[key])] == [42] * 3
    assert len(runs) == 2
    assert all("encryption_keys=" in text for text in warnings(caplog))
