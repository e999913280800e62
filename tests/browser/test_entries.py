"""Finding one entry among ten thousand, reading it, and removing it: with the mouse or the keyboard alone."""

import pytest
from playwright.sync_api import Page, expect
from support.browsing import served, until
from support.seeding import put_entry

from langcache import Cache
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

MANY = 10_000
TOKEN = "a token only its owner knows"
BLANK = """() => {
  const rows = [...document.querySelectorAll(".window .row")].map((row) => row.getBoundingClientRect());
  const box = document.querySelector(".window").getBoundingClientRect();
  const blank = [];
  for (let y = Math.max(1, box.top + 1); y < Math.min(innerHeight, box.bottom) - 1; y += 10)
    if (!rows.some(({ top, bottom }) => top <= y && y <= bottom)) blank.push(y);
  return blank;
}"""


def _fill(cache: Cache, number: int) -> None:
    for place in range(number):
        put_entry(cache, f"k{place:05}", age_s=float(place))


def _rows(page: Page) -> int:
    return page.locator(".window .row").count()


def test_ten_thousand_entries_scroll(cache: Cache, home: str, visit: Visit) -> None:
    """From the newest to the oldest, every screen full, with a page that never holds more than a few screens."""
    _fill(cache, MANY)
    page = visit(home + "/entries")
    expect(page.locator("#entry-count")).to_contain_text("10,000 entries")
    height = page.evaluate("document.querySelector('.window').offsetHeight")
    assert height == MANY * page.evaluate("document.querySelector('.window .row').offsetHeight")
    for part in range(1, 9):
        page.evaluate(f"scrollTo(0, {height * part // 8})")
        until(page, f"({BLANK})().length === 0")
        assert _rows(page) <= 800
    assert page.locator(".window .row").last.get_attribute("aria-rowindex") == str(MANY + 1)
    expect(page.get_by_role("link", name="k09999")).to_be_in_viewport()
    page.evaluate("scrollTo(0, 0)")
    expect(page.get_by_role("link", name="k00000")).to_be_in_viewport()


def test_a_filter_is_chosen_and_taken_back(cache: Cache, home: str, visit: Visit) -> None:
    """What is left meets it; the choices say how many each would leave."""
    _fill(cache, 30)
    put_entry(cache, "theirs", chain="extra_tasks", tags=["vip"])
    page = visit(home + "/entries")
    page.get_by_label("Chain").select_option("extra_tasks (1)")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("#entry-count")).to_contain_text("1 entry")
    assert _rows(page) == 1
    page.get_by_role("link", name="Show all").click()
    page.get_by_label("Key holds").fill("k0001")
    page.keyboard.press("Enter")
    expect(page.locator("#entry-count")).to_contain_text("10 entries")


def test_the_list_is_told_of_a_new_entry(cache: Cache, home: str, visit: Visit) -> None:
    """It appears on top, with nobody touching the page."""
    _fill(cache, 3)
    page = visit(home + "/entries")
    expect(page.locator("#pulse")).to_have_text("Live")
    put_entry(cache, "brand-new", age_s=-1.0)
    expect(page.get_by_role("link", name="brand-new")).to_be_visible()
    expect(page.locator("#entry-count")).to_contain_text("4 entries")


def test_an_entry_is_invalidated_by_keyboard_alone(cache: Cache, visit: Visit) -> None:
    """Skip link, list, entry, log in, invalidate, confirm: every step by Tab and Enter, each stop visible."""
    _fill(cache, 3)
    with served(cache, token=TOKEN) as home:
        page = visit(home + "/login")
        expect(page.get_by_label("Token")).to_be_focused()
        page.keyboard.type(TOKEN)
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Log out")).to_be_visible()
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
        _tab_to(page, "Entries")
        page.keyboard.press("Enter")
        page.wait_for_url("**/entries")
        _tab_to(page, "k00001…")
        page.keyboard.press("Enter")
        page.wait_for_url("**/entries/k00001")
        _tab_to(page, "Invalidate…")
        page.keyboard.press("Enter")
        page.wait_for_url("**/invalidate?key=k00001")
        assert cache.store.usage(cache.namespace).entries == 3
        _tab_to(page, "Remove 1 entry")
        page.keyboard.press("Enter")
        page.wait_for_url("**/entries?removed=1")
        expect(page.get_by_text("1 entry removed.")).to_be_visible()
        expect(page.get_by_role("link", name="k00001")).to_have_count(0)
    assert cache.store.usage(cache.namespace).entries == 2


def test_without_a_token_there_is_nothing_to_press(cache: Cache, home: str, visit: Visit) -> None:
    """No way to log in, none to remove; the page says why."""
    _fill(cache, 1)
    page = visit(home + "/entries/k00000")
    expect(page.get_by_text("Read only")).to_be_visible()
    expect(page.get_by_role("link", name="Invalidate…")).to_have_count(0)
    page.goto(home + "/invalidate?key=k00000")
    expect(page.get_by_role("button")).to_have_count(0)
    expect(page.get_by_text("started without a token")).to_be_visible()


def test_an_entry_that_holds_a_script_is_text(cache: Cache, home: str, visit: Visit) -> None:
    """It is read, not run."""
    hostile = "<img src=x onerror='document.title=1'><script>document.title=1</script>"
    put_entry(cache, "hostile", body={"$t": [hostile, ["name"]]}, chain=hostile, tags=[hostile])
    page = visit(home + "/entries/hostile")
    expect(page.locator(".template .text")).to_contain_text(hostile)
    page.goto(home + "/entries")
    expect(page.locator("main img, main script")).to_have_count(0)
    assert page.title() != "1"


def _tab_to(page: Page, name: str) -> None:
    """Press Tab until what has the focus says *name*; each stop on the way can be seen to have it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        text, outline = page.evaluate(
            "[document.activeElement.textContent.trim(), getComputedStyle(document.activeElement).outlineStyle]"
        )
        assert outline != "none", text
        if text == name:
            return
    raise AssertionError(f"no stop says {name!r}")
