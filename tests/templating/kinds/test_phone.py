"""Telephone numbers: one number in all the ways to write it."""

import sys

import pytest
from hypothesis import given, settings, strategies as st

from langcache.errors import DeclarationError
from tests.templating.kinds.laws import check_exchange, check_render, exchanged, forms, rendered, slot

A, B = slot("925-961-9090", "phone"), slot("+44 1223 902088", "phone")
C = slot("(415) 555-2671", "phone")


@pytest.mark.parametrize(
    ("written", "american", "british"),
    [
        ("925-961-9090", "(415) 555-2671", "+44 1223 902088"),
        ("(925) 961-9090", "(415) 555-2671", "(01223) 902088"),
        ("925.961.9090", "415.555.2671", "01223.902088"),
        ("9259619090", "4155552671", "01223902088"),
        ("+1 925-961-9090", "+1 415-555-2671", "+44 1223-902088"),
        ("+1 (925) 961-9090", "+1 (415) 555-2671", "+44 (1223) 902088"),
        ("+19259619090", "+14155552671", "+441223902088"),
        ("1-925-961-9090", "1-415-555-2671", "+44 1223 902088"),
        ("001 925 961 9090", "001 415 555 2671", "0044 1223 902088"),
        ("tel:+1-925-961-9090", "tel:+1-415-555-2671", "tel:+44-1223-902088"),
    ],
)
def test_the_same_style_for_the_next_user(written: str, american: str, british: str) -> None:
    """However the number is written, the next one is written that way, or as typed where it cannot be."""
    assert [f"Call {american}!", f"Call {british}!"] == [exchanged(f"Call {written}!", A, other) for other in (C, B)]


@pytest.mark.parametrize(
    "text", ["ending in 9090", "call 961-9090", "call 9619090", "961 9090", "at 92-59-61-90-90", "92596 19090"]
)
def test_parts_of_a_number_refuse(text: str) -> None:
    """Its last four digits, the number without its area code, and groupings nobody uses."""
    assert exchanged(text, A, B) == "<leak>"


def test_last_digits_that_may_be_a_year_need_a_word() -> None:
    """``2019`` alone is a year; ``ending in 2019`` is the number."""
    own = slot("925-961-2019", "phone")
    assert exchanged("Since 2019.", own, B) == "Since 2019."
    assert exchanged("The one ending in 2019.", own, B) == "<leak>"


@pytest.mark.parametrize("text", ["Dial 925 first", "in 961 days", "8925-961-90901"])
def test_other_numbers_are_no_leak(text: str) -> None:
    """A short group of digits is anybody's, and a longer number is another one."""
    assert text == exchanged(text, A, B)


def test_the_country_follows_the_locale() -> None:
    """A national number is read in the countries of the locale; one typed in other groups keeps them."""
    swiss = slot("038 549 02 90", "phone", locale="de_CH")
    assert rendered(swiss, "N ") == "038 549 02 90"
    assert rendered(slot("01223902088", "phone"), "+C N-") == "+44 1223-902088"
    assert rendered(slot("20 7638 8891", "phone"), "N-") == "20-7638-8891"


@pytest.mark.parametrize("value", ["call me", "123", "+999 12345678", "extension 12", "1" * 40])
def test_what_is_no_number_is_a_text(value: str) -> None:
    """Such a value is exchanged verbatim, and stands for every style."""
    assert {value} == {form.text for form in forms(slot(value, "phone"))}
    assert [value, "<unrenderable>"] == [rendered(slot(value, "phone"), style) for style in ("N-", "no such style")]


def test_without_phonenumbers_the_declaration_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is an extra; who declares a phone number needs it."""
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    with pytest.raises(DeclarationError, match="kinds"):
        forms(slot("925-961-0001", "phone"))


digits = st.text("0123456789", min_size=6, max_size=11)
numbers = st.one_of(
    digits,
    digits.map("+1{}".format),
    digits.map("+44 {}".format),
    st.from_regex(r"\(\d{3}\) \d{3}-\d{4}", fullmatch=True),
)


@settings(max_examples=50)
@given(numbers, numbers)
def test_laws(own: str, other: str) -> None:
    """Render writes every form; a text for A is a text for B in one of B's forms, or refused."""
    a, b = slot(own, "phone"), slot(other, "phone")
    check_render(a)
    check_exchange(a, b)


def test_an_area_code_of_one_digit_is_no_item_of_a_list() -> None:
    """``(2)`` numbers an item; ``(925)`` does not."""
    assert exchanged("Do (1) this, (2) that", slot("+56 2 2345 6789", "phone"), B) == "Do (1) this, (2) that"
    assert exchanged("Do (925) that", A, B) == "<leak>"
