"""Law 2, form by form: what a reader would recognise is filled right or refused; never left for the next user."""

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from langcache.errors import Refused
from langcache.templating import Lexicon, Personal, fill
from langcache.templating.spelling import respelled


def outcome(value: object, other: object, text: str, *, kind: str = "name", label: str = "it") -> str:
    """The text as another user reads it, or the refusal's reason in angle brackets."""
    mine, theirs = (Personal("it", label, each, kind=kind) for each in (value, other))
    try:
        template = Lexicon([mine]).delexicalize(text)
    except Refused as refused:
        return f"<{refused.reason}>"
    assert text == fill(template, {"it": mine})
    return fill(template, {"it": theirs})


def left(text: str, **withheld: Any) -> bool:
    """Whether a text that mentions an ignored or blurred value would be kept."""
    try:
        Lexicon([], **withheld).delexicalize(text)
    except Refused:
        return False
    return True


@pytest.mark.parametrize(
    "said",
    [
        "2e5", "2E5", "2e+05", "2.0e5", "2x10^5", "2 × 10⁵", "2 × 10^5", "200 thousand", "200 grand", "200 k",
        "200000th", "200,000.00", "2 lakh", "two lakh", "2,00,000", "200000-300000", "two hundred thousand", "٢٠٠٠٠٠",
    ],
)  # fmt: skip
def test_an_ignored_number_is_found_in_every_notation(said: str) -> None:
    """Powers of ten, Indian units, ordinals, ranges and other digits give it away as well as its figures."""
    assert not left(f"With {said} users", ignored={"users": 200_000})


@pytest.mark.parametrize(
    "said",
    ["3.420", "about 3.4", "a 3.4", "three point four two", "three point forty-two", "342", "3.42/4.0", "3·42", "3,42"],
)
def test_a_blurred_number_is_found_with_other_digits(said: str) -> None:
    """More zeros, a rounding, words, the figures without their sign; the range that the key knows is allowed."""
    assert not left(f"Your GPA is {said} now", blurred={"gpa": 3.42})
    assert left("Your GPA is between 3.0 and 3.5 now", blurred={"gpa": 3.42})


@settings(max_examples=25)
@given(st.one_of(st.integers(), st.floats(), st.decimals(allow_nan=False), st.decimals(-1e6, 1e6, places=3)))
def test_any_number_has_notations(value: object) -> None:
    """Huge, tiny and negative numbers too; and the value itself is found in every one of them."""
    for text in respelled(value):
        assert text
        assert not left(f"about {text} now", ignored={"it": value}) or not any(map(str.isalnum, text))


@pytest.mark.parametrize("kind", ["text", "number"])
@pytest.mark.parametrize("said", ["34th birthday", "XXXIV", "thirty-fourth", "mid-30s", "in your thirties", "34ish"])
def test_an_age_is_found_in_ordinals_and_decades(said: str, kind: str) -> None:
    """What no gap can say of every age refuses, whatever the kind."""
    assert outcome(34, 61, f"Enjoy your {said}!", kind=kind, label="age") == "<leak>"


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("money", "3814.44", "$3,800"),
        ("money", "3814.44", "nearly $4,000"),
        ("money", "3814.44", "almost four thousand dollars"),
        ("money", "3814.44", "three thousand eight hundred fourteen dollars and forty-four cents"),
        ("money", "$5 million", "five million"),
        ("number", "1234", "around twelve hundred"),
        ("number", "1234", "1.2k"),
        ("percent", "12%", "12 out of 100"),
        ("percent", "12%", "12.0%"),
        ("date", "1965-05-12", "nineteen sixty-five"),
        ("date", "1965-05-12", "MCMLXV"),
        ("date", "1965-05-12", "May twelfth"),
        ("date", "1965-05-12", "'65"),
        ("date", "1965-05-12", "1960s"),
        ("time", "18:30", "half six"),
        ("time", "18:30", "6:30ish"),
        ("duration", "90 minutes", "1h30"),
        ("duration", "90 minutes", "5400 seconds"),
        ("phone", "+1 212 555 0147", "area code 212"),
        ("address", "412 Monterey Ave, Springfield, IL 62704", "Illinois"),
        ("email", "ann.smith@andromeda.org", "smith"),
        ("email", "ann59@gmail.com", "Ann"),
    ],
)
def test_half_said_values_refuse(kind: str, value: str, said: str) -> None:
    """A rounding, a part or an unusual spelling of a typed value is a leak, for no gap could hold it."""
    assert outcome(value, "", f"It is {said}, they say", kind=kind) == "<leak>"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("PathAI", "PathAI2"),
        ("PathAI", "MyPathAI"),
        ("PathAI", "getpathai.com"),
        ("PathAI", "pathaihq"),
        ("MIT", "MITx"),
        ("MIT", "MITians"),
        ("MIT", "MIT2024"),
        ("Paris", "Parisians"),
        ("Northwind Bakery Holdings", "northwindbakery.com"),
        ("Northwind Bakery Holdings", "N.B.H."),
        ("Northwind Bakery Holdings", "N-B-H"),
        ("San Francisco", "SF"),
        ("San Francisco", "S.F."),
        ("University of Cape Town", "UCT"),
        ("Texas A&M University", "A&M"),
    ],
)
def test_what_is_written_onto_a_name_does_not_hide_it(value: str, said: str) -> None:
    """Digits, endings, capitals in the middle of a word, initials: the name is still read."""
    assert outcome(value, "Zed", f"We like {said} here") == "<leak>"


@pytest.mark.parametrize(
    ("value", "text"),
    [("MIT", "MITRE and SUMMIT emit light"), ("Mark", "Marketing"), ("Frank", "In Frankfurt"), ("Chris", "Christmas")],
)
def test_other_words_with_the_same_letters_are_no_leak(value: str, text: str) -> None:
    """A word that merely begins or ends alike is another word."""
    assert text == outcome(value, "Zed", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PathAI.com", "ZedLabs.com"),
        ("see www.pathai.io now", "see www.zedlabs.io now"),
        ("by @PathAI", "by @ZedLabs"),
        ("`pathai_app`", "`zedlabs_app`"),
        ('{"tag": "#PathAI"}', '{"tag": "#ZedLabs"}'),
        ("PathAI, _PathAI_", "Zed Labs, _Zed Labs_"),
    ],
)
def test_accounts_domains_and_identifiers_are_filled_in_one_word(text: str, expected: str) -> None:
    """A name of two words cannot stand there with its blank."""
    assert expected == outcome("PathAI", "Zed Labs", text)


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("Andromeda Labs", "#AndromedaLabs and andromeda-labs", "#PathAI and pathai"),
        ("H&M", "H & M, or H and M, or HM", "PathAI, or PathAI, or PathAI"),
        ("Smith & Sons", "Smith and Sons", "PathAI"),
        ("MIT", "M.I.T. and MIT", "PathAI and PathAI"),
        ("M.I.T.", "MIT", "PathAI"),
    ],
)
def test_names_with_other_signs_are_filled(value: str, text: str, expected: str) -> None:
    """In one word, with *and* for an ampersand, with and without the dots of initials."""
    assert expected == outcome(value, "PathAI", text)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Ann Smith", "Anna"),
        ("Ann Smith", "Annie"),
        ("Ann Smith", "AnnSmith2024"),
        ("Ann Smith", "getSmithOrders()"),
        ("Ann Smith", "#TeamSmith"),
        ("Bob Wong", "Robert"),
        ("Mohammed Alaoui", "Muhammad"),
        ("Thandiwe Nkosi", "Thandi"),
        ("Martin Luther King III", "MLK"),
    ],
)
def test_people_are_known_by_other_names_too(value: str, said: str) -> None:
    """Pet names, long forms, other spellings, accounts, initials."""
    assert outcome(value, "Zoe Lee", f"We met {said} there", kind="person") == "<leak>"


def test_half_an_initial_is_not_left_behind() -> None:
    """Whoever is called ``Ann S`` or ``S., Ann`` is not called that after the fill."""
    assert outcome("Ann Smith", "Bob Lee", "Ask S., Ann or Ann S then", kind="person") == "Ask L., Bob or Bob L then"
    assert outcome("Ann Smith", "Bob Lee", "Ask A Smith then", kind="person") == "<ambiguous value>"


@pytest.mark.parametrize(
    ("text", "label", "expected"),
    [
        ("Top 34 ideas", "age", "<ambiguous value>"),
        ("Here are 34 steps", "age", "<ambiguous value>"),
        ("Here are 10 ideas", "hotels", "<ambiguous value>"),
        ("You have 10", "hotels found", "You have 7"),
        ("The number of hotels is 10, as we all know", "hotels found", "The number of hotels is 7, as we all know"),
        ("Ten days, 10 things. " * 40, "hotels", "<ambiguous value>"),
    ],
)
def test_a_bare_number_refuses_unless_the_text_tells_it(text: str, label: str, expected: str) -> None:
    """Law 4: no kind settles it, so its label or a short statement must; else it may be any number."""
    value = "34" if "34" in text else "10"
    assert expected == outcome(value, "7", text, kind="text", label=label)


@pytest.mark.parametrize("said", ["1 500", "1.500", "1\u00a0500", "1\u2009500", "1\u202f500", "1'500", "1’500"])
def test_thousands_are_divided_in_many_ways(said: str) -> None:
    """A number of four digits is one number however it is divided, with its sign or alone."""
    assert not left(f"It is {said} now.", ignored={"x": 1500})
    assert outcome("£1,500", "£90", f"It is £{said} now.", kind="money") == "<leak>"


@pytest.mark.parametrize("said", ["HаrvеstIQ", "Harνest IQ", "hаrvestiq"])
def test_letters_of_other_scripts_that_look_latin_hide_nothing(said: str) -> None:
    """Cyrillic or Greek letters between Latin ones are read as what they look like."""
    assert outcome("HarvestIQ", "Zed", f"Ask {said} now.") == "<leak>"


@pytest.mark.parametrize("said", ["U.d.C.", "U.C.", "U. d. C."])
def test_initials_of_a_name_with_small_words(said: str) -> None:
    """Dotted initials, with those of the small words and without."""
    assert outcome("Universidad de Chile", "MIT", f"At {said} now.") == "<leak>"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1_500_000, "one and a half million"),
        (1_500_000, "a million and a half"),
        (500_000, "half a million"),
        (2500, "2½ thousand"),
        (12.5, "twelve and a half"),
        (12.5, "12½"),
    ],
)
def test_halves_tell_a_number(number: float, said: str) -> None:
    """In words and as a fraction, of the number or of what it is counted in."""
    assert not left(f"About {said} of it.", ignored={"x": number})


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("name", "Warszawa", "Mieszka w Warszawie."),
        ("name", "Berlin", "Byliśmy w Berlinie."),
        ("name", "Петербург", "Под Петербургом."),
        ("name", "Москва", "Над Москвой."),
        ("person", "Anna Kowalska", "Droga Anno,"),
        ("name", "القاهرة", "رحلة للقاهرة"),
    ],
)
def test_a_name_in_another_case_is_a_leak(kind: str, value: str, text: str) -> None:
    """Languages that decline names change their ends, Arabic their beginning."""
    with pytest.raises(Refused, match="leak"):
        Lexicon([Personal("it", "it", value, kind=kind)]).delexicalize(text)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("text", "4111111111111234", "your card ending in 1234"),
        ("text", "DE89 3704 0044 0532 0130 00", "the account ending in 3000"),
        ("address", "東京都千代田区1-1", "千代田区の天気"),
        ("address", "上海市浦东新区世纪大道100号", "在浦东新区"),
    ],
)
def test_a_part_that_has_no_blanks_around_it_is_a_leak(kind: str, value: str, text: str) -> None:
    """The last digits of an account, the district of an address."""
    with pytest.raises(Refused, match="leak"):
        Lexicon([Personal("it", "it", value, kind=kind)]).delexicalize(text)
