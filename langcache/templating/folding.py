"""Words of a text, folded so that a word looks the same however it was typed."""

import re
import unicodedata
from functools import cached_property
from itertools import accumulate

GAP = "\ufffc"
"""Stands for a gap in scanned text (OBJECT REPLACEMENT CHARACTER); a word of its own, equal to no other."""

# Scripts written without spaces: every character is a word, so that a name inside a sentence is found.
_SOLID = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
# What hangs on a letter and is no letter to `re`: combining marks, Indic vowel signs, joiners, soft hyphens.
_HANGING = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u0900-\u0963\u0966-\u0dff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufe00-\ufe0f"
)
_INDIC = "\u0900-\u0963\u0966-\u0dff"
_SPECIAL = re.compile(rf"[{_SOLID}{_HANGING}{_INDIC}]")
# Each with one group around a word, for splitting a text by them.
_WORD = re.compile(rf"([{_SOLID}][{_HANGING}]*|(?:(?![{_SOLID}])[^\W_]|(?<=\w)[{_HANGING}]|[{_INDIC}])+|{GAP})")
_PLAIN_WORD = re.compile(rf"([^\W_]+|{GAP})")
_ASCII_WORD = re.compile(r"([A-Za-z0-9]+)")
_NUL = "\0"
# What ASCII text is to whoever splits it at blanks: a table, as `str.translate` is ten times as quick as a pattern.
_FOLDED = "".join(chr(code).lower() if chr(code).isalnum() else " " for code in range(128))
_FOLDED_AND_NUL = _NUL + _FOLDED[1:]
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th", "ħ": "h"})


_LOOKALIKES = str.maketrans("аеорсухіјѕһӏԁԛԝαορν", "aeopcyxijshldqwaopv")
"""Cyrillic and Greek letters that look Latin: between Latin letters they are a disguise, or a slip of the keyboard."""
_ASCII_LETTER = re.compile("[a-z]")


class Words:
    """The words of a text in order.

    Args:
        text: the text.
        folded: its words, folded.
    """

    def __init__(self, text: str, folded: list[str]) -> None:
        self.text, self.folded = text, folded

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """Start and end of each word in the text; few texts hold anything whose place must be known."""
        ends = list(accumulate(map(len, _word_of(self.text).split(self.text))))
        return list(zip(ends[::2], ends[1::2], strict=False))

    @cached_property
    def whispered(self) -> bool:
        """Whether the text has letters, and no capital among them."""
        return self.text.islower()


def _word_of(text: str) -> re.Pattern[str]:
    if text.isascii():
        return _ASCII_WORD
    return _PLAIN_WORD if _SPECIAL.search(text) is None else _WORD


def fold(word: str) -> str:
    """A word without case, accents, compatibility forms and invisible characters."""
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKD", word.casefold().translate(_LETTERS)).casefold()
    if _ASCII_LETTER.search(plain) is not None:
        plain = plain.translate(_LOOKALIKES)
    return "".join(c for c in plain if unicodedata.category(c) not in ("Mn", "Me", "Cf"))


def words(text: str) -> Words:
    """The words of a text, in order."""
    if text.isascii():
        return Words(text, text.translate(_FOLDED).split())
    plain = text.replace(GAP, f" {_NUL} ")
    if plain.isascii() and _NUL not in text:  # a template of English: the most there is to read at a miss
        found = plain.translate(_FOLDED_AND_NUL).split()
        return Words(text, [word if word != _NUL else GAP for word in found])
    return Words(text, [word.lower() if word.isascii() else fold(word) for word in _word_of(text).findall(text)])


def words_and_lead(text: str) -> tuple[list[str], int]:
    """The folded words of a short text, and where the first begins: less than `words` finds out, in half the time."""
    if not text.isascii():
        found = words(text)
        return found.folded, found.spans[0][0] if found.spans else 0
    small = text.lower()
    folded = _ASCII_WORD.findall(small)
    return folded, small.index(folded[0]) if folded else 0


def folded_words(text: str) -> list[str]:
    """The folded words of a text, without their places."""
    return [word for word in words(text).folded if word]


def has_case(letters: str) -> bool:
    """Whether a script writes capitals; those without often write small words onto a name (Arabic, Korean)."""
    return letters.upper() != letters.lower()


def singular(word: str) -> str:
    """A folded word without a plural ending, for comparing; not always an English word."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def plurals(word: str) -> tuple[str, ...]:
    """The ways a folded word takes a plural or a joined genitive ending."""
    more: tuple[str, ...] = (word + "s",)
    if word.endswith(("s", "x", "z", "h")):
        more += (word + "es",)
    if word.endswith("y"):
        more += (word[:-1] + "ies",)
    return more
