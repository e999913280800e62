"""Other scripts, and characters that cannot be seen: correct or refused."""

import pytest

from langcache.errors import Refused
from langcache.templating import Gap, Lexicon, Personal, fill


def lexicon(value: str) -> Lexicon:
    return Lexicon([Personal("who", "who", value)])


@pytest.mark.parametrize(
    ("value", "text", "literals"),
    [
        ("王小明", "请联系王小明。", ("请联系", "。")),
        ("東京タワー", "東京タワーへ行く", ("へ行く",)),
        ("أندروميدا", "اسأل أندروميدا الآن", ("اسأل ", " الآن")),
        ("एंड्रोमेडा", "एंड्रोमेडा से पूछें", (" से पूछें",)),
        ("안드로메다", "안드로메다 에게", (" 에게",)),
        ("ทองดี", "ถามทองดีสิ", ("ถาม", "สิ")),
        ("Андромеда", "Спроси «Андромеда»", ("Спроси «", "»")),
    ],
)
def test_values_of_other_scripts_become_gaps(value: str, text: str, literals: tuple[str, ...]) -> None:
    """A value is found between spaces, and inside a sentence where its script writes none."""
    template = lexicon(value).delexicalize(text)
    assert tuple(part for part in template if isinstance(part, str)) == literals
    assert fill(template, {"who": Personal("who", "who", value)}) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("北京", "北京大学很好"),
        ("أندروميدا", "وأندروميدا هنا"),
        ("안드로메다", "안드로메다는 좋다"),
        ("אנדרומדה", "באנדרומדה טוב"),
        ("Андромеда", "у Андромеды"),
        ("Andromeda", "Ask Ａｎｄｒｏｍｅｄａ now"),
        ("Andromeda", "Ask Andro\u200bmeda now"),
        ("Andromeda", "Ask \u202eAndro\u202cmeda now"),
        ("Andromeda", "Ask Andromēda now"),
        ("Andromeda", "Ask Andro\u00admeda now"),
        ("Zoë Ångstrøm", "Ask Zoe Angstrom now"),
    ],
)
def test_what_is_written_onto_or_into_a_value_refuses(value: str, text: str) -> None:
    """Particles, inflections, invisible characters and other forms of letters neither hide a value nor are filled."""
    with pytest.raises(Refused):
        lexicon(value).delexicalize(text)


@pytest.mark.parametrize(
    "value", ["\u202eabc", "Path\u200bAI", "e\u0301clair", "\u2066x\u2069", "İstanbul", "ß", "ﬁ", "a" * 10_000]
)
def test_strange_values_change_nothing_but_their_place(value: str) -> None:
    """Whatever a value is made of, the text around it stays as it was."""
    template = ("Ask ", Gap("who"), " about it (", Gap("who"), ").")
    assert fill(template, {"who": Personal("who", "who", value)}) == f"Ask {value} about it ({value})."


@pytest.mark.parametrize(
    "text",
    [
        *("caféQuixotica", "großQuixotica", "QuixoticaÉquipe", "ÉQuixotica", "İQuixotica", "ﬁQuixotica"),
        *("USAQuixotica", "Quixotica씨는", "삼성Quixotica는", "Quixoticaем", "приветQuixotica", "приветQuixoticaбот"),
        *("مرحباQuixotica", "ΑθήναQuixotica", "quixotica에서"),
    ],
)
def test_a_value_that_a_word_shows_to_be_in_it_refuses(text: str) -> None:
    """By a capital, or as the letters around are of another script: a particle, an ending, another name."""
    with pytest.raises(Refused, match="leak"):
        lexicon("Quixotica").delexicalize(f"Post {text} now.")


def test_letters_with_an_accent_are_of_the_same_script() -> None:
    """What stands between two of them is no word of its own."""
    text = "l'étude d'une créature, Étude"
    assert lexicon("Tude Ature").delexicalize(text) == (text,)
