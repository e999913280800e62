"""Numbers: in figures, with a scale, in words; and never a number that means something else."""

import sys
from decimal import Decimal

import pytest
from hypothesis import example, given, settings, strategies as st

from langcache.errors import DeclarationError
from langcache.templating import Lexicon, Personal, fill
from langcache.templating.kinds.numerals import spell, spell_and, unspell
from tests.templating.kinds.laws import check_exchange, check_render, exchanged, forms, rendered, slot

values = st.one_of(
    st.integers(0, 10**9),
    st.integers(0, 20).map(str),
    st.integers(0, 10**4).map(lambda n: n * 1000),
    st.decimals(0, 10**6, places=2),
    st.sampled_from(["200k", "0.2 million", "two hundred thousand", "200,000", "200 000", "many", -5]),
)


@pytest.mark.parametrize(
    ("written", "large", "small"),
    [
        ("200000", "1500000", "1234"),
        ("200,000", "1,500,000", "1,234"),
        ("200 000", "1 500 000", "1 234"),
        ("200k", "1500k", "1,234"),
        ("200 thousand", "1500 thousand", "1,234"),
        ("0.2 million", "1.5 million", "1,234"),
        (
            "two hundred thousand",
            "one million five hundred thousand",
            "one thousand two hundred thirty-four",
        ),
    ],
)
def test_the_same_style_for_the_next_user(written: str, large: str, small: str) -> None:
    """However the number is written, the next user's is written so; in figures where a scale does not suit it."""
    own = slot(200000, "number")
    others = [slot(number, "number") for number in (1500000, 1234)]
    assert [f"For {large} users.", f"For {small} users."] == [
        exchanged(f"For {written} users.", own, b) for b in others
    ]


def test_a_bare_number_of_its_own_is_the_slots() -> None:
    """Declared a number, the number standing alone is the value."""
    assert exchanged("Stay 3 days.", slot("3", "number"), slot("4", "number")) == "Stay 4 days."


@pytest.mark.parametrize(
    "text", ["3 of 10", "3 pm", "$3", "3%", "Day 3", "March 3", "3 stars", "three", "#3", "Step 3", "3 or 4", "3–5"]
)
def test_the_same_digits_in_other_company_refuse(text: str) -> None:
    """Where the digits plainly mean another number, nobody can tell what to fill."""
    assert exchanged(f"It is {text} now.", slot("3", "number"), slot("4", "number")) == "<ambiguous value>"


def test_an_enumeration_is_not_the_number() -> None:
    """A number that only counts a list stays, for everybody."""
    text = "Stay 3 days:\n1. Come\n2. See\n3. Win"
    own, other = (Personal("days", "number of days", value, kind="number") for value in ("3", "4"))
    assert fill(Lexicon([own]).delexicalize(text), {"days": other}) == text.replace("3 d", "4 d")


def test_what_the_label_counts_tells_the_number() -> None:
    """Before the noun of its label a number is the value, though the prompt or a feature holds the same digits."""
    own, other = (Personal("days", "number of days", value, kind="number") for value in ("1", "3"))
    template = Lexicon([own], known=["Hotels_1"]).delexicalize("Stay for 1 day.")
    assert fill(template, {"days": other}) == "Stay for 3 day."


@pytest.mark.parametrize("text", ["13", "3rd", "12:3", "1.3", "3.5", "3,000", "2003", "H3"])
def test_digits_inside_something_else_are_not_touched(text: str) -> None:
    """A number is never found inside another one, nor inside a word."""
    assert f"It is {text} now." == exchanged(f"It is {text} now.", slot("3", "number"), slot("4", "number"))


def test_one_is_a_number_only_before_a_unit() -> None:
    """ "This one" is nobody's value, "one night" is."""
    assert exchanged("Take this one.", slot(1, "number"), slot(2, "number")) == "Take this one."
    assert exchanged("Stay one night.", slot(1, "number"), slot(2, "number")) == "<ambiguous value>"


@pytest.mark.parametrize(("text", "own"), [("200.000", 200000), ("3,42", Decimal("3.42"))])
def test_other_locales_spellings_are_not_left_behind(text: str, own: object) -> None:
    """The same number in another locale's signs refuses."""
    assert exchanged(f"It is {text} now.", slot(own, "number"), slot(2, "number")) == "<leak>"


def test_locale_decides_the_signs() -> None:
    """German groups with dots, and its words come from num2words."""
    own, other = slot(200000, "number", locale="de"), slot(Decimal("1234.5"), "number", locale="de")
    assert exchanged("Es sind 200.000 Leute.", own, other) == "Es sind 1.234,5 Leute."
    assert "zweihunderttausend" in [form.text for form in forms(own)]


def test_words_of_other_languages_need_num2words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing library is told to the developer; a language it lacks has figures only."""
    assert spell(7, "zz") == "7"
    monkeypatch.setitem(sys.modules, "num2words", None)
    with pytest.raises(DeclarationError, match=r"langcache-middleware\[kinds\]"):
        spell(7, "de")


@pytest.mark.parametrize(
    ("number", "american", "british"),
    [
        (0, "zero", "zero"),
        (105, "one hundred five", "one hundred and five"),
        (2019, "two thousand nineteen", "two thousand and nineteen"),
        (205_000, "two hundred five thousand", "two hundred and five thousand"),
        (1_000_001, "one million one", "one million and one"),
    ],
)
def test_english_numbers_both_ways(number: int, american: str, british: str) -> None:
    """English is written by rule, American and British, and read back from either."""
    assert (american, british) == (spell(number), spell_and(number))
    assert [number, number] == [unspell(american), unspell(british)]


@pytest.mark.parametrize(
    "text", ["", "and", "hundred", "two three", "a cat", "twenty-zero", "one thousand two thousand"]
)
def test_what_is_no_number_in_words(text: str) -> None:
    """Words that are not one number as people write it are none."""
    assert unspell(text) is None


def test_a_value_that_is_no_number_is_a_text() -> None:
    """Free text is found verbatim and has no styles."""
    assert {form.text for form in forms(slot("plenty", "number"))} == {"plenty"}
    assert [rendered(slot("plenty", "number"), "words"), rendered(slot(3, "number"), "x")] == ["<unrenderable>"] * 2


@settings(max_examples=60)
@example(11, 1, "en")
@given(values, values, st.sampled_from(["en", "de"]))
def test_laws(own: object, other: object, locale: str) -> None:
    """Render writes every form; a text for A is a text for B in one of B's forms, or refused."""
    a, b = (slot(value, "number", locale=locale) for value in (own, other))
    check_render(a)
    check_exchange(a, b)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A 30-year-old sleeps well.", "An 18-year-old sleeps well."),
        ("You're 30 and fit.", "You're 18 and fit."),
        ("The patient, aged 30, is well.", "The patient, aged 18, is well."),
        ("Before turning 30, save.", "Before turning 18, save."),
        ("Run for 30 minutes.", "<ambiguous value>"),
        ("You are 30 minutes away.", "<ambiguous value>"),
        ("Save 30% of it.", "<ambiguous value>"),
        ("Rest in 30 days.", "<ambiguous value>"),
    ],
)
def test_an_age_is_told_by_how_ages_are_said(text: str, expected: str) -> None:
    """Round numbers too; and before minutes or a percent sign no number is one."""
    ages = [Personal("age", "age", age, kind="number") for age in (30, 18)]
    assert expected == exchanged(text, *ages)
