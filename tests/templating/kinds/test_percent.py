"""Shares: with a sign, in words, as a part of one."""

import pytest
from hypothesis import given, settings, strategies as st

from tests.templating.kinds.laws import check_exchange, check_render, exchanged, forms, rendered, slot

A, B = slot("42%", "percent"), slot("7.5%", "percent")
marked = st.integers(0, 150).map(lambda number: f"{number}%")
said = st.sampled_from(["7.5 percent", "forty-two percent", "some of it", "12.5%"])
whole, parts = st.integers(0, 100), st.decimals("0.01", "0.99", places=2)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("42%", "7.5%"),
        ("42 %", "7.5 %"),
        ("42 percent", "7.5 percent"),
        ("forty-two percent", "7.5 percent"),
        ("42-percent", "7.5-percent"),
    ],
)
def test_the_same_style_for_the_next_user(written: str, expected: str) -> None:
    """However the share is written, the next user's is written that way."""
    assert f"Save {expected} now." == exchanged(f"Save {written} now.", A, B)


def test_a_bare_fraction_is_so_many_hundredths_or_itself() -> None:
    """``0.42`` may be told as ``42%``; the style keeps which reading the answer took."""
    own, other = slot(0.42, "percent"), slot(0.05, "percent")
    assert exchanged("Save 42%, or 0.42%.", own, other) == "Save 5%, or 0.05%."
    assert exchanged("Save 42% now.", own, B) == "Save 7.5% now."


def test_a_share_is_not_left_behind_as_a_part_of_one() -> None:
    """``0.42`` is ``42%``, and nothing says which the next user's should be."""
    assert exchanged("A factor of 0.42 then.", A, B) == "<leak>"


def test_a_value_that_is_no_share_is_a_text() -> None:
    """Free text is found verbatim; styles cannot be written for it."""
    assert {form.text for form in forms(slot("some of it", "percent"))} == {"some of it"}
    assert [rendered(slot("some of it", "percent"), "#,##0|%"), rendered(A, "x")] == ["<unrenderable>"] * 2


@settings(max_examples=60)
@given(st.sampled_from([whole, parts]), st.data())
def test_laws(bare: st.SearchStrategy[object], data: st.DataObject) -> None:
    """Render writes every form; a text for A is a text for B in one of B's forms, or refused."""
    own, other = (slot(data.draw(st.one_of(marked, said, bare)), "percent") for _ in range(2))
    check_render(own)
    check_exchange(own, other)


@pytest.mark.parametrize("text", ["Day 1: save 100%.", "100% of 1 plan"])
def test_all_of_it_is_not_every_one(text: str) -> None:
    """As a fraction it would be 1, which stands in any text."""
    assert exchanged(text, slot("100%", "percent"), slot("7%", "percent")) == text.replace("100%", "7%")
