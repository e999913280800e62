"""``langcache`` as a process: statuses, no colour in a pipe, and Ctrl-C at the worst moment."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from support.commands import fill, langcache

from langcache import Cache
from langcache.runtime import inspection
from langcache.storage.base import Record
from langcache.storage.sqlite.store import SQLiteStore

COMMAND = Path(sys.executable).with_name("langcache")
LIMIT_S = 150


@pytest.fixture(autouse=True)
def hears_ctrl_c() -> Iterator[None]:
    """Also where the whole run was put in the background, whose shell makes its children deaf to SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def process(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, **env}
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, timeout=LIMIT_S, env=env)


def press_ctrl_c(monkeypatch: pytest.MonkeyPatch, method: str, calls: int) -> None:
    """Send this process SIGINT when *method* of the store has been called so often."""
    real, left = getattr(SQLiteStore, method), iter(range(calls))

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        if next(left, None) is None:
            signal.raise_signal(signal.SIGINT)
        return real(*args, **kwargs)

    monkeypatch.setattr(SQLiteStore, method, interrupted)


def test_in_a_pipe_there_is_no_colour_and_no_bar(url: str) -> None:
    """Nothing but the answer on stdout, nothing at all on stderr."""
    fill(url)
    done = process("doctor", "--url", url, TERM="xterm-256color")
    assert (done.returncode, "\x1b" in done.stdout, done.stderr) == (0, False, "")
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_wrong_option_is_no_traceback() -> None:
    """Status 2, nothing on stdout."""
    wrong = process("info", "--nonsense")
    assert (wrong.returncode, wrong.stdout, "Traceback" in wrong.stderr) == (2, "", False)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_on_a_terminal_there_is_colour_unless_it_is_unwanted(env: dict[str, str], coloured: bool, url: str) -> None:
    """NO_COLOR (no-color.org) is heeded; bold type is no colour."""
    import pty

    fill(url)
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", **env}
    running = subprocess.Popen([COMMAND, "doctor", "--url", url], stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    written = b""
    while chunk := _read(ours):
        written += chunk
    os.close(ours)
    assert running.wait(LIMIT_S) == 0
    assert (b"\x1b[32mok" in written) == coloured


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other end has hung up
        return b""


INTERRUPTED = """
    import signal
    from langcache.cli.app import main
    from langcache.storage.sqlite.store import SQLiteStore

    real, left = SQLiteStore.put, iter([1])
    def put(*args, **kwargs):
        if next(left, None) is None:
            signal.raise_signal(signal.SIGINT)
        return real(*args, **kwargs)
    SQLiteStore.put = put
    main()
"""


def test_an_interrupted_import_leaves_whole_entries_and_goes_on(url: str, tmp_path: Path) -> None:
    """Status 130 and no traceback; the same command finishes the rest."""
    fill(url)
    assert langcache("export", "out.jsonl", "--url", url).status == 0
    there = f"sqlite:///{tmp_path}/there.db"
    asked = [sys.executable, "-c", dedent(INTERRUPTED), "import", "out.jsonl", "--url", there]
    stopped = subprocess.run(asked, capture_output=True, text=True, timeout=LIMIT_S)
    assert (stopped.returncode, "Traceback" in stopped.stderr) == (130, False), stopped.stderr
    with Cache(there) as cache:
        found = inspection.check_entries(cache)
        assert (found.checked, found.healthy) == (1, True)
    assert langcache("import", "out.jsonl", "--url", there, "--json").json["stored"] == 2


def test_an_interrupted_export_leaves_no_file(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither half of one nor a temporary one."""
    fill(url)
    press_ctrl_c(monkeypatch, "get", 2)
    assert langcache("export", "out.jsonl", "--url", url).status == 130
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "calls", "left"),
    [(("invalidate", "--tag", "x", "--confirm"), 1, 700), (("clear", "--confirm"), 2, 200)],
)
def test_an_interrupted_removal_leaves_the_rest_untouched(
    arguments: tuple[str, ...], calls: int, left: int, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page by page: what is gone is gone, what is left is whole, and the same command goes on."""
    with Cache(url) as cache:
        now = cache.clock.now()
        for number in range(1200):
            cache.store.put("default", str(number), Record(b"", now, None, frozenset({"tag:x"})), now=now)
    with monkeypatch.context() as patched:
        press_ctrl_c(patched, "delete", calls)
        assert langcache(*arguments, "--url", url).status == 130
    with Cache(url) as cache:
        assert cache.store.usage("default").entries == left
    assert langcache(*arguments, "--url", url, "--json").json["entries"] == left


def _wait_for(page: str) -> None:
    """Until *page* is served."""
    given_up_at = time.monotonic() + LIMIT_S
    while True:
        try:
            with urlopen(page, timeout=LIMIT_S):
                return
        except URLError:
            assert time.monotonic() < given_up_at, f"{page} is not served"
            time.sleep(0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_serve_ends_with_ctrl_c() -> None:
    """It says where it listens, and leaves no traceback behind."""
    pytest.importorskip("uvicorn")
    asked = [COMMAND, "serve", "--port", "0", "--url", "memory://"]
    running = subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    try:
        line = running.stderr.readline()
        assert line.startswith("http://127.0.0.1:"), line
        _wait_for(line.split()[0])
        running.send_signal(signal.SIGINT)
        _, rest = running.communicate(timeout=LIMIT_S)
    finally:
        running.kill()
    assert "Traceback" not in rest
    assert running.returncode in (0, 130)


def test_a_reader_that_stops_early_is_no_error(url: str) -> None:
    """``langcache … | head``."""
    asked = f"'{COMMAND}' config --json --url '{url}' | head -c 1"
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, timeout=LIMIT_S)
    assert (done.stdout, "Traceback" in done.stderr) == ("[", False)


def test_completion_names_the_commands() -> None:
    """As the shell asks for it."""
    done = process("", _LANGCACHE_COMPLETE="complete_bash", COMP_WORDS="langcache inv", COMP_CWORD="1")
    assert done.stdout.split() == ["invalidate"]
