"""The commands that look at what is stored, and those that remove it."""

import subprocess
import sys
from decimal import Decimal
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from orchestrator_support import CODE, STAGES, Command, environment

from ai_orchestrator.cli import main
from ai_orchestrator.upkeep import without_credentials

GENERATE = ("generate", "Build todo app")
SESSION = "build-todo-app"


@pytest.fixture
def done(command: Command) -> Command:
    """A store in which the todo app was generated, after a crash."""
    assert command(*GENERATE, "--fail-at", "phase-9").status == 1
    assert command(*GENERATE).status == 0
    return command


def test_what_is_stored_is_shown(done: Command) -> None:
    """Session, costs, statistics and soundness agree with each other, as JSON and for people."""
    known = done("status", SESSION, "--json").data
    assert (known["state"], known["runs"], list(known["stages"])) == ("finished", 2, list(known["stages"]))
    assert sorted(STAGES) == sorted(known["stages"])
    assert known["stages"]["phase-9-generated_code"]["attempts"] == 2
    entry = done("status", SESSION, "--include-cache", "--json").data["stages"][CODE[0]]["entry"]
    assert (entry["agent_version"], entry["validation_status"], entry["access_count"]) == (
        "claude-sonnet-5, replayed",
        "passed",
        1,
    )
    costs = done("cost-analysis", SESSION, "--json").data
    assert known["cost_usd"] == costs["cost_usd"]
    for part in ("by_stage", "by_agent"):
        assert Decimal(costs["cost_usd"]) == sum(map(Decimal, costs[part].values())) > 0
    stats = done("cache-stats", "--days", "30", "--json").data
    assert (stats["entries"], stats["stages"]["phase-{id}-generated_code"]["entries"]) == (len(STAGES), 10)
    assert Decimal(stats["saved_usd"]) == Decimal(known["saved_usd"]) == Decimal(costs["saved_usd"])
    about = done("cache", "info", "--json").data
    assert (about["entries"], about["healthy"], about["findings"]) == (len(STAGES), True, [])
    for arguments in (["status", SESSION, "--include-cache"], ["cost-analysis", SESSION], ["cache-stats"]):
        said = done(*arguments)
        assert said.status == 0
        assert all(len(line) <= 80 for line in said.out.splitlines() if ":" not in line)
    assert "healthy" in done("cache", "info").out


def test_nothing_is_removed_unless_confirmed(done: Command) -> None:
    """Without ``--confirm`` the cascade is shown and the status is 2; with it, exactly that goes."""
    shown = done("invalidate-cache", CODE[8], "--json")
    assert (shown.status, shown.data["removed"]) == (2, False)
    assert done("invalidate-cache", CODE[8]).status == 2
    assert done("cache", "info", "--json").data["entries"] == len(STAGES)
    gone = done("invalidate-cache", CODE[8], "--confirm", "--json")
    assert (gone.status, gone.data["entries"]) == (0, shown.data["entries"])
    stages = [entry["cache_key"].rpartition(":")[0] for entry in gone.data["entries"]]
    assert sorted(stages) == sorted([*CODE[8:], "phase-9-validation", "phase-10-validation", STAGES[-1]])
    again = done(*GENERATE, "--json").data
    assert sorted(stages) == sorted(again["executed"])


def test_a_cache_is_cleared_only_if_confirmed(done: Command) -> None:
    """Sessions included."""
    assert done("cache", "clear").status == done("cache", "clear", "--json").status == 2
    assert done("cache", "info", "--json").data["entries"] == len(STAGES)
    assert done("cache", "clear", "--confirm", "--json").data["records"] > len(STAGES)
    assert done("cache", "info", "--json").data["entries"] == 0
    assert done("status", SESSION).status == 1


def test_a_failure_is_one_line_and_a_status(command: Command) -> None:
    """Unknown names, ideas nobody recorded, and keys that are missing; the line says what to do."""
    for arguments, status, said in [
        (["status", "nobody"], 1, "no session is called 'nobody'"),
        (["cost-analysis", "nobody"], 1, "no session is called 'nobody'"),
        (["invalidate-cache", "nothing"], 1, "nothing is stored under 'nothing'"),
        (["generate", "Build a rocket"], 2, "set OPENAI_API_KEY and ANTHROPIC_API_KEY"),
        (["generate", "Build todo app", "--live"], 2, "OPENAI_API_KEY is not set"),
        (["cache", "info", "--url", "nowhere://"], 2, "names no store"),
    ]:
        done = command(*arguments)
        assert (done.status, done.err.count("\n"), said in done.err) == (status, 1, True), done.err


def test_a_stored_password_is_not_shown(command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A store's URL is shown without its credentials."""
    shown = command("cache", "info", "--url", f"sqlite:///{tmp_path}/other.db", "--json").data["store"]
    assert shown == f"sqlite:///{tmp_path}/other.db"
    assert without_credentials("redis://me:hunter2@host:6379/0") == "redis://host:6379/0"


def test_it_runs_as_a_module_and_as_a_command(tmp_path: Path) -> None:
    """``python -m ai_orchestrator.cli`` and ``ai-orchestrator`` are one."""
    start = [sys.executable, "-m", "ai_orchestrator.cli", "cache", "info", "--json"]
    done = subprocess.run(start, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True)
    assert (done.returncode, '"entries": 0' in done.stdout) == (0, True), done.stderr
    (point,) = entry_points(group="console_scripts", name="ai-orchestrator")
    assert point.load() is main
