"""Fills that read as if written for the reader."""

import pytest

from langcache.errors import Refused
from langcache.templating import Gap, Lexicon, Personal, fill, read
from langcache.templating.stream import StreamFiller


def one(value: object) -> dict[str, Personal]:
    return {"who": Personal("who", "startup name", value)}


def refilled(text: str, value: str, other: str) -> str:
    """The text made a template by one user and filled for another."""
    template = Lexicon(list(one(value).values())).delexicalize(text)
    assert fill(template, one(value)) == text
    return fill(template, one(other))


@pytest.mark.parametrize(
    ("text", "value", "other", "expected"),
    [
        ("It is an Andromeda plan", "Andromeda", "PathAI", "It is a PathAI plan"),
        ("It is a PathAI plan", "PathAI", "Andromeda", "It is an Andromeda plan"),
        ("A PathAI plan. An idea", "PathAI", "Andromeda", "An Andromeda plan. An idea"),
        ("WE ARE A PATHAI SHOP", "PATHAI", "ANDROMEDA", "WE ARE AN ANDROMEDA SHOP"),
        ('With a "PathAI" and an **PathAI**', "PathAI", "Yale", 'With a "Yale" and an **Yale**'),
        ("Take vitamin A PathAI", "PathAI", "Andromeda", "Take vitamin A Andromeda"),
        ('["a PathAI pitch"]', "PathAI", "Andromeda", '["an Andromeda pitch"]'),
    ],
)
def test_articles_agree(text: str, value: str, other: str, expected: str) -> None:
    """a and an follow the value that is filled in; a wrong article is left as it was written."""
    assert refilled(text, value, other) == expected


@pytest.mark.parametrize(
    ("text", "value", "other", "expected"),
    [
        ("Northfolks' plan", "Northfolks", "PathAI", "PathAI's plan"),
        ("Northfolks’ plan", "Northfolks", "PathAI", "PathAI’s plan"),
        ("Northfolks' plan", "Northfolks", "Brightlabs", "Brightlabs' plan"),
        ("Northfolks's plan", "Northfolks", "Brightlabs", "Brightlabs's plan"),
        ("PathAI's plan", "PathAI", "Brightlabs", "Brightlabs's plan"),
        ("the 'Northfolks' plan", "Northfolks", "PathAI", "the 'PathAI' plan"),
    ],
)
def test_possessives_agree(text: str, value: str, other: str, expected: str) -> None:
    """A bare apostrophe after s becomes 's for other names, and the style of names in s is kept."""
    assert refilled(text, value, other) == expected


@pytest.mark.parametrize(
    ("text", "value", "other", "expected"),
    [
        ("PITCH ANDROMEDA LABS", "Andromeda Labs", "PathAI", "PITCH PATHAI"),
        ("pitch andromeda labs", "Andromeda Labs", "PathAI", "pitch pathai"),
        ("Pitch Andromeda Labs", "andromeda labs", "path labs", "Pitch Path Labs"),
        ("The Andromeda Inn is near", "the Andromeda Inn", "the Ritz", "The Ritz is near"),
        ("See Star of the Andromeda", "Star Of The Andromeda", "Man In The Moon", "See Man in the Moon"),
    ],
)
def test_cases_agree(text: str, value: str, other: str, expected: str) -> None:
    """A value written in another case is filled in that case."""
    assert refilled(text, value, other) == expected


def test_a_mixture_of_cases_is_refused() -> None:
    """A case that is no way of writing cannot be repeated for another value."""
    with pytest.raises(Refused, match="leak"):
        refilled("About anDROmeda", "Andromeda", "PathAI")


def test_a_bracketed_clause_of_an_empty_slot_is_dropped() -> None:
    """A clause that only serves the slot goes with it; elsewhere an empty slot is a miss."""
    template = ("Your startup (", Gap("who"), ") will ", Gap("what"), ".")
    slots = one(None) | {"what": Personal("what", "what", "grow")}
    assert fill(template, slots) == "Your startup will grow."
    with pytest.raises(Refused, match="empty slot"):
        fill(("Your startup ", Gap("who"), " will grow."), slots)


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("Write a [startup name] plan", "Andromeda", "Write an Andromeda plan"),
        ("Fine. An [startup name] plan", "PathAI", "Fine. A PathAI plan"),
        ("[startup name] will win", "the Ritz", "The Ritz will win"),
        ("[startup name] will win", "adidas", "adidas will win"),
        ("Ask [startup name] now", "the Ritz", "Ask the Ritz now"),
        ("A PITCH FOR [STARTUP NAME]", "PathAI", "A PITCH FOR PATHAI"),
        ("For [STARTUP NAME] only", "PathAI", "For PathAI only"),
        ("Take vitamin A [startup name]", "PathAI", "Take vitamin A PathAI"),
    ],
)
def test_masked_answers_agree_with_the_value_that_nobody_saw(text: str, value: str, expected: str) -> None:
    """A placeholder's article, sentence start and capitals follow the value that is filled in."""
    slots = one(value)
    assert fill(read(text, {"who": "[startup name]"}, list(slots.values())), slots) == expected


@pytest.mark.parametrize(
    ("own", "other", "text", "expected"),
    [
        ("Étienne", "Claire", "le plan d’Étienne", "le plan de Claire"),
        ("Étienne", "Claire", "Qu'Étienne vienne.", "Que Claire vienne."),
        ("Claire", "Étienne", "Votre ami, le père de Claire", "Votre ami, le père d'Étienne"),
        ("Claire", "Étienne", "el plan de Claire", "el plan de Étienne"),
        ("Claire", "Étienne", "aujourd'hui Claire", "aujourd'hui Étienne"),
    ],
)
def test_french_drops_a_vowel_before_a_vowel(own: str, other: str, text: str, expected: str) -> None:
    """As with a and an the value decides; *de* is also Spanish, so that something before it must be French."""
    mine, theirs = (Personal("it", "it", value, kind="name") for value in (own, other))
    template = Lexicon([mine]).delexicalize(text)
    assert (fill(template, {"it": mine}), fill(template, {"it": theirs})) == (text, expected)


@pytest.mark.parametrize("cut", range(1, 6))
def test_a_streamed_elision_is_the_one_of_the_whole(cut: int) -> None:
    """What may become *de* or *que* waits for the placeholder behind it."""
    text, slots = "Pour vous, que [it] et d'[it] ; puis de [it].", {"it": Personal("it", "it", "Étienne", kind="name")}
    filler = StreamFiller({"it": "[it]"}, slots)
    shown = "".join(filler.feed(text[at : at + cut]) for at in range(0, len(text), cut)) + filler.finish()
    assert shown == "Pour vous, qu'Étienne et d'Étienne ; puis d'Étienne."
