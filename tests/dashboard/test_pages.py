"""Every view, whatever the cache is like: empty, busy, without a store, full of markup."""

import re
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from support.pages import ORIGIN, Visit
from support.traffic import a_week_with_a_bad_yesterday, events_of_a_day

from langcache import Cache
from langcache.core.events import StageEvent
from langcache.dashboard import create_app
from langcache.economics.recommendations import Recommendation
from langcache.testing import FakeClock

VIEWS = ("/", "/chains", "/profiles", "/refusals", "/recommendations", "/pipelines", "/entries", "/login")
HOSTILE = "<script>alert(1)</script>"


@pytest.mark.parametrize("view", VIEWS)
async def test_an_empty_cache_has_every_view(visit: Visit, view: str) -> None:
    """Nothing was asked, and the page says so instead of dividing by it."""
    answer = await visit().get(view)
    assert answer.status_code == 200
    assert answer.text.count("<h1>") == 1


@pytest.mark.parametrize("view", VIEWS)
async def test_what_an_event_says_is_text(visit: Visit, cache: Cache, view: str) -> None:
    """Chains, versions and reasons are names somebody chose."""
    for event in events_of_a_day(hits=2, misses=2, refused=1, bypassed=1, chain=HOSTILE, version=HOSTILE):
        event.reason = event.reason and HOSTILE
        cache.ledger.record(event)
    assert HOSTILE not in (await visit().get(view)).text


@pytest.mark.parametrize("view", VIEWS)
async def test_what_is_no_text_is_replaced(visit: Visit, cache: Cache, view: str) -> None:
    """An older version recorded names that hold half of a surrogate pair; UTF-8 cannot."""
    for event in events_of_a_day(hits=2, misses=2, refused=1, bypassed=1, chain="caf\udce9", version="v\ud800"):
        event.reason = event.reason and "caf\udce9"
        cache.ledger.record(event)
    cache.recorder.record(StageEvent("p\ud800", "s", "code", "executed"))
    assert (await visit().get(view)).status_code == 200


@pytest.mark.parametrize("view", VIEWS)
async def test_without_a_store_a_view_says_so(tmp_path: Path, view: str) -> None:
    """503 with the reason: neither a traceback nor zeros, which would pass for an idle cache."""
    (tmp_path / "file").write_text("")
    with Cache(f"sqlite:///{tmp_path}/file/cache.db", clock=FakeClock()) as cache:
        transport = httpx.ASGITransport(create_app(cache), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            answer = await client.get(view)
    is_needed = view != "/login"
    assert (answer.status_code, "The store does not answer" in answer.text) == (503 if is_needed else 200, is_needed)
    assert "Traceback" not in answer.text


async def test_the_overview_answers_both_questions_first(visit: Visit, cache: Cache, clock: FakeClock) -> None:
    """What was saved last week, and why yesterday was worse, with the figures of `stats()`."""
    a_week_with_a_bad_yesterday(cache, clock)
    page = " ".join((await visit().get("/")).text.split())
    stats = cache.stats(days=7)
    assert f"In the last week, the cache saved ${stats.saved_usd:.2f}" in page
    assert f"answered {stats.calls_saved} of {stats.requests} requests without a call" in page
    assert "Why yesterday was worse" in page
    assert page.index("Why yesterday was worse") < page.index("<figure")


async def test_an_account_of_one_day_compares_nothing() -> None:
    """Where less is kept, the page says so."""
    with Cache("memory://", clock=FakeClock(), retention_days=1) as cache:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(cache)), base_url=ORIGIN) as client:
            assert "too few days" in (await client.get("/?days=30")).text


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", 7), ("?days=30", 30), ("?days=0", 1), ("?days=x", 7), ("?days=99999", 366), ("?days=-3", 7)],
)
async def test_a_period_is_what_the_address_says(
    visit: Visit, cache: Cache, monkeypatch: pytest.MonkeyPatch, query: str, expected: int
) -> None:
    """At least a day, at most a year; a week where it says nothing that makes sense."""
    asked = []
    original = cache.atop

    async def listening(days: int, limit: int) -> object:
        asked.append(days)
        return await original(days=days, limit=limit)

    monkeypatch.setattr(cache, "atop", listening)
    await visit().get(f"/profiles{query}")
    assert asked == [expected]


async def test_a_recommendation_is_shown_with_its_evidence(
    visit: Visit, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What to do, what it would have saved, how sure that is, and from what; all of it as text."""
    evidence = {
        "chain": HOSTILE, "features": ["gpa", HOSTILE], "pairs_compared": 1210, "by_hour": {"9": Decimal("0.50")},
        "ttl_s": 604_800.0, "cost_usd": Decimal("3.5"), "slot": None, "unpriced": 7,
    }  # fmt: skip
    found = Recommendation("unneeded-feature", f"Drop {HOSTILE}", Decimal("12.5"), "low", 0.93, evidence)

    async def recommended(days: int) -> list[Recommendation]:
        return [found, Recommendation("stage-churn", "Split it.", Decimal(2), "high", 0.9)]

    monkeypatch.setattr(cache, "arecommendations", recommended)
    page = (await visit().get("/recommendations?days=30")).text
    assert HOSTILE not in page
    text = " ".join(re.sub("<[^>]*>", " ", page).split())
    for words in (
        "Unneeded feature of &lt;script&gt;", "Drop &lt;script&gt;", "$12.50 + ?", "in the last 30 days", "93.0",
        "Stage churn Split it. Would have saved $2.00, replaying",
        "Features gpa, &lt;script&gt;", "Pairs compared 1,210", "By hour 9: 0.50", "Ttl 7 days", "Cost $3.50", "Slot –",
    ):  # fmt: skip
        assert words in text
