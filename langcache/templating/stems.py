"""Words that give a value away even with something written onto them: ``PathAI2``, ``MITx``, ``#TeamSmith``."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from langcache.templating.accounts import is_account
from langcache.templating.folding import fold

_ENDS = 3
"""Letters by which stems are looked up; shorter ones hide in too many words."""
_DERIVED = frozenset(
    """
    ian ians ean eans an ans n ns er ers ite ites ese esque ish ism ist ists ista istas
    ie iu em iem owi owie ów om ami ach ом ой ою ем ами ах ский ского ском ская
    """.split()  # noqa: SIM905
)
"""What makes another word of a name, or a case of it: a Parisian, Bostonians, ``w Berlinie``, ``Петербургом``."""
_CASES = frozenset("ie iu y i u o ą ę ej om ami ach е и ы у ой ою ей ам ами ах".split())  # noqa: SIM905
"""Endings in the place of a name's last *a*: ``w Warszawie``, ``Droga Anno``, ``Москвой``."""
_HUMP = re.compile(r"[A-Z](?<=[a-z].)")
_FOREIGN = re.compile(r"[^\W\d_\x00-\x7f]+")
_ENGLISH = re.compile(r"[A-Za-z]*")
_WORD = re.compile(r"\w+")
_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\dA-Z_]+|\d+")


class Stem(NamedTuple):
    """A telling word of a value.

    Args:
        letters: the word, folded.
        slot: whose it is.
        loud: the value writes it in capitals.
        solid: no dictionary has it: several words in one, or capitals or digits inside.
        cut: it lacks the *a* that the word ends in.
    """

    letters: str
    slot: str
    loud: bool
    solid: bool
    cut: bool = False


class Stems:
    """The stems of all values, by how they begin and end."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}
        self._heads: dict[str, list[Stem]] = {}
        self._tails: dict[str, list[Stem]] = {}

    def add(self, stem: Stem) -> None:
        """Index a stem; of equal ones the first counts, and figures are none."""
        letters = stem.letters
        if letters in self.words or len(letters) < _ENDS or letters.isdigit():
            return
        self.words[letters] = stem.slot
        self._heads.setdefault(letters[:_ENDS], []).append(stem)
        self._tails.setdefault(letters[-_ENDS:], []).append(stem)
        if len(letters) > _ENDS and letters[-1] in "aая":
            self._heads.setdefault(letters[:_ENDS], []).append(Stem(letters[:-1], stem.slot, False, False, cut=True))

    def among(self, words: Iterable[str]) -> dict[str, list[Stem]]:
        """The longer ones of folded words that begin or end with a stem, and their stems."""
        heads, tails = self._heads, self._tails
        alike = (word for word in words if word[:_ENDS] in heads or word[-_ENDS:] in tails)
        return {word: stems for word in alike if (stems := self._find(word))}

    def _find(self, word: str) -> list[Stem]:
        found = [stem for stem in self._heads.get(word[:_ENDS], ()) if word.startswith(stem.letters)]
        found += (stem for stem in self._tails.get(word[-_ENDS:], ()) if word.endswith(stem.letters))
        return [stem for stem in found if len(stem.letters) < len(word)]

    def inside(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Slot, start and end of stems inside longer words that show where they stand."""
        if self.words:
            yield from self._in_humps(text)
            yield from () if text.isascii() else self._among_letters(text)

    def _among_letters(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Among letters of another script (``삼성Smith는``)."""
        for foreign in _FOREIGN.finditer(text):
            for start, end in (_before(text, foreign.start()), _after(text, foreign.end())):
                slot = self.words.get(text[start:end].lower())
                if slot is not None and all(at in (0, len(text)) or _parts(text, at) for at in (start, end)):
                    yield slot, start, end

    def _in_humps(self, text: str) -> Iterator[tuple[str, int, int]]:
        """In words with capitals in the middle (``getSmithOrders``)."""
        end = 0
        for hump in _HUMP.finditer(text):
            start = hump.start()
            if start < end:
                continue
            while start and text[start - 1].isalpha():
                start -= 1
            word = _WORD.match(text, start)
            end = word.end() if word is not None else end
            for piece in _PIECE.finditer(text, start, end):
                slot = self.words.get(fold(piece[0]))
                if slot is not None and piece.end() - piece.start() < end - start:
                    yield slot, piece.start(), piece.end()


def tells(stem: Stem, text: str, start: int, end: int) -> bool:
    """Whether a word of a text that begins or ends with a stem says the value, and is not another word."""
    word, size = text[start:end], len(stem.letters)
    if stem.cut:
        return word[0].isupper() and word[size:].lower() in _CASES
    if stem.solid and size >= 6:
        return True
    if size >= 4 and is_account(text, start, end):
        return True
    if fold(word[:size]) == stem.letters:
        return _begins(stem, word, word[size:]) or _divided(word, size)
    return (size >= 4 and word[:-size].isdigit()) or (
        fold(word[-size:]) == stem.letters and _divided(word, len(word) - size)
    )


def _before(text: str, end: int) -> tuple[int, int]:
    """The English letters that end at a place."""
    start = end
    while start and text[start - 1].isascii() and text[start - 1].isalpha():
        start -= 1
    return start, end


def _after(text: str, start: int) -> tuple[int, int]:
    """The English letters that start at a place."""
    letters = _ENGLISH.match(text, start)
    return start, start if letters is None else letters.end()


def _parts(text: str, at: int) -> bool:
    """Whether no letter stands beside a place, or one that shows that it is of another word."""
    return not (text[at - 1].isalpha() and text[at].isalpha()) or _divided(text, at)


def _divided(word: str, at: int) -> bool:
    """Whether a word shows that it is two: by a capital (``caféSmith``, ``USASmith``), or by another script.

    Particles of Korean, endings of Russian are written onto a foreign name as they are onto any word.
    """
    before, after = word[at - 1], word[at]
    if not (before.isalpha() and after.isalpha()):
        return False
    if after.isupper():
        return not before.isupper() or word[at + 1 : at + 2].islower()
    return _is_latin(before) is not _is_latin(after)


@lru_cache(maxsize=4096)
def _is_latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN ")


def _begins(stem: Stem, word: str, rest: str) -> bool:
    if rest.isdigit() or (len(stem.letters) > 3 and rest[:1].isdigit()):
        return True
    head = word[: len(stem.letters)]
    if stem.loud and head.isupper() and rest.islower():
        return True
    return len(stem.letters) >= 5 and head[0].isupper() and rest.lower() in _DERIVED
