"""Kind ``address``: a postal address with its words abbreviated or spelled out, on one line or several.

Of its parts only the first line ("12 High Street") is filled; others (city, postcode) refuse.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from itertools import product

from langcache.templating.kinds import Form, list as lists
from langcache.templating.kinds.address_words import WAYS, Word, classify, write
from langcache.templating.slots import Personal, items, written

_LONGEST = 300
_FIRST = "first line"
_EASTERN = re.compile("[\u4e00-\u9fff]{2,8}?[都道府県縣省市区區町村镇鎮路街]")
"""A part of an address of China or Japan, which has no blanks between them."""
_STREET = ("street", "direction")
_ABBREVIATED = (*_STREET, "unit", "state")
# Writers abbreviate everything alike, or but for one class of words, or only one.
_PROFILES: tuple[Mapping[str, str], ...] = (
    {},
    *({group: way} for group in _ABBREVIATED for way in WAYS[group]),
    *(dict.fromkeys(_STREET, way) for way in ("long", "short", "dotted")),
    {"street": "long", "direction": "short"},
    {"street": "short", "direction": "long"},
    *(dict.fromkeys(_ABBREVIATED, way) for way in ("long", "short")),
    *({**dict.fromkeys(_ABBREVIATED, way), left: ""} for way in ("long", "short") for left in _ABBREVIATED),
    {**dict.fromkeys((*_STREET, "unit"), "dotted"), "state": "short"},
    {**dict.fromkeys(_STREET, "long"), "unit": "#"},
)


class Address:
    """Postal addresses."""

    pieces = lists.KIND.pieces

    def recognise(self, slot: Personal) -> Iterator[Form]:
        """The address as typed, then with every class of words in every usual way, then its first line so."""
        yield from lists.KIND.recognise(slot)
        words = _words(slot)
        if words:
            found = _texts(words, "")
            for text, style in _texts(_first_line(words), _FIRST).items():
                found.setdefault(text, style)
            yield from (Form(text, style) for text, style in found.items() if style)

    def render(self, slot: Personal, style: str) -> str:
        """The address in a style; what is no address stays as it is."""
        ways = _ways(style)
        if ways is None or not style:
            return lists.KIND.render(slot, style)
        words = _words(slot)
        if not words:
            return lists.KIND.render(slot, "")
        return _compose(_first_line(words) if style.startswith(_FIRST) else words, ways)

    def residue(self, slot: Personal) -> Iterator[Form]:
        """Its state and its unit written another way; all other words are watched by the guard itself."""
        yield from lists.KIND.residue(slot)
        yield from (Form(place, None) for item in items(slot.value) for place in _EASTERN.findall(written(item)))
        for word in _words(slot):
            if word.group in ("state", "unit"):
                texts = {write(word, way) for way in WAYS[word.group]} - {word.text}
                number = _after(_words(slot), word) if word.group == "unit" else ""
                yield from (Form((text + number).strip(), None, proper=True) for text in sorted(texts))


def _after(words: tuple[Word, ...], unit: Word) -> str:
    """The number of a unit, which follows it."""
    following = words[words.index(unit) + 1 :]
    return following[0].text.partition(" ")[0].rstrip(",") if following else ""


def _words(slot: Personal) -> tuple[Word, ...]:
    found = items(slot.value)
    return _parse(written(found[0])) if len(found) == 1 else ()


@lru_cache(maxsize=256)
def _parse(text: str) -> tuple[Word, ...]:
    """The words of an address; none if the text is too long. Cached in memory for fast fills."""
    return classify(text) if len(text) <= _LONGEST else ()


def _first_line(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """What stands before the first comma or line break, if that is a number and a street; else everything."""
    end = next((at for at, word in enumerate(words) if word.group == "lines"), len(words))
    text = "".join(word.text for word in words[:end])
    return words[:end] if any(c.isdigit() for c in text) and any(c.isalpha() for c in text) else words


def _texts(words: tuple[Word, ...], part: str) -> dict[str, str]:
    """Every text that a style gives, under the simplest style that gives it."""
    texts: dict[str, str] = {}
    once = cache(write)
    for style, ways in _styles(frozenset(word.group for word in words), part).items():
        texts.setdefault(_compose(words, ways, once), style)
    return texts


@lru_cache(maxsize=64)
def _styles(present: frozenset[str], part: str) -> Mapping[str, Mapping[str, str]]:
    """The styles that differ where these classes of words are present, simplest first, and what each says of them."""
    styles: dict[str, Mapping[str, str]] = {}
    for lines, profile in product(("", *WAYS["lines"]) if "lines" in present else ("",), _PROFILES):
        ways = {group: way for group, way in (*profile.items(), ("lines", lines)) if way and group in present}
        style = "; ".join([*filter(None, [part]), *(f"{group} {way}" for group, way in ways.items())])
        styles.setdefault(style, ways)
    return styles


def _ways(style: str) -> dict[str, str] | None:
    """Class of words to the way it is written; ``None`` where a style was not made here."""
    ways: dict[str, str] = {}
    for piece in style.split("; "):
        group, _, way = piece.partition(" ")
        if piece != _FIRST and way not in WAYS.get(group, ()):
            return None
        ways |= {group: way} if piece != _FIRST else {}
    return ways


def _compose(words: tuple[Word, ...], ways: Mapping[str, str], how: Callable[[Word, str], str] = write) -> str:
    text = "".join([how(word, ways[word.group]) if word.group in ways else word.text for word in words])
    # A dot put at the end would be taken for the one that ends the sentence.
    return text if words[-1].text.endswith(".") else text.removesuffix(".")


KIND = Address()
