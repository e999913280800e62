"""Words of a text, folded so that a word looks the same however it was typed."""

import re
import unicodedata
from itertools import accumulate
from typing import NamedTuple

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
_ASCII_WORD = re.compile(r"([a-z0-9]+)")
_NUL = "\0"
_ASCII_WORD_OR_GAP = re.compile(rf"([a-z0-9]+|{_NUL})")
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th", "ħ": "h"})


_LOOKALIKES = str.maketrans("аеорсухіјѕһӏԁԛԝαορν", "aeopcyxijshldqwaopv")
"""Cyrillic and Greek letters that look Latin: between Latin letters they are a disguise, or a slip of the keyboard."""
_ASCII_LETTER = re.compile("[a-z]")


class Words(NamedTuple):
    """The words of a text in order, as two lists of one length.

    Args:
        folded: the words, folded.
        spans: start and end of each in the text.
    """

    folded: list[str]
    spans: list[tuple[int, int]]


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
    plain = text.replace(GAP, _NUL)
    if text.isascii():
        pieces = _ASCII_WORD.split(text.lower())
        folded = pieces[1::2]
    elif plain.isascii() and _NUL not in text:  # a template of English: the most there is to read at a miss
        pieces = _ASCII_WORD_OR_GAP.split(plain.lower())
        folded = [word if word != _NUL else GAP for word in pieces[1::2]]
    else:
        pieces = (_WORD if _SPECIAL.search(text) is not None else _PLAIN_WORD).split(text)
        folded = [word.lower() if word.isascii() else fold(word) for word in pieces[1::2]]
    ends = list(accumulate(map(len, pieces)))
    return Words(folded, list(zip(ends[::2], ends[1::2], strict=False)))


def words_and_lead(text: str) -> tuple[list[str], int]:
    """The folded words of a short text, and where the first begins: less than `words` finds out, in half the time."""
    if not text.isascii():
        folded, spans = words(text)
        return folded, spans[0][0] if spans else 0
    small = text.lower()
    found = _ASCII_WORD.findall(small)
    return found, small.index(found[0]) if found else 0


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
