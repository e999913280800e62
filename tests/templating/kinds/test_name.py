"""Names of places and organisations: shortened as people shorten them."""

import time

import pytest

from langcache.templating import Personal
from tests.templating.kinds.laws import exchanged, forms, slot

ITHACA, BRNO, BASEL = slot("Ithaca, New York", "name"), slot("Brno, Moravia, Czechia", "name"), slot("Basel", "name")


@pytest.mark.parametrize(
    ("text", "brno", "basel"),
    [
        ("Born in Ithaca, New York.", "Born in Brno, Moravia, Czechia.", "Born in Basel."),
        ("Ithaca is small.", "Brno is small.", "Basel is small."),
        ("Offices in ITHACA", "Offices in BRNO", "Offices in BASEL"),
        ("Live in Ithaca, NY", "<ambiguous value>", "<ambiguous value>"),
        ("Ithaca College", "<ambiguous value>", "<ambiguous value>"),
        ("All of New York", "<leak>", "<leak>"),
    ],
)
def test_a_place_may_be_named_without_what_it_lies_in(text: str, brno: str, basel: str) -> None:
    """Its first name is exchanged for the next one's, unless what follows makes another place of it."""
    assert [brno, basel] == [exchanged(text, ITHACA, other) for other in (BRNO, BASEL)]


@pytest.mark.parametrize(
    "value", ["Lock, Stock and Two Barrels", "Johnson, Inc.", "hello, World", "12, Elm Street", "a,b"]
)
def test_what_is_no_place_keeps_its_comma(value: str) -> None:
    """Titles, companies, sentences and addresses are not cut at it."""
    assert "head" not in {form.style for form in forms(slot(value, "name"))}


@pytest.mark.parametrize("text", ["P.S. Call me", "Made in the U.S."])
def test_abbreviations_of_every_text_are_no_initials(text: str) -> None:
    """What stands in any text gives nobody away."""
    for name in ("Padma Shri", "Umbrella Solutions"):
        assert text == exchanged(text, slot(name, "name"), BASEL)


@pytest.mark.parametrize("end", ["!", "=", "@example.com"])
def test_a_long_word_behind_a_comma_is_looked_at_once(end: str) -> None:
    """Cut into six words in every way there is, a hundred letters would take an hour."""
    begun = time.process_time()
    forms(slot(f"Berlin, {'Donaudampfschifffahrt' * 3}{end}", "name"))
    assert time.process_time() - begun < 1


LONG = "Growing takes time, and asking people takes longer than that. " * 8


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Compass", "At Compass you need a moral compass."),
        ("Next Level", f"{LONG}Take it to the next level."),
    ],
)
def test_small_letters_of_what_is_written_with_a_capital_are_a_word(value: str, text: str) -> None:
    """The text itself writes the name otherwise, or it is long and the words are everybody's."""
    assert exchanged(text, slot(value, "name"), BASEL) in ("<ambiguous value>", "<leak>")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**Role:** Data Analyst\n\nA data analyst asks.", "**Role:** Basel\n\nA basel asks."),
        ("# A Roadmap to Data Analyst\n\nA data analyst asks.", "# A Roadmap to Basel\n\nA basel asks."),
        ("ask data analyst", "ask basel"),
        ("The Data Analyst account is @dataanalyst", "The Basel account is @basel"),
    ],
)
def test_small_letters_are_the_value_where_capitals_say_nothing(text: str, expected: str) -> None:
    """Headings and forms have capitals anyway; accounts have none."""
    assert expected == exchanged(text, slot("Data Analyst", "name"), BASEL)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("class DataLabs: see data_labs.py", "class ZedSons: see zed_sons.py"),
        ("DATA_LABS = 1", "ZED_SONS = 1"),
        ("`get_data_labs()`", "`get_zed_sons()`"),
    ],
)
def test_identifiers_are_written_in_one_word(text: str, expected: str) -> None:
    """With an underscore, too, as programs write them."""
    assert expected == exchanged(text, slot("Data Labs", "name"), slot("Zed Sons", "name"))


@pytest.mark.parametrize("text", ['{"role": "teacher"}', "**Role:** teacher", "| Role | teacher |"])
def test_a_common_word_is_the_value_where_a_form_asks_for_it(text: str) -> None:
    """The label right before it settles it, in small letters as with a capital."""
    mine, yours = (Personal("role", "role", value) for value in ("teacher", "HR officer"))
    assert exchanged(text, mine, yours) == text.replace("teacher", "HR officer")


def test_either_apostrophe_is_that_of_the_name() -> None:
    """Models write the curly one, keyboards the straight one."""
    assert exchanged("in St. John’s", slot("St. John's", "name"), slot("Land's End", "name")) == "in Land’s End"


def test_a_name_with_an_article_is_its_own_behind_an_article() -> None:
    """Behind "the" a word is the name just here: the name has one."""
    assert exchanged("Eat at the Mill.", slot("The Mill", "name"), slot("The Ritz", "name")) == "Eat at the Ritz."
