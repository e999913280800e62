"""Cassettes of both real SDKs: recorded from the stand-in, replayed without it, and every way to fail."""

import random
import string
from pathlib import Path
from typing import Any

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_openai import ChatOpenAI
from pydantic import SecretStr
from pytest_socket import disable_socket, enable_socket

from langcache.testing.cassettes import CassetteError, cassette, scan_for_secrets
from langcache.testing.provider import Fault, Provider

KEY = SecretStr("sk-test-0123456789abcdef")


def models(openai_url: str, anthropic_url: str) -> list[Any]:
    return [
        ChatOpenAI(base_url=openai_url, api_key=KEY, model="gpt-4o-mini", max_retries=0, stream_usage=True),
        ChatAnthropic(base_url=anthropic_url, api_key=KEY, model="claude-haiku-4-5", max_retries=0),
    ]


async def conversation(pair: list[Any]) -> list[str]:
    """Both vendors, sync and async, whole and streamed, and an error that was followed by an answer."""
    said: list[str] = []
    for model in pair:
        with pytest.raises(Exception, match=r"429|529"):
            model.invoke("Tell me")
        said.append(model.invoke("Tell me").text)
        said.append((await model.ainvoke("Tell me more")).text)
        said.append("|".join(chunk.text for chunk in model.stream("Stream it")))
        said.append("|".join([chunk.text async for chunk in model.astream("Stream it again")]))
    return said


async def record(path: Path) -> list[str]:
    pauses = [Fault(429, headers={"retry-after": "1"}), *[None] * 4, Fault(529)]
    with Provider(faults=pauses) as provider, cassette(path, record=True):
        return await conversation(models(provider.openai_url, provider.anthropic_url))


ELSEWHERE = ("http://openai.invalid/v1", "http://anthropic.invalid")


async def test_a_recording_replays_when_the_server_is_gone(tmp_path: Path) -> None:
    """Ten interactions, answered from the file alone: the host does not exist and sockets are closed."""
    path = tmp_path / "talk.yaml"
    recorded = await record(path)
    pair = models(*ELSEWHERE)
    disable_socket(allow_unix_socket=True)
    try:
        with cassette(path) as tape:
            replayed = await conversation(pair)
            assert tape.play_count == 10
    finally:
        enable_socket()
    assert replayed == recorded
    assert recorded[0] == "echo: Tell me"


async def test_a_recording_is_readable_and_holds_no_key(tmp_path: Path) -> None:
    """JSON bodies are indented text, streams are text, no header names us."""
    path = tmp_path / "talk.yaml"
    await record(path)
    text = path.read_text()
    assert '"content": "Tell me"' in text
    assert "event: message_stop" in text
    assert "!!binary" not in text
    assert "sk-test" not in text
    assert "stainless" not in text.lower()
    assert scan_for_secrets(path) == []


async def test_recording_twice_gives_the_same_file(tmp_path: Path) -> None:
    """A diff of cassettes shows what changed in the conversation, and nothing else."""
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    await record(first)
    await record(second)
    assert first.read_text() == second.read_text()


def ask(model: Any, *, times: int = 1) -> list[str]:
    """The same question so often."""
    return [model.invoke("Hi").text for _ in range(times)]


def one_call(path: Path, *, times: int = 1) -> None:
    """Record *times* equal calls of ChatOpenAI."""
    with Provider("Hello") as provider, cassette(path, record=True):
        ask(models(provider.openai_url, provider.anthropic_url)[0], times=times)


def test_a_missing_cassette_fails(tmp_path: Path) -> None:
    """Replay never falls back to the network."""
    with pytest.raises(CassetteError, match="no such cassette"), cassette(tmp_path / "none.yaml"):
        raise AssertionError("not reached")


def test_an_empty_cassette_fails(tmp_path: Path) -> None:
    """A file without interactions proves nothing."""
    path = tmp_path / "empty.yaml"
    path.write_text("interactions: []\nversion: 1\n")
    with pytest.raises(CassetteError, match="empty"), cassette(path):
        pass


def test_a_recording_of_nothing_fails(tmp_path: Path) -> None:
    """And leaves no file."""
    path = tmp_path / "nothing.yaml"
    with pytest.raises(CassetteError, match="empty"), cassette(path, record=True):
        pass
    assert not path.exists()


@pytest.mark.parametrize("played", [0, 1])
def test_a_cassette_that_is_not_wholly_played_fails(tmp_path: Path, played: int) -> None:
    """Unused, or partly played: the code under test no longer does what was recorded."""
    path = tmp_path / "two.yaml"
    one_call(path, times=2)
    with pytest.raises(CassetteError, match=rf"{2 - played} of 2"), cassette(path):
        ask(models(*ELSEWHERE)[0], times=played)


def test_a_request_that_was_not_recorded_fails(tmp_path: Path) -> None:
    """Another body is another request."""
    path = tmp_path / "one.yaml"
    one_call(path)
    with pytest.raises(Exception, match=r"one\.yaml"), cassette(path):
        models(*ELSEWHERE)[0].invoke("Something else")


def test_an_answer_serves_one_request_unless_allowed(tmp_path: Path) -> None:
    """Repeats are asked for."""
    path = tmp_path / "one.yaml"
    one_call(path)
    model = models(*ELSEWHERE)[0]
    with cassette(path, allow_repeats=True):
        assert ask(model, times=2) == ["Hello", "Hello"]
    with pytest.raises(Exception, match=r"one\.yaml"), cassette(path):
        ask(model, times=2)


def test_a_cassette_with_a_key_fails(tmp_path: Path) -> None:
    """In what was recorded, and in what is replayed."""
    path = tmp_path / "key.yaml"
    with (
        Provider("use Bearer abcdef123456") as provider,
        pytest.raises(CassetteError, match="bearer token in line"),
        cassette(path, record=True),
    ):
        models(provider.openai_url, provider.anthropic_url)[0].invoke("Hi")
    with pytest.raises(CassetteError, match="bearer token in line"), cassette(path):
        raise AssertionError("not reached")


def test_a_recording_that_raises_writes_no_file(tmp_path: Path) -> None:
    """Half a conversation is not kept."""
    path = tmp_path / "half.yaml"

    def broken(model: Any) -> None:
        ask(model)
        raise RuntimeError

    with Provider() as provider, pytest.raises(RuntimeError), cassette(path, record=True):
        broken(models(provider.openai_url, provider.anthropic_url)[0])
    assert not path.exists()


SECRETS = [
    "sk-abcdefgh12345678",
    "sk-ant-api03-abcdefgh",
    "Bearer abcd",
    "AKIA" + "A1" * 8,
    "ghp_" + "a1B2" * 6,
    "authorization: x",
    "  x-api-key: y",
    "-----BEGIN RSA PRIVATE KEY-----",
    "0123456789abcdef" * 2,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_what_looks_like_a_key_is_found_with_its_line_and_not_quoted(tmp_path: Path, secret: str) -> None:
    """The report may be printed."""
    path = tmp_path / "file.txt"
    path.write_text(f"one\n{secret}\nthree")
    found = scan_for_secrets(path)
    assert found
    assert all("line 2" in each for each in found)
    assert secret not in str(found)


def test_random_tokens_are_found_and_prose_is_not(tmp_path: Path) -> None:
    """Chance is told from words by its entropy."""
    chance, path = random.Random(7), tmp_path / "file.txt"
    for _ in range(200):
        path.write_text("aZ7" + "".join(chance.choices(string.ascii_letters + string.digits, k=37)))
        assert scan_for_secrets(path) == ["a random token in line 1"]
    path.write_text(
        "a-task-management-plan-for-every-founder-2026 chatcmpl-9aB8cD7eF6gH5iJ4kL3mN2oP1qR0s https://e.org/Abc"
    )
    assert scan_for_secrets(path) == []
