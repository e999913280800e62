"""``--live``, against a stand-in where the providers would be; and what happens when a provider fails."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from langcache.cli.app import main
from langcache.cli.demo import tapes
from langcache.cli.demo.writer import write
from langcache.testing import Fault, Provider


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """Both providers, found through the variables their SDKs read."""
    with Provider(write) as stand_in:
        monkeypatch.setenv("OPENAI_API_KEY", "test")
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
        monkeypatch.setenv("OPENAI_BASE_URL", stand_in.openai_url)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", stand_in.anthropic_url)
        yield stand_in


def demo(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    """Run the demo in memory; its exit status."""
    monkeypatch.setattr(sys, "argv", ["langcache", "demo", "--url", "memory://", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    return left.value.code


def test_live_calls_the_real_urls(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every call reaches the provider, the one with ``no-store`` too; no failure is staged."""
    assert demo(monkeypatch, "--live", "--json") == 0
    figures = json.loads(capsys.readouterr().out)
    assert provider.calls == figures["provider_calls"] + figures["no_store"]["provider_calls"]
    assert (figures["http_requests"], figures["failure"]) == (None, None)


def test_live_is_said_on_the_page(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody takes real figures for replayed ones."""
    assert demo(monkeypatch, "--live") == 0
    page = capsys.readouterr().out
    assert "replayed" not in page.casefold()
    assert "failure: none was staged" in page


def test_live_never_serves_what_a_cassette_said(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """In one store, replayed and real answers are kept apart."""
    url = f"sqlite:///{tmp_path}/answers.db"
    calls = []
    for more in ([], ["--live"], ["--live"], []):
        assert demo(monkeypatch, "--json", "--url", url, *more) == 0
        calls.append(json.loads(capsys.readouterr().out)["provider_calls"])
    assert calls[0] == calls[1] > 0 == calls[2] == calls[3]


def test_a_provider_that_refuses_is_one_line(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong key ends the demo with its reason and status 1."""
    provider.fail(Fault(401))
    assert demo(monkeypatch, "--live") == 1
    error = capsys.readouterr().err
    assert error.startswith("langcache: a provider failed: OpenAIAuthenticationError")
    assert error.count("\n") == 1


def test_a_request_no_cassette_holds_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """An SDK that writes its requests otherwise is named as the cause, with two ways out."""
    shutil.copy(tapes.cassettes_folder() / "unique.yaml", tmp_path / "full_llm.yaml")
    monkeypatch.setattr(tapes, "cassettes_folder", lambda: tmp_path)
    assert demo(monkeypatch) == 1
    error = capsys.readouterr().err
    assert error.startswith("langcache: a request is not in full_llm.yaml")
    assert error.count("\n") == 1
