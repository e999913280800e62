"""One Chromium for all tests here, a dashboard for each, and nothing for the browser to complain about."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Page, expect
from support.browsing import DEADLINE_MS, Complaints, chromium, served

from langcache import Cache
from langcache.testing import FakeClock

Visit = Callable[..., Page]
expect.set_options(timeout=DEADLINE_MS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def cache(clock: FakeClock) -> Iterator[Cache]:
    with Cache("memory://", clock=clock) as opened:
        yield opened


@pytest.fixture
def home(cache: Cache) -> Iterator[str]:
    """The URL of a dashboard that only shows."""
    with served(cache) as url:
        yield url


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Opens a page in a context of its own; at the end, no page may have heard a complaint."""
    with ExitStack() as contexts:
        complaints: list[Complaints] = []

        def open_page(url: str, **options: Any) -> Page:
            context = browser.new_context(**options)
            contexts.callback(context.close)
            context.set_default_timeout(DEADLINE_MS)
            page = context.new_page()
            complaints.append(Complaints(page, urljoin(url, "/")))
            page.goto(url)
            return page

        yield open_page
    assert [heard for each in complaints for heard in each.heard] == []
