"""Replaying recorded requests under another rule."""

from decimal import Decimal
from math import inf
from random import Random

import pytest
from economics.recommendations.rows import DAY_S, HOUR_S, account, key
from hypothesis import example, given, strategies as st

from langcache.economics.recommendations.recommendation import lower_bound
from langcache.economics.recommendations.replay import calls_needed, lapses, saved_by_merging
from langcache.economics.recommendations.traffic import Traffic

times = st.lists(st.floats(0, 3 * DAY_S), min_size=1, max_size=40).map(sorted)


@given(st.integers(0, 200), st.integers(0, 200))
@example(0, 11)
def test_the_bound_is_below_what_was_seen_and_rises_with_it(positive: int, more: int) -> None:
    """And between 0 and 1; more of the same is surer."""
    observed = positive + more
    bound = lower_bound(positive, observed)
    assert 0 <= bound <= (positive / observed if observed else 0) + 1e-12
    if observed:
        assert lower_bound(10 * positive, 10 * observed) >= bound
        assert lower_bound(positive + 1, observed + 1) > bound


@pytest.mark.parametrize(("share", "observed"), [(0.5, 10), (0.9, 20), (0.97, 30)])
def test_the_bound_keeps_its_promise(share: float, observed: int) -> None:
    """It is above the true share in about 5 % of draws, by Wilson's own account at most a few points more."""
    draw = Random(5)
    drawn = [sum(draw.random() < share for _ in range(observed)) for _ in range(4000)]
    assert sum(lower_bound(positive, observed) > share for positive in drawn) / len(drawn) < 0.09


@given(st.lists(times, min_size=1, max_size=4))
def test_one_entry_that_never_expires_takes_one_call(asked: list[list[float]]) -> None:
    """Whoever asks first makes it; all other calls are saved, and their cost."""
    keys = [key(each) for each in asked]
    assert calls_needed(keys, inf) == 1
    assert saved_by_merging(keys, inf) == (len(keys) - 1, Decimal("0.5") * (len(keys) - 1))


@given(times, st.floats(2 * HOUR_S, 2 * DAY_S))
def test_calls_are_reckoned_to_within_an_hour(asked: list[float], ttl_s: float) -> None:
    """What is known by the hour lies between what lifetimes an hour shorter and an hour longer would take."""
    most, least = (sum(key(asked, ttl_s + off).called.values()) for off in (-HOUR_S, HOUR_S))
    assert least <= calls_needed([key(asked, ttl_s)], ttl_s) <= most


@given(st.lists(times, min_size=1, max_size=4), st.floats(HOUR_S, 2 * DAY_S))
def test_merging_saves_no_more_than_was_called(asked: list[list[float]], ttl_s: float) -> None:
    """Nor less than nothing; one key alone saves nothing, and the first call of all is always made."""
    keys = [key(each, ttl_s) for each in asked]
    made = sum(each.calls for each in keys)
    saved, usd = saved_by_merging(keys, ttl_s)
    assert 0 <= saved < made
    assert usd == Decimal("0.5") * saved
    assert saved_by_merging(keys[:1], ttl_s) == (0, 0)


def test_keys_that_expire_are_merged_in_proportion() -> None:
    """Three keys, each asked for every ten minutes and called for every six hours, are one key called as often."""
    every = [600.0 * n for n in range(6 * 24 * 10)]
    keys = [key([at + shift for at in every], 6 * HOUR_S) for shift in (0, 60, 120)]
    made = sum(each.calls for each in keys)
    saved, usd = saved_by_merging(keys, 6 * HOUR_S)
    assert saved == pytest.approx(made * 2 / 3, rel=0.03)
    assert usd == Decimal("0.5") * saved


def test_an_entry_from_before_the_period_saves_the_other_keys_calls() -> None:
    """It was there first."""
    old = key([5.0], outcomes={"hit": 1}, calls=0, called={}, cost_usd=Decimal(0))
    assert saved_by_merging([old, key(), key()], inf) == (2, Decimal("1.0"))


def test_calls_that_no_entry_could_have_saved_remain() -> None:
    """Those of ``no-store`` and the like."""
    around = key([0.0, 60.0], outcomes={"bypass": 2}, calls=2, cost_usd=Decimal(1))
    assert saved_by_merging([around, around], inf) == (0, Decimal(0))


def test_the_lifetime_is_seen_where_something_expired() -> None:
    """The youngest answer that was asked for in vain."""
    (seen,) = Traffic(account(key([0.0, HOUR_S, 9 * HOUR_S], HOUR_S), key())).chains
    assert HOUR_S <= seen.ttl_s < 1.1 * HOUR_S
    (unseen,) = Traffic(account(key())).chains
    assert unseen.ttl_s == inf


def test_what_expired_so_long_ago_that_it_was_dropped_has_lapsed_too() -> None:
    """The store keeps an expired answer for a day, so nothing tells of it but the calls."""
    row = key([0.0, HOUR_S, 3 * DAY_S], HOUR_S, lapsed=1)
    assert (lapses(row, HOUR_S), lapses(row, 2 * DAY_S), lapses(row, inf)) == (2, 1, 1)
