"""The dashboard as a program: it says where it is, serves, and ends when told to, whoever is listening."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from support.pages import TOKEN
from support.seeding import put_entry

from langcache import Cache
from langcache.dashboard import serve
from langcache.dashboard.serving import Server
from langcache.errors import DeclarationError

DEADLINE_S = 60.0


@contextmanager
def _running(folder: Path, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-W", "error", "-m", "langcache.dashboard", "--url", f"sqlite:///{folder}/cache.db"]
    program = subprocess.Popen(
        [*command, "--port", "0"], stderr=subprocess.PIPE, text=True, env={**os.environ, **variables}
    )
    try:
        assert program.stderr is not None
        yield program, program.stderr.readline().strip()
    finally:
        program.kill()
        program.communicate()


def test_it_serves_what_another_process_stored_and_ends_with_pages_open(tmp_path: Path) -> None:
    """Ctrl-C ends the streams of open pages instead of waiting for them."""
    with Cache(f"sqlite:///{tmp_path}/cache.db") as cache:
        put_entry(cache, "k1")
    with _running(tmp_path) as (program, url), httpx.Client(base_url=url, timeout=DEADLINE_S) as client:
        assert "1 entry" in client.get("/entries").text
        with client.stream("GET", "/live") as stream:
            lines = stream.iter_lines()
            assert next(line for line in lines if line.startswith("data: "))
            program.send_signal(signal.SIGINT)
            assert program.wait(DEADLINE_S) in (0, -signal.SIGINT, 128 + signal.SIGINT)


def test_the_token_of_the_environment_opens_it(tmp_path: Path) -> None:
    """And is nowhere on a page."""
    with _running(tmp_path, LANGCACHE_DASHBOARD_TOKEN=TOKEN) as (_, url), httpx.Client(base_url=url) as client:
        ours = {"origin": url.removesuffix("/")}
        assert client.post("/login", data={"token": TOKEN}, headers=ours, timeout=DEADLINE_S).status_code == 303
        page = client.get("/entries", timeout=DEADLINE_S).text
    assert "Log out" in page
    assert TOKEN not in page


@pytest.mark.parametrize(
    ("host", "token", "is_private", "warns"),
    [
        ("127.0.0.1", None, False, False),
        ("127.0.0.1", "t", False, False),
        ("0.0.0.0", "t", True, False),
        ("0.0.0.0", None, False, True),
    ],
)
def test_beyond_loopback_it_asks_first_or_warns(
    cache: Cache,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    host: str,
    token: str | None,
    is_private: bool,
    warns: bool,
) -> None:
    """With a token, reading takes it too; without one, a warning says who can read."""
    apps, urls = [], []
    monkeypatch.setattr(Server, "run", lambda server, sockets: apps.append(server.config.app))
    serve(cache, host=host, port=0, token=token, on_ready=urls.append)
    assert apps[0].state.site.private is is_private
    assert any("can read every template" in record.message for record in caplog.records) is warns
    assert urls[0].startswith(f"http://{host}:")


def test_a_port_that_is_taken_is_an_error_of_the_system(cache: Cache) -> None:
    """Said before anything is served."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        serve(cache, port=taken.getsockname()[1])


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    """One line that names what is missing and what brings it."""
    code = "import sys; sys.modules['uvicorn'] = None\nfrom langcache.dashboard import serve"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    said = 'the dashboard needs uvicorn: pip install "langcache-middleware[dashboard]"'
    assert f"{DeclarationError.__name__}: {said}" in done.stderr
