"""The account of all processes: what was recorded adds up, whoever recorded it and whichever way it is read."""

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from support.chains import SAY, Applicant, chain, founder
from support.models import CountingModel

from langcache import Cache, LangcacheError
from langcache.core.events import Event, StageEvent
from langcache.errors import StoreError
from langcache.runtime.account.model import PeriodStats
from langcache.runtime.offline import OfflineStore
from langcache.storage.base import Store
from langcache.storage.memory import MemoryStore
from langcache.testing import FakeClock, FaultyStore, Raise, always

DAY_S = 86_400
NOON = 19_700 * DAY_S + DAY_S / 2
"""At noon of a day of UTC."""

MISS = Event("plan", "v1", outcome="miss", key="a", model="m", cost_usd=Decimal("0.1"), input_tokens=10, latency_s=2.0)
HIT = Event("plan", "v1", outcome="hit", key="a", model="m", saved_usd=Decimal("0.1"), latency_s=0.001)
money = st.none() | st.decimals(0, 100, places=12)
events = st.builds(
    Event,
    chain=st.sampled_from(["a", "b"]),
    prompt_version=st.sampled_from(["v1", "v2"]),
    generation_type=st.none() | st.just("type"),
    outcome=st.sampled_from(["hit", "stale", "miss", "refresh", "bypass", "refused"]),
    key=st.sampled_from(["", "k1", "k2", "k3"]),
    reason=st.none() | st.sampled_from(["leak", "no-store"]),
    model=st.none() | st.sampled_from(["m1", "m2"]),
    input_tokens=st.integers(0, 100),
    output_tokens=st.integers(0, 100),
    cost_usd=money,
    saved_usd=money,
    latency_s=st.floats(0, 100),
)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def cache(clock: FakeClock) -> Iterator[Cache]:
    with Cache("memory://", clock=clock) as made:
        yield made


def told(cache: Cache, *recorded: Event) -> None:
    for event in recorded:
        cache.ledger.record(event)


def total(amounts: Any) -> Decimal:
    return sum((amount or Decimal(0) for amount in amounts), Decimal(0))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(events, st.integers(0, 3 * DAY_S)), max_size=30))
def test_a_period_is_the_sum_of_its_events(recorded: list[tuple[Event, int]]) -> None:
    """Every request once, every cent exactly, in the whole and in each slice; also over several days."""
    clock = FakeClock(NOON)
    with Cache("memory://", clock=clock) as cache:
        for event, later_s in recorded:
            clock.advance(later_s / len(recorded))
            told(cache, event)
        stats, days = cache.stats(days=30), cache.trends(days=30)
    seen = [event for event, _ in recorded]
    calls = [event for event in seen if event.outcome not in ("hit", "stale")]
    cacheable = [event for event in seen if event.outcome != "bypass"]
    assert stats.requests == len(seen) == sum(stats.outcomes.values())
    assert stats.calls_saved == len(seen) - len(calls)
    assert (stats.cost_usd, stats.saved_usd) == (
        total(event.cost_usd for event in calls),
        total(event.saved_usd for event in seen),
    )
    assert stats.unpriced == sum(None in (event.cost_usd, event.saved_usd) for event in seen)
    assert (stats.input_tokens, stats.output_tokens) == (
        sum(event.input_tokens for event in calls),
        sum(event.output_tokens for event in calls),
    )
    for slices in (stats.by_chain, stats.by_prompt_version):
        assert sum(each.requests for each in slices.values()) == len(seen)
        assert total(each.cost_usd for each in slices.values()) == stats.cost_usd
    assert stats.distinct_keys == len({event.key for event in cacheable if event.key})
    assert sum(bucket.requests for bucket in days) == len(seen)
    assert total(bucket.saved_usd for bucket in days) == stats.saved_usd
    assert sum(stats.refusals.values()) == stats.outcomes.get("refused", 0)
    assert sum(stats.bypasses.values()) == stats.outcomes.get("bypass", 0)
    json.dumps(stats.to_dict())


def test_rates_and_the_limit_of_traffic(cache: Cache) -> None:
    """Two keys must be called once each; what is bypassed can be no hit."""
    told(cache, MISS, HIT, HIT, replace(MISS, key="b", outcome="refused", reason="leak"))
    told(cache, Event("plan", outcome="bypass", reason="no-store"))
    stats = cache.stats(days=1)
    assert (stats.requests, stats.hit_rate, stats.miss_rate) == (5, 0.4, 0.4)
    assert (stats.distinct_keys, stats.hit_rate_limit, stats.is_sampled) == (2, 0.5, False)
    assert (stats.refusals, stats.bypasses) == ({"leak": 1}, {"no-store": 1})


def test_a_day_is_one_of_utc_and_a_period_ends_today(cache: Cache, clock: FakeClock) -> None:
    """What was the day before yesterday is not in the last two days."""
    told(cache, MISS)
    clock.advance(DAY_S)
    told(cache, HIT)
    clock.advance(DAY_S)
    told(cache, HIT, HIT)
    assert [cache.stats(days=days).requests for days in (1, 2, 3, 400)] == [2, 3, 4, 4]
    assert cache.stats(days=3).saved_usd == Decimal("0.3")
    assert cache.stats(days=3).saved_today_usd == Decimal("0.2")
    assert [bucket.requests for bucket in cache.trends(days=4)] == [0, 1, 1, 2]
    with pytest.raises(LangcacheError):
        cache.stats(days=0)


def test_helper_calls_are_no_requests_and_cost_what_they_cost(cache: Cache) -> None:
    """A refresh in the background is paid, and taken off what the hits saved, in the whole and of its key."""
    told(cache, MISS, HIT, HIT, replace(MISS.anew(), outcome="refresh", model="m", cost_usd=Decimal("0.05")))
    stats = cache.stats(days=1)
    assert (stats.requests, stats.helpers, stats.outcomes) == (3, 1, {"hit": 2, "miss": 1})
    assert (stats.cost_usd, stats.helper_cost_usd) == (Decimal("0.15"), Decimal("0.05"))
    assert stats.saved_usd == stats.by_model["m"].saved_usd == Decimal("0.15")
    (top,) = stats.top
    assert (top.requests, top.hits, top.calls, top.saved_usd) == (3, 2, 2, Decimal("0.15"))


def test_top_keys_are_those_asked_for_most(cache: Cache, clock: FakeClock) -> None:
    """Whatever they cost; readable, with when they were last asked for."""
    parts = {"chain": "plan", "feature field": "law", "feature gpa": None, "model": "digest"}
    told(cache, replace(MISS, key="b", parts=parts, template="t"), *[replace(HIT, key="b")] * 3, MISS, HIT)
    clock.advance(60)
    told(cache, replace(MISS, key="c"))
    first, second = cache.top(days=1, limit=2)
    assert (first.key, first.requests, first.hits, first.calls) == ("b", 4, 3, 1)
    assert (first.chain, first.prompt_version, first.features) == ("plan", "v1", {"field": "law", "gpa": "null"})
    assert (first.cost_usd, first.saved_usd, first.last_used) == (Decimal("0.1"), Decimal("0.3"), NOON)
    assert second.key == "a"
    assert cache.stats(days=1).top[2].last_used == NOON + 60


def test_trends_by_hour_have_each_hours_latency_and_limit(cache: Cache, clock: FakeClock) -> None:
    """Percentiles within 5 %, of hits and of calls apart; an hour without any has none."""
    told(cache, *[replace(HIT, latency_s=number / 1000) for number in range(1, 101)], MISS, replace(MISS, key="b"))
    clock.advance(2 * 3600)
    told(cache, MISS)
    hours = cache.trends(days=1, by="hour")
    assert [bucket.start for bucket in hours] == [NOON - DAY_S / 2 + 3600 * hour for hour in range(15)]
    then, between, now = hours[12:]
    assert (then.requests, then.hit_rate_limit) == (102, 1 - 2 / 102)
    assert then.hit_latency_p50_s == pytest.approx(0.050, rel=0.05)
    assert then.hit_latency_p95_s == pytest.approx(0.095, rel=0.05)
    assert then.call_latency_p50_s == pytest.approx(2.0, rel=0.05)
    assert (between.requests, between.hit_latency_p50_s, between.hit_rate_limit) == (0, None, 0.0)
    assert (now.requests, now.hit_latency_p50_s, now.hit_rate_limit) == (1, None, 0.0)
    with pytest.raises(LangcacheError, match="fortnight"):
        cache.trends(days=1, by="fortnight")  # type: ignore[arg-type]


def test_namespaces_have_accounts_of_their_own(cache: Cache) -> None:
    """A tenant's requests are on the tenant's account, though one process serves both."""
    model = CountingModel(say=SAY)
    tenant = cache.namespaced("tenant")
    for each in (cache, tenant, tenant):
        each.wrap(chain(model), profile=Applicant, name="plan").invoke(founder())
    assert (cache.stats(days=1).requests, tenant.stats(days=1).requests) == (1, 2)
    assert (cache.stats(days=1).outcomes, tenant.stats(days=1).outcomes) == ({"miss": 1}, {"miss": 1, "hit": 1})
    assert (cache.stats(days=1).entries, tenant.stats(days=1).entries) == (1, 1)


def test_caches_of_one_file_add_up(tmp_path: Path, clock: FakeClock) -> None:
    """Each sees what both did, also when opened again; without *days* each sees its own."""
    url = f"sqlite:///{tmp_path / 'x.db'}"
    with Cache(url, clock=clock) as one, Cache(url, clock=clock) as other:
        told(one, MISS, HIT)
        told(other, HIT)
        other.recorder.flush()
        assert (one.stats(days=1).requests, one.stats().requests) == (3, 2)
    with Cache(url, clock=clock) as again:
        stats = again.stats(days=1)
        assert (stats.requests, stats.saved_usd, again.stats().requests) == (3, Decimal("0.2"), 0)


async def test_async_says_the_same(cache: Cache) -> None:
    """Each question has its twin."""
    told(cache, MISS, HIT)
    assert await cache.astats(days=2) == cache.stats(days=2)
    assert await cache.atrends(days=2, by="hour") == cache.trends(days=2, by="hour")
    assert await cache.atop(days=2) == cache.top(days=2)
    assert await cache.aaccount(days=2) == cache.account(days=2)


def test_stages_are_on_the_account_and_their_money_apart(cache: Cache) -> None:
    """What a stage cost is that of the calls inside it, which are counted themselves."""
    for outcome in ("executed", "executed", "reused", "invalidated", "failed"):
        saved = Decimal("0.5") if outcome == "reused" else Decimal(0)
        cache.recorder.record(StageEvent("app", "s1", "draft", outcome, Decimal("0.25"), saved))  # type: ignore[arg-type]
    stats = cache.stats(days=1)
    assert (stats.requests, stats.cost_usd, list(stats.stages)) == (0, 0, ["app:draft"])
    draft = stats.stages["app:draft"]
    assert (draft.executed, draft.reused, draft.invalidated, draft.failed) == (2, 1, 1, 1)
    assert (draft.cost_usd, draft.saved_usd) == (Decimal("1.25"), Decimal("0.5"))


def test_names_without_end_become_one(cache: Cache) -> None:
    """A chain named per user fills neither memory nor store; nothing is lost of the whole."""
    told(cache, *(replace(MISS, chain=f"c{number}", key="") for number in range(1_100)))
    stats = cache.stats(days=1)
    assert (stats.requests, len(stats.by_chain), stats.by_chain["other"].requests) == (1_100, 1_001, 100)


def test_what_can_never_be_written_harms_nothing_else(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    """Half a character in a namespace, a cost that is no number: all the rest is on the account, once."""
    with Cache(f"sqlite:///{tmp_path / 'x.db'}", clock=FakeClock(NOON)) as cache:
        for outcome, usd in (("executed", "0.5"), ("reused", "NaN"), ("executed", "Infinity")):
            cache.recorder.record(StageEvent("app", "s1", "draft", outcome, Decimal(usd), Decimal(0)))  # type: ignore[arg-type]
        told(cache, MISS, replace(MISS, namespace="tenant-\ud800"), HIT)
        stats = cache.stats(days=1)
        told(cache, HIT)
        assert (stats.requests, cache.stats(days=1).requests) == (2, 3)
    assert (stats.stages["app:draft"].executed, stats.stages["app:draft"].cost_usd) == (2, Decimal("0.5"))
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_store_that_fails_harms_nobody_and_is_caught_up_with(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is lost and nothing counted twice, though a write that failed may have arrived; it is told once."""
    clock = FakeClock(NOON)

    class Vanishing(MemoryStore):
        fails = True

        def add_counts(self, *args: Any, **kwargs: Any) -> None:
            super().add_counts(*args, **kwargs)
            if self.fails:
                raise StoreError("the answer was lost")

    store = Vanishing()
    with Cache(store=store, clock=clock) as cache:
        told(cache, MISS, HIT)
        assert cache.stats(days=1).store_trouble == "the answer was lost"
        told(cache, HIT)
        clock.advance(10)
        assert cache.stats(days=1).store_trouble == "the answer was lost"
        store.fails = False
        clock.advance(10)
        stats = cache.stats(days=1)
        assert (stats.requests, stats.saved_usd, stats.store_trouble) == (3, Decimal("0.2"), None)
    assert len(caplog.records) == 1


def test_an_account_that_cannot_be_read_says_so(clock: FakeClock) -> None:
    """Statistics fail open; whoever asks for rows hears of it."""
    broken = FaultyStore(MemoryStore(), {"read_counts": always(Raise(StoreError("down")))})
    with Cache(store=broken, clock=clock) as cache:
        told(cache, MISS)
        assert cache.stats(days=3) == PeriodStats(3, store_trouble="down")
        with pytest.raises(StoreError, match="down"):
            cache.top(days=1)


class Plain(MemoryStore):
    """A store of somebody else's, from before there were counts."""

    keeps_counts = False
    quick_usage = Store.quick_usage
    add_counts = Store.add_counts
    read_counts = Store.read_counts


def test_a_store_without_counts_leaves_the_account_in_the_process(clock: FakeClock) -> None:
    """Everything can still be asked, and is this process's."""
    with Cache(store=Plain(), clock=clock) as cache:
        told(cache, MISS, HIT)
        stats = cache.stats(days=1)
        assert (stats.requests, stats.entries, stats.store_trouble) == (2, None, None)
    with Cache(store=OfflineStore(StoreError("not ours")), clock=clock) as offline:
        told(offline, MISS)
        assert (offline.stats(days=1).requests, offline.stats(days=1).store_trouble) == (1, "not ours")


def test_the_account_outlives_the_entries(cache: Cache) -> None:
    """Clearing a cache does not undo what it saved."""
    wrapped = cache.wrap(chain(CountingModel(say=SAY)), profile=Applicant, name="plan")
    wrapped.invoke(founder())
    wrapped.invoke(founder())
    assert cache.clear() == 1
    stats = cache.stats(days=1)
    assert (stats.requests, stats.entries) == (2, 0)


def test_the_account_is_forgotten_in_the_end(clock: FakeClock) -> None:
    """Minutes first, then hours and keys, the days last; so that a year stays small."""
    store = MemoryStore()
    with Cache(store=store, clock=clock, retention_days=60) as cache:
        told(cache, MISS)
        assert len(cache.account(days=60).minutes) == 1
        clock.advance(3 * DAY_S)
        assert (len(cache.account(days=60).minutes), len(cache.account(days=60).keys)) == (0, 1)
        clock.advance(40 * DAY_S)
        assert (len(cache.account(days=60).keys), cache.stats(days=60).requests) == (0, 1)
        assert [top.key for top in cache.top(days=60)] == ["a"]
        clock.advance(60 * DAY_S)
        assert cache.stats(days=400).requests == 0
        told(cache, HIT)
        cache.recorder.flush()
        assert cache.stats(days=400).days == 60


def test_threads_lose_no_event(cache: Cache) -> None:
    """Also where they record faster than anybody folds."""
    threads = [threading.Thread(target=told, args=(cache, *[MISS] * 3_000)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stats = cache.stats(days=1)
    assert (stats.requests, stats.cost_usd, stats.dropped) == (12_000, 1_200, 0)


def test_an_idle_process_has_no_thread_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that writes comes with the first event and goes when there was none for a while."""
    monkeypatch.setattr("langcache.runtime.account.recorder.LINGER_S", 0.01)
    monkeypatch.setattr("langcache.runtime.account.recorder.FLUSH_S", 0.01)

    def ours() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name == "langcache-account"]

    before = set(ours())
    with Cache("memory://") as cache:
        assert set(ours()) == before
        for _ in range(3):
            told(cache, HIT)
            (thread,) = set(ours()) - before
            thread.join(60)
            assert not thread.is_alive()
        assert cache.stats(days=1).requests == 3


def test_what_is_closed_records_no_more(cache: Cache) -> None:
    """A chain goes on without its cache."""
    told(cache, MISS)
    cache.close()
    told(cache, MISS)
    assert "closed" in (cache.stats(days=1).store_trouble or "")
    asyncio.run(cache.aclose())
