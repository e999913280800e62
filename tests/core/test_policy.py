"""What a stored answer is good for, at each boundary."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from langcache.core.directives import NONE, Directives
from langcache.core.entry import Entry
from langcache.core.policy import KEPT_STALE_S, Expiry, Verdict, judge

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
