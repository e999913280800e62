"""Times of day: on either clock, in figures and in words."""

from datetime import time

import pytest
from hypothesis import given, settings, strategies as st

from langcache.errors import Refused
from langcache.templating import Lexicon, Personal
from langcache.templating.kinds.clock import clock_of
from tests.templating.kinds.laws import check_exchange, check_render, exchanged, forms, rendered, slot

A, B, MORNING = slot("18:30", "time"), slot(time(21, 5), "time"), slot("09:00", "time")
values = st.one_of(
    st.times().map(lambda at: at.replace(microsecond=0, second=0)),
    st.times().map(lambda at: f"{at:%H:%M}"),
    st.times().map(lambda at: f"{at:%I:%M %p}"),
    st.sampled_from(["noon", "midnight", "00:00", "12:00", "whenever", "8", time(1, 2, 3)]),
)


@pytest.mark.parametrize(
    ("written", "evening", "morning"),
    [
        ("6:30 pm", "9:05 pm", "9 am"),
        ("6:30pm", "9:05pm", "9am"),
        ("6:30 P.M.", "9:05 P.M.", "9 A.M."),
        ("6.30 PM", "9.05 PM", "9.00 AM"),
        ("06:30 pm", "09:05 pm", "09:00 am"),
        ("18:30", "21:05:00", "09:00"),
        ("18.30", "21.05", "09.00"),
        ("18h30", "21h05", "09h00"),
        ("6:30", "9:05", "9:00 am"),
        ("half past six", "five past nine", "9 am"),
        ("six thirty", "nine oh five", "nine o'clock am"),
        ("half past 6 pm", "five past 9 pm", "9 am"),
        ("6:30 in the evening", "9:05 at night", "9 in the morning"),
    ],
)
def test_the_same_style_for_the_next_user(written: str, evening: str, morning: str) -> None:
    """However the time is written, the next user's is written that way, and its half of the day is told."""
    expected = [f"Come at {evening}, please.", f"Come at {morning}, please."]
    assert expected == [exchanged(f"Come at {written}, please.", A, other) for other in (B, MORNING)]


@pytest.mark.parametrize(
    ("own", "text", "expected"),
    [
        ("18:00", "6 pm", "9:05 pm"),
        ("18:00", "6:00 pm", "9:05 pm"),
        ("12:00", "noon", "9:05 pm"),
        ("00:00", "midnight", "9:05 pm"),
        ("06:45", "quarter to seven", "five past nine pm"),
        ("06:45", "a quarter to 7", "five past 9 pm"),
        ("6:30 pm", "6:30 pm", "21:05:00"),
    ],
)
def test_whole_hours_and_names(own: str, text: str, expected: str) -> None:
    """Minutes show where there are any; noon is only noon."""
    assert f"At {expected}." == exchanged(f"At {text}.", slot(own, "time"), B)


@pytest.mark.parametrize(
    "text", ["18:30 pm", "6:30 am", "6:30 tonight", "6:30 pm tonight", "6:30 this evening", "1830"]
)
def test_what_a_gap_would_contradict_refuses(text: str) -> None:
    """A word that fixes the half of the day outside the gap cannot stay for the next user."""
    assert exchanged(f"At {text} then.", A, MORNING).startswith("<")


@pytest.mark.parametrize(
    ("said", "clock"),
    [
        ("12 am", (0, 0, 0)),
        ("12:30 PM", (12, 30, 0)),
        ("0:41 am", (0, 41, 0)),
        ("12 midnight", (0, 0, 0)),
        ("12:00 noon", (12, 0, 0)),
        ("at 18.30", (18, 30, 0)),
        ("18h30", (18, 30, 0)),
        ("1 noon", None),
        ("13 am", None),
        ("24:30", None),
        ("6", None),
        ("half past six", None),
        ("18:75", None),
    ],
)
def test_what_a_value_says(said: str, clock: tuple[int, int, int] | None) -> None:
    """A time is read as people type it; what contradicts itself or leaves the half of the day open is none."""
    assert clock_of(said) == clock


def test_noon_and_midnight_are_exchanged_for_each_other() -> None:
    """The name of one becomes the name of the other."""
    assert [rendered(slot(value, "time"), style) for value, style in (("00:00", "noon"), ("12:00", "12 midnight"))] == [
        "midnight",
        "12 noon",
    ]


def test_a_face_that_two_slots_share_refuses() -> None:
    """ "6:30" is either of half past six in the morning and in the evening."""
    both = [Personal(name, name, value, kind="time") for name, value in (("rise", "06:30"), ("dine", "18:30"))]
    with pytest.raises(Refused, match="ambiguous slots"):
        Lexicon(both).delexicalize("At 6:30 then.")


def test_seconds_are_never_lost() -> None:
    """A time with seconds cannot be written in a style without them."""
    assert [rendered(slot("18:30:15", "time"), s) for s in ("h:mm am", "HH:mm:ss")] == ["<unrenderable>", "18:30:15"]


def test_a_value_that_is_no_time_is_a_number_or_a_text() -> None:
    """A bare number is exchanged verbatim, free text too."""
    assert exchanged("It takes 8 minutes.", slot("8", "time"), slot("5", "time")) == "It takes 5 minutes."
    assert exchanged("It takes 8 of 9.", slot("8", "time"), slot("5", "time")) == "<ambiguous value>"
    assert {form.text for form in forms(slot("earliest", "time"))} == {"earliest"}
    assert [rendered(slot("earliest", "time"), "h am"), rendered(A, "no such style")] == ["<unrenderable>"] * 2


@settings(max_examples=40)
@given(values, values)
def test_laws(own: object, other: object) -> None:
    """Render writes every form; a text for A is a text for B in one of B's forms, or refused."""
    check_render(slot(own, "time"))
    check_exchange(slot(own, "time"), slot(other, "time"))
