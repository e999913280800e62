"""A person's name taken apart by nameparser, and put together again in the ways people write names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from langcache.errors import DeclarationError
from langcache.templating.folding import folded_words

_TITLE_WORDS = """
mr mrs ms miss mx mister dr doctor prof professor sir dame lord lady madam rev reverend hon fr rabbi imam sheikh
capt captain col colonel lt gen general sgt sergeant maj major cmdr commander adm admiral sen rep gov pres
mme mlle herr frau señor señora sr sra don doña
"""
# nameparser's own list holds words that are first names or surnames more often ("Prince", "Bishop", "King").
_TITLES = frozenset(_TITLE_WORDS.split())
_LONG = {"dr": "Doctor", "prof": "Professor", "rev": "Reverend", "capt": "Captain", "col": "Colonel", "sgt": "Sergeant"}
_SHORT = {long.lower(): short.capitalize() + "." for short, long in _LONG.items()}
_ABBREVIATED = frozenset({*_LONG, "mr", "mrs", "ms", "mx", "hon", "fr", "lt", "gen", "maj", "sr", "sra"})
_NO_NAME = re.compile(r"[\d\n\r@/\\<>{}\[\]|_#:;=]")
_PIECE = re.compile(
    r"\[([^]]*)\]"
    r"|((?:long|short|dotted|bare) title|title|given|middle|(?:bare|double) surname|surname|suffix|nickname|[GMS])"
)
_FAMILY_FIRST = re.compile(r"[A-Z][a-z]+ [A-Z][a-z]+-[a-z]+")  # "Park Ji-sung": Korean names as newspapers write them
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Name:
    """The parts of one person's name; a part that it lacks is empty.

    Args:
        full: the whole name in reading order, with the title and suffix typed into it.
        parts: the parts by the words patterns use for them: ``given``, ``surname``, ``title``, …
        middle: middle names or their initials.
        login: the name as logins and addresses write it: small letters without accents, blanks and signs.
    """

    full: str
    parts: Mapping[str, str]
    middle: tuple[str, ...] = ()
    login: "Name | None" = None

    def compose(self, pattern: str) -> str | None:
        """The name after a pattern; ``None`` if it lacks a part that the pattern needs.

        In a pattern ``given``, ``surname``, … stand for the parts and ``G``, ``M``, ``S`` for initials of given,
        middle and surname. What stands in brackets is left out where its part is missing, and repeated for each
        middle initial; everything else is text.
        """
        out: list[str] = []
        at = 0
        for match in _PIECE.finditer(pattern):
            piece = self._optional(match[1]) if match[2] is None else self.parts.get(match[2])
            if piece is None:
                return None
            out += (pattern[at : match.start()], piece)
            at = match.end()
        return "".join([*out, pattern[at:]])

    def _optional(self, inner: str) -> str:
        if "M" in inner:
            return "".join(inner.replace("M", initial(name)) for name in self.middle)
        return self.compose(inner) or ""


def initial(name: str) -> str:
    """The first letter of a name, as a capital."""
    return next((c.upper() for c in name if c.isalpha()), "")


@lru_cache(maxsize=256)
def parse(text: str) -> Name | None:
    """The name a text is, or ``None`` where it is none.

    The cache is what makes a fill fast; it lives in memory only, and briefly.

    Raises:
        DeclarationError: nameparser is not installed.
    """
    if len(text) > _LONGEST or _NO_NAME.search(text) or not any(c.isalpha() for c in text):
        return None
    parsed = _parser().parse(text)
    if _has_one_case(text):
        parsed = parsed.capitalized(force=True)
    surname, given, middle = parsed.family, parsed.given, tuple(parsed.middle.split())
    if len(surname.strip(".")) == 1 and middle and not given.endswith("."):
        given, middle, surname = middle[0], (*middle[1:], surname), given  # "Beck Jennifer P"
    if _FAMILY_FIRST.fullmatch(text):
        given, surname = surname, given
    if not (given or surname):
        return None
    full = str(parsed) if "," in text or _has_one_case(text) else text.strip()
    parts = _parts(parsed, given, middle, surname)
    login: dict[str, str] = {part: _slug(parts[part]) for part in ("given", "surname", "G", "S") if part in parts}
    return Name(full, parts, middle, Name(_slug(full), login))


@lru_cache(maxsize=1)
def _parser() -> Any:
    try:
        from nameparser import Lexicon, Parser
    except ImportError:
        raise DeclarationError("kind 'person' needs nameparser: pip install 'langcache-middleware[kinds]'") from None
    return Parser(lexicon=replace(Lexicon.default(), titles=_TITLES, given_name_titles=frozenset()))


def _has_one_case(text: str) -> bool:
    """Whether a name was typed without capitals, or in nothing but capitals."""
    return text.islower() or (text.isupper() and len(text) > 3)


def _parts(parsed: Any, given: str, middle: tuple[str, ...], surname: str) -> dict[str, str]:
    parts = {
        "given": "" if given.endswith(".") or len(given) < 2 else given,
        "middle": " ".join(middle),
        "surname": surname,
        "double surname": f"{middle[-1]} {surname}" if len(middle) > 1 and len(middle[-1].rstrip(".")) > 1 else surname,
        "bare surname": parsed.family_base if surname == parsed.family else surname,
        "suffix": parsed.suffix,
        "nickname": parsed.nickname,
        "G": initial(given),
        "S": initial(surname),
        **_titles(parsed.title),
    }
    return {name: text for name, text in parts.items() if text}


def _titles(title: str) -> dict[str, str]:
    """A title as typed, with and without a dot, spelled out and abbreviated."""
    words = [(word, word.rstrip(".").lower()) for word in title.split()]
    return {
        "title": title,
        "dotted title": " ".join(word.rstrip(".") + "." if key in _ABBREVIATED else word for word, key in words),
        "bare title": " ".join(word.rstrip(".") for word, _ in words),
        "long title": " ".join(_LONG.get(key, word) for word, key in words),
        "short title": " ".join(_SHORT.get(key, word) for word, key in words),
    }


def _slug(text: str) -> str:
    return "".join(folded_words(text))
