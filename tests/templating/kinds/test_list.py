"""Lists: all items joined or counted, for a list of any other length; one item alone refuses."""

import pytest
from hypothesis import given, settings, strategies as st

from langcache.templating import Gap, Lexicon, Personal
from tests.templating.kinds.laws import check_render, exchanged, forms, rendered


def schools(*values: object) -> Personal:
    return Personal("it", "university name", values, ("target school",), kind="list")


A, TWO, FOUR = schools("MIT", "Stanford", "CMU"), schools("Yale", "Rice"), schools("Yale", "Rice", "Duke", "Penn")


@pytest.mark.parametrize(
    ("text", "two", "four"),
    [
        ("MIT, Stanford and CMU", "Yale and Rice", "Yale, Rice, Duke and Penn"),
        ("MIT, Stanford, and CMU", "Yale and Rice", "Yale, Rice, Duke, and Penn"),
        ("MIT, Stanford, or CMU", "Yale or Rice", "Yale, Rice, Duke, or Penn"),
        ("MIT/Stanford/CMU", "Yale/Rice", "Yale/Rice/Duke/Penn"),
        ("MIT; Stanford; and CMU", "Yale and Rice", "Yale; Rice; Duke; and Penn"),
        ("**MIT**, **Stanford** and **CMU**", "**Yale** and **Rice**", "**Yale**, **Rice**, **Duke** and **Penn**"),
        ("- MIT\n- Stanford\n- CMU", "- Yale\n- Rice", "- Yale\n- Rice\n- Duke\n- Penn"),
        ("  * **MIT**\n  * **Stanford**\n  * **CMU**", "  * **Yale**\n  * **Rice**",
         "  * **Yale**\n  * **Rice**\n  * **Duke**\n  * **Penn**"),
        ("1. MIT\n2. Stanford\n3. CMU", "1. Yale\n2. Rice", "1. Yale\n2. Rice\n3. Duke\n4. Penn"),
        ("your three schools", "your two schools", "your four schools"),
        ("all three universities", "both universities", "all four universities"),
        ("All three target schools", "Both target schools", "All four target schools"),
        ("3 target schools", "2 target schools", "4 target schools"),
    ],
)  # fmt: skip
def test_a_list_of_any_length_in_the_same_style(text: str, two: str, four: str) -> None:
    """However the items are joined or counted, the next list is joined or counted that way."""
    assert [f"See:\n{two}\n!", f"See:\n{four}\n!"] == [exchanged(f"See:\n{text}\n!", A, other) for other in (TWO, FOUR)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Start with MIT", "list item"),
        ("MIT and CMU", "list item"),
        ("CMU, MIT and Stanford", "list item"),
        ("all three are good", "list count"),
        ("your three choices", "list count"),
    ],
)
def test_a_part_of_the_list_refuses(text: str, reason: str) -> None:
    """Some of the items, another order, and a number that counts something unnamed have no counterpart."""
    assert f"<{reason}>" == exchanged(text, A, TWO)


def test_both_of_two_refuses() -> None:
    """``both of them`` is nothing for a list of three."""
    assert exchanged("both of them", TWO, A) == "<list count>"


def test_other_numbers_stay() -> None:
    """Three steps are no schools, and two schools are not these three."""
    assert exchanged("three steps for two schools", A, TWO) == "three steps for two schools"


def test_a_single_item_is_the_value() -> None:
    """A list of one is filled by a list of one or many; of one nobody says how many."""
    assert exchanged("only Yale", schools("Yale"), A) == "only MIT, Stanford and CMU"
    assert {form.text for form in forms(schools("Yale", None, ""))} == {"Yale"}
    assert rendered(schools("Yale"), "words schools") == "<unrenderable>"
    assert rendered(A, "no such style") == "<unrenderable>"


def test_long_lists_are_counted_in_digits() -> None:
    """Beyond twelve people write digits."""
    assert rendered(schools(*range(20)), "your schools") == "your 20 schools"


def test_masking_takes_items_but_no_numbers() -> None:
    """In loose text the items are masked; what counts them stays and is part of the key."""
    template = Lexicon([A]).locate("Of my three schools, is CMU best?")
    assert ("Of my three schools, is ", Gap("it"), " best?") == template


lists = st.lists(
    st.sampled_from(["MIT", "Stanford", "A and B", "two\nlines", "x", "10"]), min_size=1, max_size=5, unique=True
)


@settings(max_examples=50)
@given(lists, lists)
def test_laws(own: list[str], other: list[str]) -> None:
    """Render writes every form, and every style that the next list has is one of its forms."""
    a, b = schools(*own), schools(*other)
    check_render(a)
    theirs = {form.text for form in forms(b)}
    if len(own) > 1 and len(other) > 1:
        assert not [form.style for form in forms(a) if form.style and rendered(b, form.style) not in theirs]
