"""Why yesterday was worse, in words that follow from what was counted."""

from decimal import Decimal

from hypothesis import given, strategies as st

from langcache.dashboard.comparison import NOTICEABLE, Day, compare, day_between
from langcache.runtime.account.model import Bucket, PeriodStats, Slice


def _slice(hits: int, misses: int, **others: int) -> Slice:
    outcomes = {"hit": hits, "miss": misses, **others}
    requests = sum(outcomes.values())
    return Slice(requests, outcomes, hits / requests if requests else 0.0)


def _day(hits: int, misses: int, **others: object) -> Day:
    requests = hits + misses
    return Day(requests, hits / requests if requests else 0.0, 0.9, Decimal(hits), Decimal(misses), **others)  # type: ignore[arg-type]


def test_the_figures_of_both_days_are_named() -> None:
    """Rate, requests, the difference in points, and the money of each."""
    said = compare(_day(80, 20), _day(60, 40)).said
    assert said == (
        "Yesterday was worse: 60.0\N{NARROW NO-BREAK SPACE}% of 100 requests were answered from the cache, "
        "20.0 points less than the day before; it saved $60.00, the day before $80.00."
    )


def test_a_new_prompt_version_is_named_with_what_it_missed() -> None:
    """What the old version stored does not serve the new one."""
    before = _day(80, 20, prompt_versions={"v3": _slice(80, 20)})
    after = _day(50, 50, prompt_versions={"v3": _slice(45, 10), "v4": _slice(5, 40)})
    (first, *_) = compare(before, after).causes
    assert first.requests == 40
    assert "v4, had 45 requests, 40 of which had to be generated" in first.said


def test_more_refusals_are_named_by_the_reason_that_grew() -> None:
    """The reason that grew, not the one that is always there."""
    before = _day(80, 20, refusals={"leak": 10})
    after = _day(60, 40, refusals={"leak": 11, "pronoun": 20})
    (first, *_) = compare(before, after).causes
    assert first.requests == 21
    assert "31 answers were refused, the day before 10" in first.said
    assert "“pronoun” (20)" in first.said


def test_more_bypasses_a_chain_that_misses_and_a_lower_limit_are_each_named() -> None:
    """Each on its own, what cost most first."""
    before = Day(100, 0.8, 0.95, bypasses={}, chains={"a": _slice(40, 10), "b": _slice(40, 10)})
    after = Day(100, 0.5, 0.7, bypasses={"no-store": 10}, chains={"a": _slice(40, 10), "b": _slice(10, 40)})
    causes = compare(before, after).causes
    assert [round(cause.requests) for cause in causes] == [30, 25, 10]
    assert "The chain b" in causes[0].said
    assert "less to reuse" in causes[1].said
    assert "10 requests went past the cache" in causes[2].said


def test_days_of_different_traffic_are_compared_by_share() -> None:
    """Twice the refusals of twice the requests are no cause."""
    before = Day(100, 0.8, 0.9, refusals={"leak": 10})
    after = Day(200, 0.6, 0.9, refusals={"leak": 20})
    assert compare(before, after).causes == ()


def test_without_two_days_nothing_is_claimed() -> None:
    """An empty day is neither better nor worse."""
    assert compare(_day(80, 20), _day(0, 0)).kind == "unknown"
    assert compare(_day(0, 0), _day(80, 20)).kind == "unknown"


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_the_verdict_follows_the_hit_rate(hits: int, misses: int, later_hits: int, later_misses: int) -> None:
    """Worse, better and alike mean what the rates say; and the reverse comparison says the reverse."""
    before, after = _day(hits, misses), _day(later_hits, later_misses)
    kind, mirrored = compare(before, after).kind, compare(after, before).kind
    if not before.requests or not after.requests:
        assert kind == "unknown"
        return
    change = after.hit_rate - before.hit_rate
    assert kind == ("alike" if abs(change) < NOTICEABLE else "worse" if change < 0 else "better")
    assert mirrored == {"worse": "better", "better": "worse", "alike": "alike"}[kind]


def test_a_day_is_what_the_longer_period_has_and_the_shorter_has_not() -> None:
    """Sums are those of the day itself; what did not happen that day is not there."""
    longer = PeriodStats(2, refusals={"leak": 5, "old": 2}, by_chain={"a": _slice(8, 4), "b": _slice(1, 1)})
    shorter = PeriodStats(1, refusals={"leak": 3, "old": 2}, by_chain={"a": _slice(5, 4), "b": _slice(1, 1)})
    day = day_between(Bucket(0.0, requests=3, hit_rate=1.0), longer, shorter)
    assert day.refusals == {"leak": 2}
    assert day.chains == {"a": Slice(3, {"hit": 3}, 1.0)}
    assert (day.requests, day.hit_rate) == (3, 1.0)


def test_a_version_that_was_rare_the_day_before_counts_as_new() -> None:
    """It may have been tried by one person before everybody got it; one that was common is not new."""
    tried = _day(80, 20, prompt_versions={"v3": _slice(80, 19), "v4": _slice(0, 1)})
    common = _day(80, 20, prompt_versions={"v3": _slice(40, 10), "v4": _slice(40, 10)})
    after = _day(50, 50, prompt_versions={"v4": _slice(50, 50)})
    assert any("v4" in cause.said for cause in compare(tried, after).causes)
    assert not any("v4" in cause.said for cause in compare(common, after).causes)
