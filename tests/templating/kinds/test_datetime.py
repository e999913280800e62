"""A day with a time: together as apps write them, or two gaps."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings, strategies as st

from langcache.templating.kinds.relative_days import IDIOMS
from tests.templating.kinds.laws import check_exchange, check_render, exchanged, forms, rendered, slot

A, B = slot("2019-03-01T18:30", "datetime"), slot(datetime(2020, 12, 23, 9, tzinfo=UTC), "datetime")
moments = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(microsecond=0))  # noqa: DTZ001
values = st.one_of(
    moments,
    moments.map(lambda at: at.replace(second=0)),
    moments.map(str),
    moments.map(lambda at: f"{at:%B} {at.day} at {at:%H:%M}"),
    st.sampled_from(["2019-03-01", "March 1st at 6:30 pm", "6:30 pm, March 1st", "6:30 pm", "1971", "some day"]),
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2019-03-01T18:30:00", "2020-12-23T09:00:00"),
        ("2019-03-01 at 18:30", "2020-12-23 at 09:00"),
        ("March 1st at 6:30 pm", "December 23rd at 9 am"),
        ("6:30 pm on Friday, March 1", "9 am on Wednesday, December 23"),
        ("03/01/2019 18:30", "12/23/2020 09:00"),
        ("6:30 PM", "9 AM"),
    ],
)
def test_the_same_style_for_the_next_user(written: str, expected: str) -> None:
    """Both parts, wherever they stand, are written for the next user in their own styles."""
    own = slot("2019-03-01 18:30:00+00:00", "datetime")
    assert f"It is {expected}, then." == exchanged(f"It is {written}, then.", own, B)


@pytest.mark.parametrize("value", ["March 1st at 6:30 pm", "6:30 pm on March 1st", "March 1, 18:30"])
def test_however_people_type_it(value: str) -> None:
    """A typed value is found again with its parts in other styles."""
    assert exchanged("On March 1st, 6:30pm.", slot(value, "datetime"), B) == "On December 23rd, 9am."


@pytest.mark.parametrize("text", ["in March", "at 1830", "on 1/3/2019", "tomorrow"])
def test_what_is_left_of_either_part_refuses(text: str) -> None:
    """Parts of the day and of the time are guarded as by their own kinds."""
    assert exchanged(f"See you {text}, then.", A, B).startswith("<")


def test_seconds_are_guarded() -> None:
    """A time with seconds is neither shortened nor left behind without them."""
    assert exchanged("At 18:30 then.", slot("2019-03-01 18:30:15", "datetime"), B) == "<leak>"


def test_either_part_alone() -> None:
    """A value of a day alone has no time to write."""
    day = slot("2019-03-01", "datetime")
    assert exchanged("Due March 1st.", day, B) == "Due December 23rd."
    assert [rendered(day, style) for style in ("clock:h am", "T", "no such")] == ["<unrenderable>"] * 3


def test_a_value_that_is_neither_is_a_text() -> None:
    """Free text is found verbatim."""
    assert {form.text for form in forms(slot("1971", "datetime"))} == {"1971"}


@settings(max_examples=40)
@given(values, values)
def test_laws(own: object, other: object) -> None:
    """Render writes every form; a text for A is a text for B in one of B's forms, or refused."""
    check_render(slot(own, "datetime"))
    check_exchange(slot(own, "datetime"), slot(other, "datetime"), IDIOMS)
