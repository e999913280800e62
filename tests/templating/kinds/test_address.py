"""Postal addresses: abbreviated or spelled out, on one line or several; a part of one refuses."""

import pytest
from hypothesis import given, settings, strategies as st

from langcache.templating.folding import folded_words
from langcache.templating.kinds.address_words import classify
from tests.templating.kinds.laws import check_render, exchanged, forms, rendered, slot

A, B = slot("412 N Monterey Ave", "address"), slot("7 Elm Street", "address")
LONG = slot("412 N Monterey Ave, Apt 5, San Mateo, CA 94401", "address")
LINES = slot("7 Elm Street\nSuite 12\nAlbany, New York 12207", "address")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("412 N Monterey Ave", "7 Elm Street"),
        ("412 N Monterey Avenue", "7 Elm Street"),
        ("412 North Monterey Avenue", "7 Elm Street"),
        ("412 North Monterey Ave", "7 Elm Street"),
        ("412 N. Monterey Ave", "7 Elm Street"),
    ],
)
def test_street_words_long_and_short(written: str, expected: str) -> None:
    """An abbreviation and its word are one; the next address keeps its own words or takes the same style."""
    assert f"Come to {expected} now" == exchanged(f"Come to {written} now", A, B)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("412 N Monterey Ave, Apt 5, San Mateo, CA 94401", "7 Elm Street\nSuite 12\nAlbany, New York 12207"),
        ("412 N Monterey Ave, #5, San Mateo, CA 94401", "7 Elm Street\n#12\nAlbany, New York 12207"),
        ("412 N Monterey Ave\nApt 5\nSan Mateo\nCA 94401", "7 Elm Street\nSuite 12\nAlbany\nNew York 12207"),
        ("412 N Monterey Ave, Apt 5\nSan Mateo, CA 94401", "7 Elm Street, Suite 12\nAlbany, New York 12207"),
        ("412 N Monterey Ave\nApt 5\nSan Mateo, CA 94401", "7 Elm Street\nSuite 12\nAlbany, New York 12207"),
        ("412 N Monterey Ave Apt 5 San Mateo CA 94401", "7 Elm Street Suite 12 Albany New York 12207"),
        (
            "412 North Monterey Avenue, Apartment 5, San Mateo, California 94401",
            "7 Elm Street\nSuite 12\nAlbany, New York 12207",
        ),
        ("412 North Monterey Avenue", "7 Elm Street"),
    ],
)
def test_units_states_and_lines(written: str, expected: str) -> None:
    """Units, states and line breaks are styles of their own; the first line may stand alone."""
    assert f"Come to:\n{expected}\nnow" == exchanged(f"Come to:\n{written}\nnow", LONG, LINES)


def test_the_first_line_of_an_address_without_lines_is_all_of_it() -> None:
    """Where the next address has one line, it stands for the first line, too."""
    assert exchanged("at 412 N Monterey Ave now", LONG, B) == "at 7 Elm Street now"


def test_the_dot_that_ends_a_sentence_is_not_the_abbreviations() -> None:
    """``Ave.`` at the end of an address ends the sentence, too."""
    assert exchanged("Come to 412 N Monterey Ave.", A, B) == "Come to 7 Elm Street."


@pytest.mark.parametrize(
    "text", ["on Monterey Avenue", "in Monterey", "94401", "San Mateo in CA 94401", "412 Montery Ave"]
)
def test_a_part_refuses(text: str) -> None:
    """The street alone, the postcode, a misspelling give the address away."""
    assert exchanged(f"It is {text}", LONG, B) == "<leak>"


@pytest.mark.parametrize(
    ("value", "groups"),
    [
        ("12 St Francis Street", ["street"]),
        ("150 1st Ave NW", ["street", "direction"]),
        ("1100 H Street", ["street"]),
        ("137 Avenue Teboulbi", []),
        ("621 E Campbell Ave # 17", ["direction", "street", "unit"]),
        ("Suite 838", ["unit"]),
        ("1 Court Road, Oakland, California 94607, USA", ["street", "lines", "lines", "state", "lines"]),
    ],
)
def test_words_are_classed_by_their_place(value: str, groups: list[str]) -> None:
    """A saint is no street, a foreign avenue keeps its word, and nothing of the address is lost."""
    words = classify(value)
    assert groups == [word.group for word in words if word.group]
    assert value == "".join(word.text for word in words)


@pytest.mark.parametrize("value", ["none", "28245", "x" * 301])
def test_what_has_no_such_words_is_a_text(value: str) -> None:
    """Such a value is exchanged verbatim, and stands for every style."""
    assert {value} == {form.text for form in forms(slot(value, "address"))}
    assert [value, "<unrenderable>"] == [rendered(slot(value, "address"), style) for style in ("street long", "x")]


addresses = st.builds(
    "{} {}{} {}{}{}".format,
    st.integers(1, 9999),
    st.sampled_from(["", "N ", "southwest ", "E. "]),
    st.sampled_from(["Monterey", "20th", "St Francis", "El Camino Real", "Hauptstraße"]),
    st.sampled_from(["Ave", "avenue", "St.", "BLVD", "Road", ""]),
    st.sampled_from(["", " # 17", ", Apt. 5", "\nSuite 838"]),
    st.sampled_from(["", ", San Mateo", "\nSan Mateo, CA 94401", ", Albany, New York", "\n, CO\n Uruguay 64677"]),
)


def _proper_words(text: str) -> list[str]:
    """What of an address is not abbreviated by anybody."""
    return [word for group, piece, _ in classify(text) if not group for word in folded_words(piece)]


@settings(max_examples=10)
@given(st.one_of(addresses, st.text(max_size=12)), addresses)
def test_laws(own: str, other: str) -> None:
    """Render writes every form; a text for A names B's first line or whole address only, or is refused."""
    a, b = slot(own, "address"), slot(other, "address")
    check_render(a)
    theirs = _proper_words(other)
    for form in forms(a):
        filled = exchanged(f"{form.text} (noted)", a, b).removesuffix(" (noted)")
        words = _proper_words(filled)
        assert filled.startswith("<") or (words == theirs[: len(words)] and words)
