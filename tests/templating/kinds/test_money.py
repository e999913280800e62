"""Sums of money: any sign, code or name; cents are never lost and never rounded."""

from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from langcache.templating.kinds.money import amount_of
from tests.templating.kinds.laws import check_exchange, check_render, exchanged, forms, rendered, slot

A, B = slot("3814.44", "money"), slot(Decimal(12), "money")
sums = st.decimals(0, 10**7, places=2)
bare = st.one_of(sums, st.integers(0, 10**6), st.just("0.125"))
named = st.one_of(
    sums.map(lambda number: f"${number:,}"),
    st.integers(0, 5000).map(lambda number: f"{number} pounds"),
    st.sampled_from(["moderate", "CHF 12", "€1.5 million", "-$5", "12k EUR", "1 dollar"]),
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("$3,814.44", "$12.00"),
        ("$3814.44", "$12.00"),
        ("3814.44", "12"),
        ("3,814.44 dollars", "12.00 dollars"),
        ("USD 3,814.44", "USD 12.00"),
        ("£3,814.44", "£12.00"),
        ("3,814.44 €", "12.00 €"),
        ("3814.44 GBP", "12.00 GBP"),
    ],
)
def test_the_same_style_for_the_next_user(written: str, expected: str) -> None:
    """However the sum is written, the next user's is written that way."""
    assert f"You owe {expected} now." == exchanged(f"You owe {written} now.", A, B)


@pytest.mark.parametrize(
    ("own", "text", "other", "expected"),
    [
        ("273", "$273", "3814.44", "$3,814.44"),
        ("273", "273 dollars", "1", "1 dollar"),
        ("$12", "12 dollars", "£15", "15 pounds"),
        ("£12", "£12", "£8", "£8"),
        ("200000", "$200k", "150", "$150"),
        ("200000", "$0.2 million", "1500000", "$1.5 million"),
        ("100", "one hundred dollars", "99.5", "99.50 dollars"),
        ("50", "50-dollar", "20", "20-dollar"),
        ("$12", "$12", "CHF 12", "CHF 12"),
        ("5", "$5", "-5", "-$5"),
        ("850 dollars", "$850", "CHF 20", "CHF 20"),
    ],
)
def test_another_sum_in_the_style_of_one(own: str, text: str, other: str, expected: str) -> None:
    """Cents appear where the next sum has some; the next user's own currency wins; scales only where they suit."""
    users = [slot(value, "money") for value in (own, other)]
    assert f"You owe {expected} now." == exchanged(f"You owe {text} now.", *users)


@pytest.mark.parametrize("text", ["3,814", "3814", "$3,814", "3.814,44"])
def test_a_sum_without_its_cents_is_not_left_behind(text: str) -> None:
    """The whole part alone, or other signs between the digits, cannot be filled."""
    assert exchanged(f"About {text} then.", A, B) == "<leak>"


def test_a_bare_small_number_is_not_the_sum() -> None:
    """A number without any sign of money may mean something else."""
    assert exchanged("Come in by gate 9, please.", slot("9", "money"), B) == "<ambiguous value>"


@pytest.mark.parametrize("said", ["USD 12 EUR", "12 apples", "$", "twelve and a bit", "12 abc"])
def test_what_names_no_sum(said: str) -> None:
    """Two currencies, or something that is none, make no sum."""
    assert amount_of(said, "en") is None


def test_fractions_of_a_cent_are_kept_or_refused() -> None:
    """A style with cents cannot show a tenth of one; the others show all of it."""
    tiny = slot("0.125", "money")
    assert [rendered(tiny, style) for style in ("USD|#,##0.00|¤#", "USD|#,##0|¤#")] == ["<unrenderable>", "$0.125"]


def test_a_value_that_is_no_sum_is_a_text() -> None:
    """Free text is found verbatim; other styles cannot be written for it."""
    assert {form.text for form in forms(slot("moderate", "money"))} == {"moderate"}
    assert [rendered(slot("moderate", "money"), "USD|0|¤#"), rendered(A, "x")] == ["<unrenderable>"] * 2


def test_locale_decides_the_signs() -> None:
    """German: dots between thousands, a comma before the cents."""
    own, other = (slot(Decimal(value), "money", locale="de") for value in ("3814.44", "12.5"))
    assert exchanged("Das macht 3.814,44 €.", own, other) == "Das macht 12,50 €."


@settings(max_examples=60)
@given(bare | named, named)
def test_laws(own: object, other: object) -> None:
    """Render writes every form; a text for A is a text for B in one of B's forms, or refused."""
    a, b = slot(own, "money"), slot(other, "money")
    numbers = {form.text for form in forms(a) if (form.style or "").endswith("|#")}  # "9" is no form of "$9"
    check_render(a)
    check_exchange(a, b, numbers)
