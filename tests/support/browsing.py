"""A real Chromium, and a dashboard it can reach."""

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from langcache import Cache
from langcache.dashboard import create_app
from langcache.dashboard.serving import Server, config_of, url_of

__all__ = ["DEADLINE_MS", "Complaints", "chromium", "served", "until"]

DEADLINE_MS = 60_000.0
"""How long anything may take on a machine that does much else."""
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's, with a profile of its own, asking nobody but us."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(QUIET))
        yield browser
        browser.close()


@contextmanager
def served(cache: Cache, **options: Any) -> Iterator[str]:
    """The URL of a dashboard of *cache*, served from another thread as `serve` does."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(config_of(create_app(cache, **options)))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield url_of(listening).removesuffix("/")
        finally:
            server.should_exit = True
            thread.join()


def until(page: Page, script: str) -> None:
    """Wait until *script* is true in *page*; Playwright's own way of waiting for a script needs ``eval``."""
    pause_ms, waited_ms = 50.0, 0.0
    while not page.evaluate(script):
        page.wait_for_timeout(pause_ms)
        waited_ms += pause_ms
        assert waited_ms < DEADLINE_MS, f"never true: {script}"


class Complaints:
    """What the browser has to say against a page: its console, its errors, what it asked of others.

    Args:
        page: listened to from now on.
        home: the URL everything must be loaded from.
    """

    def __init__(self, page: Page, home: str) -> None:
        self.heard: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.heard.append(f"error: {error}"))
        page.on("request", lambda request: self._asked(request.url, home))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.heard.append(f"console: {message.text}")

    def _asked(self, url: str, home: str) -> None:
        if not url.startswith(home):
            self.heard.append(f"request to elsewhere: {url}")
