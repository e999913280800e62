"""Lengths of time: any mix of units, always exact."""

from datetime import timedelta

import pytest
from hypothesis import given, settings, strategies as st

from langcache.templating.kinds.duration import seconds_of
from tests.templating.kinds.laws import check_exchange, check_render, exchanged, forms, rendered, slot

A, B, C = slot("90 minutes", "duration"), slot(timedelta(hours=2), "duration"), slot("2 days", "duration")
values = st.one_of(
    st.integers(0, 10**4).map(lambda n: timedelta(minutes=n)),
    st.integers(1, 60).map(lambda n: f"{n} minutes"),
    st.integers(1, 60).map(lambda n: timedelta(hours=n) / 2),
    st.sampled_from(["an hour", "1:30:00", "PT1H30M", "2 weeks", "forever", "12", "45 seconds"]),
)


@pytest.mark.parametrize(
    "text",
    [
        "90 minutes", "90min", "1 h 30 min", "1h30m", "1 hour and 30 minutes", "an hour and a half", "1.5 hours",
        "one and a half hours", "ninety minutes", "1:30:00", "PT1H30M", "90-minute", "an hour and 30 minutes",
    ],
)  # fmt: skip
def test_however_it_is_said(text: str) -> None:
    """Values arrive in any of the ways people and apps say them."""
    assert seconds_of(text) == 5400


@pytest.mark.parametrize("text", ["90", "soon", "half", "1 h soon", "and a half", "0.0001 minutes", "in 5 minutes"])
def test_what_says_no_length(text: str) -> None:
    """Numbers without a unit and other words are no length of time."""
    assert seconds_of(text) is None


@pytest.mark.parametrize(
    ("written", "hours", "days"),
    [
        ("90 minutes", "2:00:00", "2 days"),
        ("90 mins", "120 mins", "2 days"),
        ("90-minute", "120-minute", "2 days"),
        ("1 h 30 min", "2 h", "2 d"),
        ("1h30m", "2h", "2d"),
        ("1 hour and 30 minutes", "2 hours", "2 days"),
        ("an hour and a half", "2 hours", "2 days"),
        ("1.5 hours", "2 hours", "2 days"),
        ("ninety minutes", "one hundred twenty minutes", "2 days"),
    ],
)
def test_the_same_style_for_the_next_user(written: str, hours: str, days: str) -> None:
    """However the length is written, the next user's is written so, or in plain units where that is not exact."""
    assert [f"Takes {hours} in all.", f"Takes {days} in all."] == [
        exchanged(f"Takes {written} in all.", A, other) for other in (B, C)
    ]


def test_a_rate_is_not_the_value() -> None:
    """ "An hour" may be "per hour": nobody can tell."""
    assert exchanged("Costs $20 an hour.", slot(timedelta(hours=1), "duration"), B) == "<ambiguous value>"
    assert exchanged("Takes 1:30 in all.", A, B) == "<leak>"


def test_abbreviations_are_not_found_in_other_words() -> None:
    """``2d`` is two days only where the context says so."""
    assert exchanged("A 2D chart.", C, A) in ("A 2D chart.", "<ambiguous value>")


def test_a_value_that_is_no_length_is_a_number_or_a_text() -> None:
    """Free text is found verbatim, a bare number too."""
    assert {form.text for form in forms(slot("forever", "duration"))} == {"forever"}
    assert exchanged("Takes 8 minutes.", slot("8", "duration"), slot("7", "duration")) == "Takes 7 minutes."
    assert [rendered(slot("forever", "duration"), "h|"), rendered(A, "x")] == ["<unrenderable>"] * 2
    assert rendered(slot(timedelta(0), "duration"), "one|day") == "0 minutes"


@settings(max_examples=60)
@given(values, values)
def test_laws(own: object, other: object) -> None:
    """Render writes every form; a text for A is a text for B in one of B's forms, or refused."""
    check_render(slot(own, "duration"))
    check_exchange(slot(own, "duration"), slot(other, "duration"))
