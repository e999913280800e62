"""What the guard lets pass and what not, beyond single forms: context, other slots, features, masked answers."""

from enum import Enum

import pytest

from langcache.errors import Refused
from langcache.templating import Gap, Lexicon, Personal, fill


def person(name: str, value: str) -> Personal:
    return Personal(name, name, value, kind="person", options={"pronouns": "keep"})


def refusal(text: str, *slots: Personal, known: tuple[str, ...] = ()) -> tuple[str, str | None, str | None]:
    with pytest.raises(Refused) as caught:
        Lexicon(slots, known=known).delexicalize(text)
    return caught.value.reason, caught.value.slot, caught.value.form


def test_a_value_inside_a_feature_value_is_in_doubt() -> None:
    """What the key's own texts say may be meant by them: neither filled nor kept."""
    city = Personal("city", "city", "Lyon", kind="name")
    assert refusal("Cook as in Lyon", city, known=("Lyon cuisine",))[:2] == ("ambiguous value", "city")
    assert Lexicon([city]).delexicalize("Cook as in Lyon") == ("Cook as in ", Gap("city"))


@pytest.mark.parametrize("text", ["Lyon's best", "by Lyon2", "see lyon.fr", "as the Lyonners do", "LYON"])
def test_a_masked_answer_is_searched_for_every_form(text: str) -> None:
    """A value that came in through retrieval is found in a masked answer as in any other."""
    lexicon = Lexicon([Personal("city", "city", "Lyon", kind="name"), Personal("more", "more", "Lyonn")])
    lexicon.guard(("In ", Gap("city"), "."))
    with pytest.raises(Refused, match="leak"):
        lexicon.guard(("In ", Gap("city"), ". ", text))


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("Write to the University today", True),
        ("Write to the university today", False),
        ("Write to the University of Oslo today", False),
        ("Write to Oslo University today", False),
    ],
)
def test_what_names_end_in_stands_for_them_with_an_article_and_a_capital(text: str, refused: bool) -> None:
    """``the University`` is Princeton's here; any university, and another one's name, are not."""
    slot = Personal("school", "school", "Princeton University", kind="name")
    if refused:
        assert refusal(text, slot) == ("leak", "school", "partial")
    else:
        assert Lexicon([slot]).delexicalize(text) == (text,)


def test_a_text_without_capitals_is_filled_by_what_differs_in_case_alone() -> None:
    """Neither a divided genitive nor a part of the address hides the name that stands there."""
    slots = (person("who", "rhea okafor"), Personal("mail", "mail", "rhea84@example.org", kind="email"))
    text = "rhea okafor wrote it , and okafor 's editor met rhea ."
    template = Lexicon(slots).delexicalize(text)
    theirs = {"who": person("who", "Zoe Lee"), "mail": slots[1]}
    assert fill(template, {slot.name: slot for slot in slots}) == text
    assert fill(template, theirs) == "Zoe Lee wrote it , and lee 's editor met zoe ."


def test_a_label_right_before_settles_a_common_word() -> None:
    """In a form, a table or JSON the label says what a word is; elsewhere it may be the word."""
    nice = Personal("city", "city", "Nice", kind="name")
    for text in ('{"city": "Nice"}', "- **City:** Nice", "| City | Nice |"):
        assert Gap("city") in {
            gap._replace(escape="") for gap in Lexicon([nice]).delexicalize(text) if isinstance(gap, Gap)
        }
    assert refusal("Nice to meet you", nice)[0] == "ambiguous value"


class Colour(Enum):
    RED = "crimson red"
    BLUE = "navy blue"


def test_a_member_of_an_enumeration_is_known_by_what_it_says() -> None:
    """Prompts show its class and name; a writer says its value."""
    red, blue = (Personal("colour", "colour", member) for member in Colour)
    template = Lexicon([red]).delexicalize("You chose crimson red.")
    assert fill(template, {"colour": blue}) == "You chose navy blue."
    with pytest.raises(Refused, match="leak"):
        Lexicon([], ignored={"colour": Colour.RED}).delexicalize("You chose crimson red.")


@pytest.mark.parametrize(
    ("text", "value"), [("See \\# Leasmt\n- Tao", ["Leasmt", "Tao"]), ("See \\# at me@x.org\n2024. Then go", 2024)]
)
def test_literals_that_only_a_value_makes_markdown_are_read_without_it_too(text: str, value: object) -> None:
    """A backslash is no more an escape where the bullet is in a gap: the guard accepts what was made, or none is."""
    slot = Personal("it", "it", value, kind="list" if isinstance(value, list) else "number")
    lexicon = Lexicon([slot, Personal("sign", "sign", "/")])
    template = lexicon.delexicalize(text)
    lexicon.guard(template)
    assert fill(template, {"it": slot}) == text
    assert refusal(text, slot, Personal("sign", "sign", "\\")) == ("leak", "sign", "exact")
