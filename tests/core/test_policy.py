"""What a stored answer is good for, at each boundary."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from langcache.core.directives import NONE, Directives
from langcache.core.entry import Entry
from langcache.core.policy import KEPT_STALE_S, Expiry, Verdict, is_early, judge
from langcache.errors import DeclarationError

MADE, FRESH = 1000.0, 1100.0
ENTRY = Entry("x", MADE, FRESH)
ASKED = Directives(stale_while_revalidate_s=10, stale_if_error_s=50)
GIVEN = Expiry(100, stale_while_revalidate_s=10, stale_if_error_s=50)


@pytest.mark.parametrize(
    ("asked", "expiry", "age_s", "verdict"),
    [
        (NONE, Expiry(100), 0, "fresh"),
        (NONE, Expiry(100), 99.999, "fresh"),
        (NONE, Expiry(100), 100, "none"),
        (Directives(max_age_s=30), Expiry(100), 29.999, "fresh"),
        (Directives(max_age_s=30), Expiry(100), 30, "none"),
        (Directives(max_age_s=0), Expiry(100), 0, "none"),
        (Directives(max_age_s=500), Expiry(100), 100, "none"),
        (ASKED, Expiry(100), 100, "revalidate"),
        (ASKED, Expiry(100), 109.999, "revalidate"),
        (ASKED, Expiry(100), 110, "stale"),
        (ASKED, Expiry(100), 149.999, "stale"),
        (ASKED, Expiry(100), 150, "none"),
        (NONE, GIVEN, 100, "revalidate"),
        (NONE, GIVEN, 110, "stale"),
        (NONE, GIVEN, 150, "none"),
        (Directives(stale_while_revalidate_s=0), GIVEN, 100, "stale"),
        (Directives(stale_if_error_s=0), GIVEN, 110, "none"),
        (Directives(stale_if_error_s=500), GIVEN, 550, "stale"),
        (Directives(max_age_s=30), GIVEN, 30, "none"),
        (replace(ASKED, max_age_s=30), Expiry(100), 39.999, "revalidate"),
        (replace(ASKED, max_age_s=30), Expiry(100), 40, "stale"),
    ],
)
def test_lifetimes_end_on_the_instant(asked: Directives, expiry: Expiry, age_s: float, verdict: Verdict) -> None:
    """At ``fresh_until`` it is expired; what is asked beats the cache's own, and ``max-age`` excludes its defaults."""
    assert verdict == judge(ENTRY, asked, expiry, MADE + age_s)


def test_nothing_stored_is_good_for_nothing() -> None:
    """Whatever is allowed."""
    assert judge(None, ASKED, GIVEN, MADE) == "none"


times = st.floats(0, 1000)


@given(times, times, st.none() | times, st.none() | times, st.none() | times)
def test_an_answer_only_gets_worse(
    age_s: float, later_s: float, max_age_s: float | None, swr_s: float | None, sie_s: float | None
) -> None:
    """Time never makes an answer better."""
    order = ["fresh", "revalidate", "stale", "none"]
    asked = Directives(max_age_s=max_age_s, stale_while_revalidate_s=swr_s, stale_if_error_s=sie_s)
    now, later = (judge(ENTRY, asked, GIVEN, MADE + age) for age in (age_s, age_s + later_s))
    assert order.index(now) <= order.index(later)


@given(st.floats(1, 1e7), st.floats(0, 1), st.floats(0, 1, exclude_max=True))
def test_jitter_only_shortens_and_by_its_share_at_most(ttl_s: float, jitter: float, chance: float) -> None:
    """Entries written together do not expire together, and none lives longer than asked."""
    until = Expiry(ttl_s, jitter).fresh_until(0.0, chance)
    assert ttl_s * (1 - jitter) <= until <= ttl_s


@pytest.mark.parametrize(("swr_s", "sie_s", "kept_s"), [(None, None, KEPT_STALE_S), (1e6, 5, 1e6), (5, 2e6, 2e6)])
def test_the_store_keeps_what_may_still_be_served(swr_s: float | None, sie_s: float | None, kept_s: float) -> None:
    """An expired answer is worth something to a call that allows it."""
    expiry = Expiry(100, stale_while_revalidate_s=swr_s, stale_if_error_s=sie_s)
    assert expiry.gone_at(FRESH) == FRESH + kept_s


chances = st.floats(0, 1, exclude_min=True)
betas = st.floats(0, 10, exclude_min=True)


@given(times, times, betas, chances, times, st.floats(0, 1))
def test_early_grows_with_age_effort_and_beta(
    age_s: float, took_s: float, beta: float, chance: float, more: float, share: float
) -> None:
    """XFetch: what is early stays so as it ages, had it taken longer, with a larger beta, with a smaller draw."""
    entry, now = replace(ENTRY, took_s=took_s), MADE + age_s
    if is_early(entry, beta, now, chance):
        assert is_early(entry, beta, now + more, chance)
        assert is_early(replace(entry, took_s=took_s + more), beta, now, chance)
        assert is_early(entry, beta + more, now, chance)
        assert is_early(entry, beta, now, max(math.nextafter(0, 1), chance * share))


@given(times, times, betas, chances, st.none() | times)
def test_only_what_is_fresh_is_early(
    age_s: float, took_s: float, beta: float, chance: float, max_age_s: float | None
) -> None:
    """It is served all the same; without the option, or with the luckiest draw, it is just fresh."""
    entry, asked = replace(ENTRY, took_s=took_s), Directives(max_age_s=max_age_s)
    expiry, now = Expiry(100, early_refresh=beta), MADE + age_s
    without = judge(entry, asked, Expiry(100), now, chance)
    assert judge(entry, asked, expiry, now) == without
    assert judge(entry, asked, expiry, now, chance) in ((without, "early") if without == "fresh" else (without,))


@pytest.mark.parametrize("left_in_efforts", [0.5, 1.0, 3.0])
def test_early_has_the_distribution_of_the_paper(left_in_efforts: float) -> None:
    """With *r* left to live, the chance is exp(-r / (beta * effort)) (Vattani et al. 2015, section 4)."""
    entry, draw = replace(ENTRY, took_s=4.0), random.Random(1)
    now = FRESH - left_in_efforts * 4.0 * 1.5
    drawn = sum(is_early(entry, 1.5, now, 1.0 - draw.random()) for _ in range(20_000))
    assert drawn / 20_000 == pytest.approx(math.exp(-left_in_efforts), abs=0.015)


@pytest.mark.parametrize("beta", [0, -1.0, math.inf, math.nan])
def test_a_beta_that_cannot_work_is_said_at_once(beta: float) -> None:
    """Not when the first answer expires."""
    with pytest.raises(DeclarationError, match="early_refresh"):
        Expiry(100, early_refresh=beta)
