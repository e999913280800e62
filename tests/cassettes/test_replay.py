"""Every cassette is whole, used, clean, and what the recorder makes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from langcache import Cache
from langcache.cli.demo.applicants import read_applicants
from langcache.cli.demo.chains import RECORDED, Chains, wrapped_chains
from langcache.cli.demo.record import SCENES, record
from langcache.cli.demo.tapes import cassettes_folder
from langcache.testing import CassetteError, FakeClock, cassette, scan_for_secrets

FOLDER = cassettes_folder()
FILES = sorted(FOLDER.glob("*.yaml"))
READABLE_BYTES = 150_000


@pytest.fixture
def cache() -> Iterator[Cache]:
    with Cache("memory://", clock=FakeClock()) as opened:
        yield opened


@pytest.fixture
def chains(cache: Cache) -> Chains:
    return wrapped_chains(cache, RECORDED)


def answers(path: Path) -> list[str]:
    """What was answered in *path*, as text."""
    tape: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [each["response"]["body"]["string"] for each in tape["interactions"]]


def test_every_file_in_the_folder_is_played_by_a_test() -> None:
    """The tests below run over the scenes: a file without a scene would be played by none."""
    assert sorted(SCENES) == [path.stem for path in FILES]


@pytest.mark.disable_socket
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_cassette_replays_whole(path: Path, chains: Chains) -> None:
    """With recording off and sockets closed, the scene plays all of it; `cassette` refuses less."""
    scene, _ = SCENES[path.stem]
    with cassette(path) as tape:
        scene(chains, read_applicants())
    assert len(tape) == tape.play_count > 0


@pytest.mark.disable_socket
@pytest.mark.parametrize("name", ["full_llm", "unique"])
async def test_what_was_recorded_sync_replays_async(name: str, chains: Chains) -> None:
    """Both halves of the SDKs send the same requests."""
    with cassette(FOLDER / f"{name}.yaml") as tape:
        for applicant in read_applicants():
            await getattr(chains, name).ainvoke(applicant)
    assert len(tape) == tape.play_count


@pytest.mark.disable_socket
def test_a_cassette_played_in_part_is_an_error(chains: Chains) -> None:
    """Otherwise requests could vanish from the demo unnoticed."""
    expected = pytest.raises(CassetteError, match="11 of 12 interactions were not played")
    with expected, cassette(FOLDER / "full_llm.yaml"):
        chains.full_llm.invoke(read_applicants()[0])


@pytest.mark.disable_socket
@pytest.mark.parametrize(("name", "error"), [("rate_limited", "429"), ("overloaded", "529")])
def test_a_failure_is_survived_by_one_more_attempt(name: str, error: str, cache: Cache, chains: Chains) -> None:
    """One retry layer: the error of the first attempt is in the event, the answer is the second's."""
    with cache.capture() as events, cassette(FOLDER / f"{name}.yaml"):
        SCENES[name][0](chains, read_applicants())
    (event,) = events
    assert (event.outcome, event.attempts) == ("miss", 2)
    assert [error] == [text.split()[-1] for text in event.details["errors"]]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_cassette_holds_no_key_and_can_be_read(path: Path) -> None:
    """Nothing in it looks like a credential, and a person can read it through."""
    assert scan_for_secrets(path) == []
    assert path.stat().st_size < READABLE_BYTES


@pytest.mark.parametrize("name", ["full_llm", "unique"])
def test_masked_requests_hold_nobody(name: str) -> None:
    """What would leave for the provider names no applicant, startup or university."""
    sent = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    for applicant in read_applicants():
        assert f"Name: {applicant['first_name']}" not in sent
        assert not [school for school in applicant["universities"] if school in sent]


def test_the_writer_shows_what_models_do_to_placeholders() -> None:
    """A possessive and a misspelt placeholder are among the answers, so that replaying exercises both."""
    said = "".join(answers(FOLDER / "full_llm.yaml"))
    assert "[startup name]'s origin" in said
    assert "[Startup-Name]" in said


def test_recording_again_gives_the_same_bytes(tmp_path: Path) -> None:
    """If this fails the requests have changed: run ``make record`` and look at the difference."""
    record(tmp_path)
    for path in FILES:
        assert path.read_bytes() == (tmp_path / path.name).read_bytes()
