"""Phases that fail, crash and are killed; what the next run does, costs and saves; two processes at once."""

import json
import re
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import killed_child
import pytest
from orchestrator_support import CODE, FIRST, STAGES, Command, environment, fork, say

HERE = Path(__file__).parent
README = (HERE.parent / "README.md").read_text(encoding="utf-8")
GENERATE = ("generate", "Build todo app", "--workflow-type", "micro_phase")
REST = [stage for stage in STAGES if stage not in [*FIRST, *CODE[:7]]]


def test_a_crash_at_phase_8_of_10_costs_phase_8(command: Command) -> None:
    """Phases 1–7 are reused, 8–10 executed; both runs' costs are said, and their sum is one run's from nothing."""
    crashed = command(*GENERATE, "--fail-at", "phase-8", "--session", "abc123", "--json")
    assert crashed.status == 1
    first = crashed.data
    assert (first["failed"], first["state"]) == (
        {"stage": "phase-8-generated_code", "reason": "Crash: --fail-at phase-8"},
        "failed",
    )
    assert [*FIRST, *CODE[:7]] == sorted(first["executed"], key=STAGES.index)
    second = command(*GENERATE, "--session", "abc123", "--json").data
    assert [*FIRST, *CODE[:7]] == sorted(second["reused"], key=STAGES.index)
    assert sorted(REST) == sorted(second["executed"])
    costs = [Decimal(run["cost_usd"]) for run in (first, second)]
    assert min(costs) > 0
    assert [costs[0], sum(costs)] == [Decimal(second[name]) for name in ("earlier_cost_usd", "session_cost_usd")]
    assert costs[0] == Decimal(second["saved_usd"])
    assert second["saved_share"] == float(costs[0] / sum(costs))
    third = command(*GENERATE, "--session", "abc123", "--json").data
    assert (third["executed"], Decimal(third["cost_usd"]), third["saved_share"]) == ([], 0, 1.0)


def test_the_readme_shows_what_the_command_prints(command: Command) -> None:
    """Line by line: what was executed and reused, the cost of both runs, the saved share."""
    (shown,) = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    for block in re.split(r"^\$ ", shown, flags=re.MULTILINE)[1:]:
        line, _, expected = block.partition("\n")
        arguments = re.findall(r'"[^"]*"|\S+', line.partition(" | ")[0])
        said = command(*(word.strip('"') for word in arguments[1:]))
        printed = [line.rstrip() for line in said.out.splitlines()]
        tail = int(line.rpartition("tail -")[2])
        assert expected.split("\n")[:-1] == printed[-tail:]
    share = re.findall(r"([\d.]+) ?%", shown)
    assert f"saved {share[-1]} %" in README
    assert f"saves {share[-1]} %" in (HERE.parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.mark.timeout(600)
def test_a_killed_process_loses_the_phase_it_was_at(command: Command, tmp_path: Path) -> None:
    """A real SIGKILL as phase 8 begins: no handler ran, and the next run goes on there."""
    killed = fork(tmp_path, killed_child.main, CODE[7], 2.0)
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    known = command("status", "killed", "--json").data
    assert (known["state"], sorted([*FIRST, *CODE[:7]])) == ("running", sorted(known["stages"]))
    run = command(*GENERATE, "--session", "killed", "--json").data
    assert [*FIRST, *CODE[:7]] == sorted(run["reused"], key=STAGES.index)
    assert sorted(REST) == sorted(run["executed"])
    assert Decimal(known["cost_usd"]) == Decimal(run["saved_usd"]) == Decimal(run["earlier_cost_usd"]) > 0


@pytest.mark.timeout(600)
def test_two_processes_share_the_work(tmp_path: Path) -> None:
    """Each stage is executed once, by whoever gets to it first; both write the same project."""
    said = [tmp_path / "one.json", tmp_path / "two.json"]
    patient = (*GENERATE, "--json", "--lease-s", "60")
    children = [fork(tmp_path, say, path, *patient, "--out", path.stem, "--session", path.stem) for path in said]
    for child in children:
        child.join(300)
    assert [child.exitcode for child in children] == [0, 0]
    runs = [json.loads(path.read_text()) for path in said]
    assert sorted(STAGES) == sorted([*runs[0]["executed"], *runs[1]["executed"]])
    assert sum(Decimal(run["cost_usd"]) for run in runs) == Decimal(runs[0]["cost_usd"]) + Decimal(runs[0]["saved_usd"])
    for path in runs[0]["files"]:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes()


def test_a_store_that_is_down_costs_reuse_and_not_the_project(command: Command, tmp_path: Path) -> None:
    """Nothing is kept, everything is executed, and it is said; the idea may be typed in any case."""
    (tmp_path / "file").touch()
    offline = ("--url", f"sqlite:///{tmp_path}/file/cache.db")
    run = command("generate", "build  TODO app", *offline, "--json").data
    assert (sorted(STAGES), run["state"]) == (sorted(run["executed"]), None)
    assert sorted(STAGES) == sorted(run["uncommitted"])
    assert (tmp_path / run["out"] / "todo/cli.py").exists()
    said = command(*GENERATE, *offline)
    assert (said.status, "the store does not answer" in said.out) == (0, True)


@pytest.mark.timeout(600)
def test_the_app_passes_its_own_tests(command: Command, tmp_path: Path) -> None:
    """What was generated works: its tests, those of the plan among them, run in a process of their own."""
    run = command(*GENERATE, "--out", "app", "--json").data
    assert "todo/cli.py" in run["files"]
    folder = tmp_path / "app"
    plain = {**environment(folder), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        env=plain,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    planned = json.loads((folder / "final_integration_summary.json").read_text())["tests"]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= len(planned) > 20
