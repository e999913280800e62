"""Keys on the account: what a recommender replays, and how their number stays bounded."""

import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from support.chains import SAY, Applicant, chain, founder
from support.models import CountingModel

from langcache import Cache
from langcache.core.events import Event
from langcache.core.sameness import template_digest
from langcache.runtime.account.histogram import bucket_of, percentile, upper_bound
from langcache.runtime.account.kept import KeptKeys, below_in, look_at
from langcache.runtime.account.key_sums import KeySum, rank_of
from langcache.runtime.account.money import from_cell, to_cell
from langcache.storage.memory import MemoryStore
from langcache.testing import FakeClock

DAY_S = 86_400
NOON = 19_700 * DAY_S + DAY_S / 2
MISS = Event("plan", "v1", outcome="miss", key="a", cost_usd=Decimal("0.1"), latency_s=1.0)
HIT = Event("plan", "v1", outcome="hit", key="a", saved_usd=Decimal("0.1"))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def cache(clock: FakeClock) -> Iterator[Cache]:
    with Cache("memory://", clock=clock, ttl=600.0) as made:
        yield made


def told(cache: Cache, *recorded: Event) -> None:
    for event in recorded:
        cache.ledger.record(event)


def test_a_chains_keys_come_with_their_parts(cache: Cache, clock: FakeClock) -> None:
    """Features as normalised, all else as digests or words; the same template is seen to be the same. No slot value."""
    wrapped = cache.wrap(chain(CountingModel(say=SAY)), profile=Applicant, name="plan", prompt_version="v1")
    wrapped.invoke(founder())
    wrapped.invoke(founder(startup_name="Zed"))
    wrapped.invoke(founder(background="lawyer"))
    account = cache.account(days=1)
    busy, other = account.keys
    assert (busy.chain, busy.prompt_version, busy.requests, busy.calls, busy.created) == ("plan", "v1", 2, 1, 1)
    assert (busy.features["background"], other.features["background"]) == ("founder", "lawyer")
    assert busy.has_parts
    assert {"model", "profile", "mode", "slot startup_name"} <= busy.parts.keys()
    assert busy.template is not None
    assert busy.template == other.template
    assert "PathAI" not in str(account.to_dict())
    assert "Zed" not in str(account.to_dict())


def test_calls_lapses_and_gaps_have_their_times(cache: Cache, clock: FakeClock) -> None:
    """To the minute and within 10 %: enough to replay another lifetime."""
    wrapped = cache.wrap(chain(CountingModel(say=SAY)), profile=Applicant, name="plan")
    for _ in range(3):
        wrapped.invoke(founder())
        clock.advance(900)
    (key,) = cache.account(days=1).keys
    assert (key.requests, key.calls, key.created, key.lapsed, key.stampedes) == (3, 3, 3, 2, 0)
    assert key.called == {NOON: 1, NOON + 900: 1, NOON + 1800: 1}
    assert key.requested == {NOON: 3}
    for times in (key.lapsed_ages, key.gaps):
        ((age_s, count),) = times.items()
        assert (count, age_s) == (2, pytest.approx(900, rel=0.1))


def test_calls_at_once_show_as_a_stampede(cache: Cache) -> None:
    """More than one in one minute."""
    told(cache, *[MISS] * 4)
    (key,) = cache.account(days=1).keys
    assert (key.stampedes, list(key.called.values())) == (3, [4])


def test_refusals_name_the_slot_and_its_form(cache: Cache) -> None:
    """And what was paid for them; one row for one declaration to mend."""
    leak = replace(MISS, outcome="refused", reason="leak", details={"slot": "name", "form": "initials", "position": 7})
    told(cache, leak, leak, Event("plan", outcome="bypass", reason="no-store"))
    first, second = cache.account(days=1).refusals
    assert (first.outcome, first.reason, first.chain, first.slot, first.form) == (
        *("refused", "leak", "plan", "name", "initials"),
    )
    assert (first.count, first.cost_usd) == (2, Decimal("0.2"))
    assert (second.outcome, second.reason, second.slot, second.count) == ("bypass", "no-store", None, 1)


def test_a_key_from_before_the_account_is_described_by_its_entry(clock: FakeClock) -> None:
    """Its entry tells its parts; without that, the key stays a digest."""
    store = MemoryStore()
    with Cache(store=store, clock=clock) as cache:
        wrapped = cache.wrap(chain(CountingModel(say=SAY)), profile=Applicant, name="plan")
        cache.engine.record = lambda event: None
        wrapped.invoke(founder())
        cache.engine.record = cache.ledger.record
        wrapped.invoke(founder())
        told(cache, replace(HIT, key="unknown"))
        known = next(key for key in cache.account(days=1).keys if key.key != "unknown")
        assert (known.features["background"], known.created, known.has_parts) == ("founder", 0, True)
        assert known.template is not None
        assert {top.key: bool(top.features) for top in cache.top(days=1)} == {known.key: True, "unknown": False}


@pytest.mark.parametrize("writers", [1, 3])
def test_of_many_keys_a_sample_and_the_busiest_are_kept(writers: int, clock: FakeClock) -> None:
    """Their number is then an estimate and says so; the busiest are exact; the whole is exact in any case."""
    store, keys, sample = MemoryStore(), 4_000, 256
    caches = [Cache(store=store, clock=clock, retention_keys=sample) for _ in range(writers)]
    names = [*(f"key {number}" for number in range(keys)), *["busy 1"] * 400, *["busy 2"] * 300]
    random.Random(1).shuffle(names)
    for number, name in enumerate(names):
        told(caches[number % writers], replace(MISS, key=name))
        if number % 500 == 0:
            for cache in caches:
                cache.recorder.flush()
    for cache in caches:
        cache.recorder.flush()
    stats, account = caches[0].stats(days=1), caches[0].account(days=1)
    assert (stats.requests, stats.is_sampled, account.is_sampled) == (keys + 700, True, True)
    assert stats.cost_usd == (keys + 700) * Decimal("0.1")
    assert stats.distinct_keys == pytest.approx(keys + 2, rel=0.25)
    assert [key.key for key in account.keys[:2]] == ["busy 1", "busy 2"]
    assert len(account.keys) <= 2 * sample
    assert store.read_counts("default", ["keys8/2462"], now=clock.now())["keys8/2462"].keys() >= {"about", "kbusy 1"}


def test_as_many_keys_as_fit_are_counted_exactly(cache: Cache) -> None:
    """Also over days, a key of several days once."""
    clock: Any = cache.clock
    for day in range(12):
        told(cache, *(replace(MISS, key=f"{number}") for number in range(day, day + 10)))
        clock.advance(DAY_S)
    stats = cache.stats(days=13)
    assert (stats.distinct_keys, stats.is_sampled, stats.hit_rate_limit) == (21, False, 1 - 21 / 120)
    assert [cache.stats(days=days).distinct_keys for days in (2, 3, 9)] == [10, 11, 17]


rows = st.dictionaries(st.text(min_size=1, max_size=6), st.integers(1, 9), min_size=1, max_size=60)


@given(rows, st.integers(4, 20))
def test_looking_twice_drops_nothing_more(found: dict[str, int], keys: int) -> None:
    """What is kept is bounded, holds the lowest ranks, and is what another look would keep."""
    sheet: dict[str, Any] = {f"k{name}": {"miss": count} for name, count in found.items()}
    look = look_at(sheet, keys)
    kept = {row: cells for row, cells in sheet.items() if row not in look.drop}
    assert len(kept) <= keys + keys // 4
    assert {f"k{name}" for name in sorted(found, key=rank_of)[:keys]} <= kept.keys()
    assert look_at(kept, keys).drop == ()
    if look.drop:
        about: Any = {"below": repr(look.below)}
        assert below_in({**kept, "about": about}) == look.below
        assert sum(rank_of(name) < look.below for name in found) == keys


def test_a_key_that_becomes_busy_is_let_through_with_what_was_held_back() -> None:
    """So that it is not undercounted by what it was before."""
    kept = KeptKeys(8)
    sheet: dict[str, Any] = {f"k{number}": {"miss": 3} for number in range(50)}
    kept.looked(look_at(sheet, 8), look_at(sheet, 16))
    rare = max((f"new {number}" for number in range(50)), key=rank_of)

    def once() -> dict[str, KeySum]:
        return kept.through({rare: KeySum(cells={"miss": 2}, requests=2)})

    assert once() == {}
    assert once()[rare].cells == {"miss": 4}
    assert once()[rare].cells == {"miss": 2}


@given(st.floats(1e-6, 1e9))
def test_a_bucket_holds_its_times_closely(seconds: float) -> None:
    """Its bound is not below, and not a tenth above."""
    bound = upper_bound(bucket_of(seconds))
    assert seconds <= bound * 1.0000001
    assert bound <= seconds * 1.1


@settings(max_examples=50)
@given(st.lists(st.floats(1e-5, 1e5), min_size=1, max_size=200), st.sampled_from([0.5, 0.95, 1.0]))
def test_a_percentile_is_that_of_the_times(times: list[float], share: float) -> None:
    """Within 5 %, the rank rounded up."""
    buckets: dict[int, int] = {}
    for seconds in times:
        buckets[bucket_of(seconds)] = buckets.get(bucket_of(seconds), 0) + 1
    exact = sorted(times)[max(0, -int(-share * len(times) // 1) - 1)]
    assert percentile(buckets, share) == pytest.approx(exact, rel=0.05)
    assert percentile({}, share) is None


@given(st.decimals(-(10**6), 10**6, places=12))
def test_money_survives_being_a_number(usd: Decimal) -> None:
    """To the last place of a token's price."""
    assert from_cell(to_cell(usd)) == usd


def test_answers_are_the_same_if_they_say_the_same() -> None:
    """Ids and usage of a message are not what it says; its text and the gaps in it are."""
    body = {"$x": ["ai", {"content": {"$t": ["Hi ", ["name"]]}, "usage": {"input_tokens": 7}, "metadata": {"a": "b"}}]}
    other = {"$x": ["ai", {"content": {"$t": ["Hi ", ["name"]]}, "usage": {"input_tokens": 8}, "metadata": {}}]}
    third = {"$x": ["ai", {"content": {"$t": ["Hi ", ["user"]]}, "usage": {"input_tokens": 7}, "metadata": {}}]}
    assert template_digest(body) == template_digest(other) != template_digest(third)
    assert template_digest({"id": 1}) != template_digest({"id": 2})
