"""``langcache demo`` as people run it: in an empty folder, without keys; first in a process of its own."""

import csv
import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from rich.console import Console

from langcache import Cache
from langcache.cli.app import main
from langcache.cli.demo.applicants import BACKGROUNDS, FIELDS, read_applicants
from langcache.cli.demo.report import show
from langcache.cli.demo.run import run

COMMAND = Path(sys.executable).with_name("langcache")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
FILLED = "\x1b[1;36m"
GENERATION_TYPES = 2
COLUMNS = 80


def environment() -> dict[str, str]:
    """Ours without keys, and 80 columns wide."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    return {**kept, "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}


def langcache(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in *folder* to its end."""
    return subprocess.run(
        [COMMAND, *arguments], cwd=folder, env=environment(), capture_output=True, text=True, timeout=120
    )


def here(folder: Path, *arguments: str) -> str:
    """What the demo prints when it is run in this process."""
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()) as page:
        patch.chdir(folder)
        patch.setenv("COLUMNS", str(COLUMNS))
        patch.setattr(sys, "argv", ["langcache", "demo", *arguments])
        with pytest.raises(SystemExit, match="0"):
            main()
    return page.getvalue()


class Runs(NamedTuple):
    """Two runs in one folder, the first by a process that is gone; and what the second looks like to people."""

    folder: Path
    first: Any
    second: Any
    page: str


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder = tmp_path_factory.mktemp("demo")
    finished = langcache("demo", "--json", folder=folder)
    assert finished.returncode == 0, finished.stderr
    first, second = json.loads(finished.stdout), json.loads(here(folder, "--json"))
    return Runs(folder, first, second, here(folder))


def head(typed: str, table: dict[str, list[str]]) -> str:
    """The word that *typed* stands for, found without langcache's own normalising."""
    word = " ".join(typed.lower().split())
    return next((known for known, words in table.items() if word in (known, *words)), word)


def kinds() -> int:
    """Kinds of applicants, counted without langcache."""
    return len(
        {
            (
                head(applicant["background"], BACKGROUNDS),
                head(applicant["field"], FIELDS),
                None if applicant["gpa"] is None else (applicant["gpa"] >= 3.0) + (applicant["gpa"] >= 3.5),
                applicant["startup_name"] is None,
                min(len(applicant["universities"]), 2),
            )
            for applicant in read_applicants()
        }
    )


def test_a_hundred_applicants_type_a_dozen_kinds() -> None:
    """The table is varied enough to show something, and small enough to be read."""
    assert len(read_applicants()) == 100
    assert 10 <= kinds() <= 14
    assert len({applicant["background"] for applicant in read_applicants()}) > len(BACKGROUNDS) * 3


def test_an_empty_cache_calls_once_per_kind_and_type(runs: Runs) -> None:
    """The hit rate is the arithmetic limit: no key is split, none is joined."""
    first, expected = runs.first, kinds() * GENERATION_TYPES
    assert (expected, expected) == (first["kinds"], first["provider_calls"])
    assert first["hit_rate"] == first["hit_rate_limit"] == pytest.approx(1 - expected / first["requests"])
    assert float(first["saved_usd"]) > float(first["spent_usd"]) > 0


@pytest.mark.parametrize("run", ["first", "second"])
def test_what_the_events_count_is_what_the_cassettes_answered(run: str, runs: Runs) -> None:
    """`provider calls` is not our word alone: it is the number of HTTP requests made."""
    found = getattr(runs, run)
    assert found["http_requests"] == found["provider_calls"]


def test_a_second_run_calls_nobody(runs: Runs) -> None:
    """Every applicant is served from ``langcache.db``."""
    second = runs.second
    assert (second["requests"], second["provider_calls"], second["hit_rate"]) == (200, 0, 1.0)
    assert second["median_call_s"] is None
    assert 0 == float(second["spent_usd"]) < float(second["saved_usd"])


@pytest.mark.parametrize("run", ["first", "second"])
def test_no_store_and_the_failure_are_shown_in_every_run(run: str, runs: Runs) -> None:
    """One call is neither read nor kept; one survives its first attempt."""
    found = getattr(runs, run)
    bypassed, failure = found["no_store"], found["failure"]
    assert tuple(bypassed[name] for name in ("outcome", "reason", "provider_calls")) == ("bypass", "no-store", 1)
    assert bypassed["entries_before"] == bypassed["entries_after"] == kinds() * GENERATION_TYPES
    assert tuple(failure[name] for name in ("outcome", "provider_calls", "errors")) == (
        "refresh",
        2,
        ["OpenAIRateLimitError 429"],
    )


def test_the_database_holds_no_applicant(runs: Runs) -> None:
    """No startup, university or longer first name is in any byte of it."""
    stored = b"".join(path.read_bytes() for path in runs.folder.glob("langcache.db*"))
    personal = {
        value
        for applicant in read_applicants()
        for value in (applicant["first_name"], applicant["startup_name"], *applicant["universities"])
        if value is not None and len(value) > 4
    }
    assert len(personal) > 100
    assert [value for value in personal if value.encode() in stored] == []


def test_the_page_fits_80_columns_without_colour(runs: Runs) -> None:
    """A pipe gets plain text, a small terminal no broken lines."""
    assert "\x1b" not in runs.page
    assert [line for line in runs.page.splitlines() if len(line) > COLUMNS] == []


def test_the_page_says_what_happened_on_lines_of_their_own(runs: Runs) -> None:
    """Calls, the call past the cache, and the failure can be found with grep."""
    starts = [line.partition(":")[0] for line in runs.page.splitlines() if ":" in line]
    assert [starts.count(name) for name in ("provider calls", "no-store", "failure")] == [1, 1, 1]
    assert "\nprovider calls: 0 for 200 requests of 100 applicants\n" in runs.page


def test_a_terminal_gets_progress_and_what_was_filled_in_in_colour(runs: Runs) -> None:
    """On a terminal of 80 columns, personal details stand out and no line is broken."""
    shown = on_a_terminal(runs.folder, "demo")
    assert "100/100" in shown
    filled = {re.sub(ESCAPE, "", part) for part in re.findall(re.escape(FILLED) + r".*?\x1b\[0m", shown)}
    assert filled & {applicant["startup_name"] for applicant in read_applicants()}
    lines = [re.sub(ESCAPE, "", line).rstrip() for line in re.split(r"[\r\n]+", shown)]
    assert [line for line in lines if len(line) > COLUMNS] == []


def on_a_terminal(folder: Path, *arguments: str) -> str:
    """What a terminal of 80 columns was sent."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    with subprocess.Popen(
        [COMMAND, *arguments], cwd=folder, env=environment(), stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        pieces = []
        while piece := _read(ours):
            pieces.append(piece)
        os.close(ours)
    assert process.returncode == 0
    return b"".join(pieces).decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says EIO where the other side has closed
        return b""


def test_fresh_forgets_what_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--url`` or the environment names the store, ``--fresh`` empties it first; nothing is left in the folder."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    calls = []
    monkeypatch.setenv("LANGCACHE_URL", f"sqlite:///{tmp_path}/a.db")
    for more in (["--url", f"sqlite:///{tmp_path}/a.db"], [], ["--fresh"]):
        monkeypatch.setattr(sys, "argv", ["langcache", "demo", "--csv", *more])
        with pytest.raises(SystemExit, match="0"):
            main()
        rows = {row["generation_type"]: row for row in csv.DictReader(io.StringIO(capsys.readouterr().out))}
        calls.append(int(rows["both"]["provider_calls"]))
    assert [kinds() * GENERATION_TYPES, 0, kinds() * GENERATION_TYPES] == calls
    assert list(here.iterdir()) == []


def test_the_page_does_not_repeat_a_password(capsys: pytest.CaptureFixture[str]) -> None:
    """A store's URL is shown without its credentials."""
    with Cache("memory://") as cache:
        done = run(cache, read_applicants()[:1], live=None, advance=lambda _name: None)
    show(Console(), done, store="redis://me:hunter2@host:6379/0", namespace="demo", live=False)
    page = capsys.readouterr().out
    assert "redis://host:6379/0" in page
    assert "hunter2" not in page
