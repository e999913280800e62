"""Any idea, on providers that answer over HTTP: here langcache's stand-in, found as the SDKs find a proxy."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from orchestrator_support import CODE, STAGES, Command

from ai_orchestrator import models
from ai_orchestrator.record import record, say
from ai_orchestrator.sources import CASSETTE
from langcache.testing import Provider, Reply, Request


@pytest.fixture
def provider(command: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    with Provider(say) as stand_in:
        monkeypatch.setenv("OPENAI_API_KEY", "test")
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
        monkeypatch.setenv("OPENAI_BASE_URL", stand_in.openai_url)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", stand_in.anthropic_url)
        yield stand_in


def only(phase: int, answer: str | Reply) -> Callable[[Request], str | Reply]:
    """The stand-in, which says *answer* in one phase."""

    def reply(request: Request) -> str | Reply:
        asked = str(request.json["messages"][-1]["content"])
        return answer if asked.startswith(f"Phase {phase}:") else say(request)

    return reply


def test_another_idea_asks_the_providers(provider: Provider, command: Command, tmp_path: Path) -> None:
    """One call a stage and four reviews and proposals; the project's folder is named after the idea."""
    run = command("generate", "A list of things to do!", "--json").data
    assert sorted(STAGES) == sorted(run["executed"])
    assert (provider.calls, run["out"]) == (16, "a-list-of-things-to-do")
    assert (tmp_path / run["out"] / "todo/model.py").exists()
    assert command("generate", "A list of things to do!", "--json").data["executed"] == []
    assert provider.calls == 16


def test_live_never_serves_what_the_cassette_said(provider: Provider, command: Command) -> None:
    """The same idea, recorded and real, in one store: both are kept, apart."""
    assert command("generate", "Build todo app", "--json").data["cost_usd"] != "0"
    assert provider.calls == 0
    run = command("generate", "Build todo app", "--live", "--json").data
    assert [stage for stage in run["reused"] if stage in CODE] == []
    assert provider.calls == 16


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ('<file path="../up.py">\nx = 1\n</file>', "not one inside the output folder"),
        ('<file path="todo/storage.py">\nx =\n</file>', "todo/storage.py:1: invalid syntax"),
        ('<file path="a.py">\n</file>\n<file path="a.py">\n</file>', "holds a file twice"),
        ("I would rather not.", "holds no file blocks"),
        (Reply('<file path="todo/storage.py">\nx = 1\n</file>', finish="max_tokens"), "ended with 'max_tokens'"),
    ],
)
def test_an_answer_that_cannot_be_used_fails_its_phase(
    provider: Provider, command: Command, tmp_path: Path, answer: str | Reply, why: str
) -> None:
    """It is said why, nothing after it starts, nothing of it is reused; the next answer may be right."""
    provider.reply = only(2, answer)
    failed = command("generate", "A todo list", "--json")
    assert (failed.status, failed.data["failed"]["stage"]) == (1, CODE[1])
    assert why in failed.data["failed"]["reason"]
    assert (failed.data["executed"][-1], (tmp_path / "a-todo-list").exists()) == (CODE[0], False)
    provider.reply = say
    assert command("generate", "A todo list", "--json").data["executed"][0] == CODE[1]


PLAN = {"id": 1, "title": "All", "goal": "All of it.", "files": ["a.py"], "tests": ["test_a.py::test_a"]}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Reply("Let me think about it."), "AnswerError: the answer is no PhasePlan"),
        (json.dumps({"phases": [{**PLAN, "id": 2}]}), "phases are numbered [2]"),
        (json.dumps({"phases": [{**PLAN, "files": ["/etc/a.py"], "tests": []}]}), "phase 1: /etc/a.py leaves"),
        (json.dumps({"phases": [{**PLAN, "tests": []}]}), "phase 1 has no test"),
    ],
)
def test_a_plan_that_cannot_work_is_refused(
    provider: Provider, command: Command, answer: str | Reply, why: str
) -> None:
    """Before any phase is paid for."""

    def reply(request: Request) -> str | Reply:
        return answer if "PhasePlan" in str(request.json.get("tools")) else say(request)

    provider.reply = reply
    failed = command("generate", "A todo list", "--json").data
    assert failed["failed"]["stage"] == "project_micro_phases"
    assert why in failed["failed"]["reason"]
    assert not set(CODE) & set(failed["executed"])


def test_a_request_that_is_not_recorded_says_what_to_do(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if another release of an SDK had written it."""
    monkeypatch.setattr(models, "GPT", "gpt-unheard-of")
    said = command("generate", "Build todo app")
    assert (said.status, "python -m ai_orchestrator.record" in said.err) == (1, True)


def test_the_cassette_is_what_the_stand_in_says(tmp_path: Path) -> None:
    """Recorded again it is the same, byte for byte: nobody edited it, and no prompt has changed since."""
    record(tmp_path / "again.yaml")
    assert CASSETTE.read_bytes() == (tmp_path / "again.yaml").read_bytes()
