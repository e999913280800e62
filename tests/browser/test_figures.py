"""The overview says what the account says, and keeps saying it."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect
from support.seeding import put_entry
from support.traffic import events_of_a_day

from langcache import Cache
from langcache.testing import FakeClock
from tests.browser.conftest import Visit
from tests.browser.views import a_busy_dashboard

pytestmark = pytest.mark.browser

FIGURES = ("saved_usd", "cost_usd", "hit_rate", "hit_rate_limit", "calls_saved", "requests", "entries")


@pytest.fixture
def busy(cache: Cache, clock: FakeClock) -> Iterator[str]:
    with a_busy_dashboard(cache, clock) as url:
        yield url


def _shown(page: Page, name: str) -> str:
    return page.locator(f'[data-figure="{name}"]').get_attribute("value") or ""


@pytest.mark.parametrize("days", [1, 7, 30])
def test_the_figures_are_those_of_stats(busy: str, cache: Cache, visit: Visit, days: int) -> None:
    """To the last digit, for each period."""
    page, stats = visit(f"{busy}/?days={days}"), cache.stats(days=days)
    assert stats.requests > 0
    for name in FIGURES:
        assert Decimal(_shown(page, name)) == Decimal(str(getattr(stats, name))), name


def test_the_charts_are_the_trends(busy: str, cache: Cache, visit: Visit) -> None:
    """Each is drawn, from a table that holds the buckets."""
    page, buckets = visit(busy), cache.trends(days=7, by="day")
    rows = page.locator("#dollars-table tbody tr")
    assert rows.count() == len(buckets)
    for place, bucket in enumerate(buckets):
        cells = rows.nth(place).locator("[data-v]")
        assert float(cells.nth(0).get_attribute("data-v") or "nan") == bucket.start
        assert Decimal(cells.nth(1).get_attribute("data-v") or "nan") == bucket.saved_usd
        assert Decimal(cells.nth(2).get_attribute("data-v") or "nan") == bucket.cost_usd
    expect(page.locator(".chart canvas")).to_have_count(3)
    colours = page.locator(".chart canvas").evaluate_all(
        "all => all.map(one => new Set(new Uint32Array("
        "one.getContext('2d').getImageData(0, 0, one.width, one.height).data.buffer)).size)"
    )
    assert min(colours) > 3


def test_a_stranger_reads_what_was_saved_and_why_yesterday_was_worse(busy: str, cache: Cache, visit: Visit) -> None:
    """In the first two things on the first page, in words."""
    page, stats = visit(busy), cache.stats(days=7)
    expect(page.locator("h1")).to_contain_text(f"In the last week, the cache saved ${stats.saved_usd:.2f}")
    panel = page.locator("#yesterday")
    expect(panel.locator("h2")).to_have_text("Why yesterday was worse")
    expect(panel).to_contain_text("A new prompt version, v4, had 80 requests, 55 of which had to be generated")
    expect(panel).to_contain_text("15 answers were refused, the day before 0")


def test_an_open_page_is_told_of_news(busy: str, cache: Cache, visit: Visit) -> None:
    """A request and an entry elsewhere change the figures here, and the charts, with nobody touching the page."""
    page, before = visit(busy), cache.stats(days=7)
    expect(page.locator("#pulse")).to_have_text("Live")
    put_entry(cache, "new")
    for event in events_of_a_day(hits=7, misses=0, version="v4"):
        cache.ledger.record(event)
    figure = page.locator('[data-figure="requests"]')
    expect(figure).to_have_attribute("value", str(before.requests + 7))
    expect(page.locator('[data-figure="entries"]')).to_have_attribute("value", "32")
    assert Decimal(_shown(page, "saved_usd")) == cache.stats(days=7).saved_usd
    expect(page.locator(".chart canvas")).to_have_count(3)


def test_what_has_the_focus_is_left_alone_until_it_has_gone_on(busy: str, cache: Cache, visit: Visit) -> None:
    """News never takes a link from under somebody's fingers, and is not lost either."""
    page, before = visit(busy), cache.stats(days=7)
    expect(page.locator("#pulse")).to_have_text("Live")
    link = page.get_by_role("link", name="by reason")
    link.focus()
    for event in events_of_a_day(hits=3, misses=0, version="v4"):
        cache.ledger.record(event)
    expect(page.locator("h1")).to_contain_text(f"of {before.requests + 3} requests")
    expect(link).to_be_focused()
    figure = page.locator('[data-figure="requests"]')
    expect(figure).to_have_attribute("value", str(before.requests))
    page.keyboard.press("Shift+Tab")
    expect(figure).to_have_attribute("value", str(before.requests + 3))
