"""What holds for every view: it loads in silence, fits a phone, can be read, and names what it shows."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from support.browsing import served

from langcache import Cache
from langcache.testing import FakeClock
from tests.browser.conftest import Visit
from tests.browser.views import VIEWS, a_busy_dashboard

pytestmark = pytest.mark.browser

TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

NAMELESS = """() => {
  const said = (ids) => (ids || "").split(" ").map((id) => document.getElementById(id)?.textContent).join("");
  const labels = (el) => [...(el.labels || [])].map((label) => label.textContent.trim()).join("");
  const name = (el) => el.getAttribute("aria-label") || el.textContent.trim() || el.title || labels(el)
    || said(el.getAttribute("aria-labelledby"));
  const usable = "a, button, input:not([type=hidden]), select, summary";
  const shown = [...document.querySelectorAll(`${usable}, nav, figure, section.panel, [role=group], [role=table]`)];
  return shown.filter((el) => el.offsetParent && !name(el)).map((el) => el.outerHTML);
}"""

TOO_FAINT = """() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const light = (text) => {
    const [red, green, blue] = rgb(text).map((part) => linear(part / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (el) => {
    for (; el; el = el.parentElement) {
      const { backgroundColor } = getComputedStyle(el);
      if (rgb(backgroundColor)[3] !== 0) return backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  const faint = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const el = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !el.checkVisibility()) continue;
    const [high, low] = [light(getComputedStyle(el).color), light(ground(el))].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) faint.push(`${ratio.toFixed(2)}: ${texts.currentNode.data.trim()}`);
  }
  return faint;
}"""
"""As WCAG 2.2 defines relative luminance and contrast ratio."""

SHIFTS = """window.moved = 0;
new PerformanceObserver((list) => list.getEntries().forEach((shift) => (moved += shift.value)))
  .observe({ type: "layout-shift", buffered: true });"""


@pytest.fixture
def busy(cache: Cache, clock: FakeClock) -> Iterator[str]:
    with a_busy_dashboard(cache, clock, token="t") as url:
        yield url


def test_every_view_loads_in_silence_with_one_heading(busy: str, visit: Visit) -> None:
    """Under the strict policy: no message in the console, no request to anybody else (the fixture listens)."""
    for view in VIEWS:
        page = visit(busy + view)
        expect(page.locator("#pulse")).to_have_text("" if view == "/login" else "Live")
        assert page.locator("h1").count() == 1, view
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.title().endswith("langcache")
        assert page.locator(".recommendation").count() == (view == "/recommendations"), view


def test_a_private_dashboard_is_silent_before_the_token_too(cache: Cache, visit: Visit) -> None:
    """The form is all there is, and it leads to what was asked for."""
    with served(cache, token="t", private=True) as home:
        page = visit(home + "/chains")
        page.get_by_label("Token").fill("t")
        page.keyboard.press("Enter")
        page.wait_for_url("**/chains")
        expect(page.locator("#pulse")).to_have_text("Live")


def test_every_view_fits_a_phone(busy: str, visit: Visit) -> None:
    """Nothing sticks out of 360 pixels; wide tables scroll by themselves."""
    page = visit(busy, viewport={"width": 360, "height": 740})
    for view in VIEWS:
        page.goto(busy + view)
        assert page.evaluate(TOO_WIDE) <= 0, view


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(busy: str, visit: Visit, scheme: str) -> None:
    """4.5 to 1 against its ground, in both schemes (WCAG 2.2, 1.4.3); and dark is dark."""
    page = visit(busy, color_scheme=scheme)
    for view in VIEWS:
        page.goto(busy + view)
        assert page.evaluate(TOO_FAINT) == [], view
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (sum(map(int, ground[4:-1].split(","))) < 150) is (scheme == "dark")


def test_everything_one_can_use_has_a_name(busy: str, visit: Visit) -> None:
    """Links, fields, buttons, regions, charts."""
    page = visit(busy)
    for view in VIEWS:
        page.goto(busy + view)
        assert page.evaluate(NAMELESS) == [], view
        assert page.locator("main").count() == page.locator("header").count() == 1


def test_nothing_moves_while_the_overview_loads(busy: str, visit: Visit) -> None:
    """Charts have their place before they are drawn (layout shift, as browsers count it)."""
    page = visit(busy)
    page.add_init_script(SHIFTS)
    page.goto(busy)
    page.locator(".chart canvas").nth(2).wait_for()
    expect(page.locator("#pulse")).to_have_text("Live")
    assert page.evaluate("moved") < 0.01


def test_without_scripts_there_are_tables_and_pages(busy: str, visit: Visit) -> None:
    """What draws and scrolls only adds to what is there."""
    page = visit(busy, java_script_enabled=False)
    page.get_by_text("The same as a table").first.click()
    assert page.locator("#hit-rate-table tbody tr").count() == 7
    page.goto(busy + "/entries")
    assert page.locator(".row:not(.head)").count() == 31
