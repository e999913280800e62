"""The list of entries and the page of one: what is stored, as text, found by its labels."""

import asyncio
import re

import pytest
from support.pages import Visit
from support.seeding import DAY_S, put_entry

from langcache import Cache
from langcache.dashboard.catalogue import BUSY, Asked, Catalogue, Snapshot
from langcache.dashboard.pages.entries import PAGE_ROWS
from langcache.storage.base import Record

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{ 7*7 }}"


def _keys(html: str) -> list[str]:
    return re.findall(r'href="/entries/([^"?]+)"', html)


async def test_entries_are_text_whatever_they_hold(visit: Visit, cache: Cache) -> None:
    """Markup in an answer, a feature, a chain's name, a tag or a part is shown, never obeyed."""
    put_entry(
        cache, "k1", body={HOSTILE: [HOSTILE]}, chain=HOSTILE, prompt_version=HOSTILE, generation_type=HOSTILE,
        tags=[HOSTILE], features={HOSTILE: HOSTILE},
    )  # fmt: skip
    for place in ("/entries", "/entries/k1", "/entries/rows", "/invalidate?key=k1"):
        page = (await visit().get(place)).text
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "7*7" in page or place.startswith("/invalidate")
        assert "alert(1)" in page


async def test_what_is_asked_is_text_too(visit: Visit) -> None:
    """A link cannot put markup into our pages by its query or its path."""
    query = "chain=%3Cscript%3Ealert(1)%3C/script%3E&key=%22%3E%3Cscript%3E&next=%22%3E%3Cscript%3E"
    for place in (f"/entries?{query}", f"/login?{query}", f"/invalidate?{query}", "/entries/%3Cscript%3E"):
        page = (await visit().get(place)).text
        assert "<script>" not in page


async def test_a_template_is_shown_as_segments(visit: Visit, cache: Cache) -> None:
    """Literal text stays text, placeholders are chips with the slot's name, and where each text stands is said."""
    body = {"tasks": [{"title": {"$t": ["Pitch ", ["startup_name"], " to [startup name]"]}}]}
    put_entry(cache, "k1", body=body, features={"background": "founder", "gpa": "3.0–3.5"}, tags=["vip"])
    page = (await visit().get("/entries/k1")).text
    assert "tasks[0].title" in page
    assert re.search(r"Pitch <span class=\"chip\"[^>]*>.*startup_name</span> to \[startup name\]", page)
    assert "founder · 3.0–3.5" in page
    assert "900 in, 420 out" in page
    assert "$0.0021" in page


async def test_an_expired_entry_says_so(visit: Visit, cache: Cache) -> None:
    """It is still there, for calls that allow a stale answer."""
    put_entry(cache, "k1", age_s=10.0, lifetime_s=5.0)
    assert "expired" in (await visit().get("/entries/k1")).text
    assert "expired" in (await visit().get("/entries")).text


async def test_an_entry_that_is_gone_or_corrupt_is_no_traceback(visit: Visit, cache: Cache) -> None:
    """404 where there is none; where there is none that makes sense, it says what mends it."""
    assert (await visit().get("/entries/nothing")).status_code == 404
    cache.store.put(cache.namespace, "bad", Record(b"\x00 nonsense", cache.clock.now()), now=cache.clock.now())
    page = await visit().get("/entries/bad")
    assert page.status_code == 500
    assert "corrupt" in page.text
    assert "Traceback" not in page.text
    assert "unreadable" in (await visit().get("/entries")).text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"a1", "b2", "c3", "d4"}),
        ("chain=task_planner", {"a1", "b2"}),
        ("chain=task_planner&prompt_version=v4", {"b2"}),
        ("generation_type=unique", {"c3"}),
        ("tag=vip", {"a1", "d4"}),
        ("tag=vip&chain=other", {"d4"}),
        ("key=C", {"c3"}),
        ("chain=none", set()),
    ],
)
async def test_filters_leave_what_meets_all_of_them(visit: Visit, cache: Cache, query: str, expected: set[str]) -> None:
    """Labels exactly, keys by any text in them."""
    put_entry(cache, "a1", tags=["vip"])
    put_entry(cache, "b2", prompt_version="v4")
    put_entry(cache, "c3", chain="extra_tasks", generation_type="unique")
    put_entry(cache, "d4", chain="other", tags=["vip", "demo"])
    assert set(_keys((await visit().get(f"/entries?{query}")).text)) == expected


async def test_pages_give_every_entry_once_newest_first(visit: Visit, cache: Cache) -> None:
    """Screen by screen, as a list that is scrolled asks for them; past the end there is nothing."""
    number = 2 * PAGE_ROWS + 7
    for place in range(number):
        put_entry(cache, f"k{place:03}", age_s=float(place))
    client, seen = visit(), []
    for offset in range(0, number + PAGE_ROWS, PAGE_ROWS):
        seen += _keys((await client.get(f"/entries/rows?offset={offset}")).text)
    assert seen == [f"k{place:03}" for place in range(number)]


@pytest.mark.parametrize("offset", ["-1", "x", "1e9", "9" * 40, "٣"])
async def test_an_offset_that_is_none_is_the_beginning(visit: Visit, cache: Cache, offset: str) -> None:
    """A typed address is no reason to fail."""
    put_entry(cache, "k1")
    assert _keys((await visit().get(f"/entries?offset={offset}")).text) == ["k1"]


async def test_another_namespace_is_never_shown(visit: Visit, cache: Cache) -> None:
    """A dashboard shows the namespace it was given."""
    put_entry(cache.namespaced("tenant-7"), "theirs", age_s=DAY_S)
    client = visit()
    assert _keys((await client.get("/entries")).text) == []
    assert (await client.get("/entries/theirs")).status_code == 404


async def test_a_list_that_takes_long_to_scan_is_not_scanned_for_every_screen(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 100,000 entries a scan outlasted its own time to be shown, so each screen and each live update had one."""
    scan, scans = Catalogue._scan, []

    async def slow(self: Catalogue, asked: Asked) -> Snapshot:
        scans.append(asked)
        await asyncio.sleep(0.05)
        return await scan(self, asked)

    monkeypatch.setattr(Catalogue, "_scan", slow)
    catalogue = Catalogue(cache, lifetime_s=0.01)
    for word in ("a", "a", "b", "c"):
        await catalogue.look(Asked(), word)
    assert len(scans) == 1
    await asyncio.sleep(0.05 / BUSY + 0.2)
    await catalogue.look(Asked(), "c")
    assert len(scans) == 2
