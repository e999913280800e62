"""Kinds ``text`` and ``name``: the value as it is, and lists of such values."""

import re
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import partial

from langcache.errors import Refused
from langcache.templating.frequency import COMMON
from langcache.templating.kinds import Form
from langcache.templating.slots import Personal, items, joined, written
from langcache.templating.spelling import date_of, number_of, respelled

# How running text joins a list; the first is what a gap without style fills in.
_LAST = {
    "": " and ",
    "oxford": ", and ",
    "comma": ", ",
    "or": " or ",
    "oxford-or": ", or ",
    "ampersand": " & ",
}

_ARTICLE = re.compile(r"(?:the|an?) (?=\w{3})", re.IGNORECASE)
_AND = re.compile(r"\s*&\s*|(?<=\S)\s+and\s+(?=\S)")
_INITIALS = re.compile("[A-Z]{2,6}")
_DOTTED_INITIALS = re.compile(r"(?:[A-Z]\.){2,6}")
_WORD = re.compile(r"[^\W_]+")
_ABBREVIATED = COMMON | {"ps", "eg", "ie"}
"""Initials that stand in any text: U.S., P.S."""
_PLACE = re.compile(r"([^\W\d_][^,\d\n&]{2,40}?) ?, [^\W\d_][\w.'’-]*(?:[ ,]+[^\W\d_][\w.'’-]*){0,5}[ ,]*")
_LONGEST = 60
"""Characters beyond which nobody writes a name in one word."""
_ACCOUNT = 8
"""Digits from which on people give the last four."""
_AMPERSAND = re.compile(r"\b\w+&\w+")


def _bare(text: str) -> str:
    return _ARTICLE.sub("", text, count=1) if _ARTICLE.match(text) else text


def _shortest(text: str) -> str:
    number = number_of(text) if "." in text else None
    return text if number is None else f"{number.normalize():f}"


def _dotted(text: str) -> str:
    return "".join(f"{letter}." for letter in text) if _INITIALS.fullmatch(text) else text


def _undotted(text: str) -> str:
    return text.replace(".", "") if _DOTTED_INITIALS.fullmatch(text) else text


def _head(text: str) -> str:
    """What stands before the comma of a place: ``Ithaca`` of ``Ithaca, New York``; else all of it."""
    match = _PLACE.fullmatch(text)
    words = _WORD.findall(text)
    alike = text.islower() or all(word[0].isupper() for word in (words[0], words[-1])) if match else False
    return match[1] if match and alike and not {"and", "or", "inc", "ltd", "llc"} & {w.lower() for w in words} else text


def _compound(between: str) -> Callable[[str], str]:
    """A writer of several words as one, each with its capital, as hashtags and names of accounts have them."""

    def write(text: str) -> str:
        words = _WORD.findall(text) if len(text) <= _LONGEST else ()
        return between.join(word.capitalize() if word.islower() else word for word in words) if len(words) > 1 else text

    return write


_OTHERWISE: dict[str, Callable[[str], str]] = {
    "bare": _bare,
    "shortest": _shortest,
    "dotted": _dotted,
    "undotted": _undotted,
    "head": _head,
    "curly": lambda text: text.replace("'", "’"),
    "straight": lambda text: text.replace("’", "'"),
    **{f"and {sign}": partial(_AND.sub, sign) for sign in (" and ", " & ", "&")},
    **{f"compound {sign}": _compound(sign) for sign in ("", "-", "_")},
}
"""Writers of a single text, by style."""
_OF_A_WORD = ("dotted",)
_SAID = ("bare", "shortest")
_NAMES = frozenset(("text", "name", "list"))
"""Kinds of values that may be names; the others only borrow what is here."""


def _member(item: object) -> str:
    """What a member of an enumeration says, if that is a text; prompts show its class and name."""
    return item.value if isinstance(item, Enum) and isinstance(item.value, str) else ""


def _signs(text: str) -> Iterator[str]:
    words = _WORD.findall(text) if len(text) <= _LONGEST else ()
    loud = [word for word in words if word[0].isupper()]
    if len(loud) >= 2 and len(words) <= 6:
        for initials in {tuple(word[0] for word in counted) for counted in (words, loud)}:
            if "".join(initials).lower() not in _ABBREVIATED:
                yield ".".join(initials)
    for pair in _AMPERSAND.findall(text) if "&" in text else ():
        yield from (shape for shape in (pair, pair.lower(), pair.replace("&", " & ")) if shape != text)


def _last_digits(item: object) -> Iterator[str]:
    """What letters of a bank say of an account or a card: ``ending in 1234``."""
    short = isinstance(item, str) and len(item) <= _LONGEST and date_of(item) is None
    digits = "".join(filter(str.isdigit, str(item))) if short else ""
    if len(digits) >= _ACCOUNT and digits[-4:] != "0000":
        yield digits[-4:]


def _to_the(text: str) -> str:
    """A name with the Arabic article as it stands behind "to": in one, and without its first letter."""
    return f"لل{text[2:]}" if text.startswith("ال") else ""


def _styles(slot: Personal, text: str) -> Iterable[str]:
    """The styles that may write a text otherwise; a single word has no article, blanks, signs or comma."""
    if slot.kind not in _NAMES:
        return _SAID
    return _OF_A_WORD if text.isalpha() else _OTHERWISE


class Plain:
    """Texts, numbers and lists of them, exchanged verbatim."""

    several = "list"

    def recognise(self, slot: Personal) -> Iterator[Form]:
        """The text itself; for a list all of its items joined, and each item as what cannot be filled.

        One item of many stays a refusal because the next user may have another number of them.
        """
        texts = [written(item) for item in items(slot.value)]
        if len(texts) == 1:
            yield Form(texts[0])
            if member := _member(items(slot.value)[0]):
                yield Form(member, "member")
            others = ((style, _OTHERWISE[style](texts[0])) for style in _styles(slot, texts[0]))
            yield from (
                Form(text, style, proper=style == "bare", locatable=style != "head", place=style == "head")
                for style, text in others
                if text != texts[0]
            )
        elif texts:
            yield from (Form(joined(slot.value, last), style) for style, last in _LAST.items())
            yield from (Form(text, None, why="list item") for text in texts)

    def render(self, slot: Personal, style: str) -> str:
        """A list joined in the given style, or a text without its article, in one word, with other signs."""
        if style == "member":
            return ", ".join(_member(item) or written(item) for item in items(slot.value))
        if style in _OTHERWISE:
            return _OTHERWISE[style](joined(slot.value))
        if style not in _LAST:
            raise Refused("unrenderable", slot=slot.name, form=style)
        return joined(slot.value, _LAST[style])

    def residue(self, slot: Personal) -> Iterable[Form]:
        """The same numbers and dates in other spellings, last digits; initials one by one; what an ampersand joins."""
        for item in items(slot.value):
            digits = _last_digits(item) if slot.kind in _NAMES else ()
            texts = (*digits, *respelled(item), *_signs(written(item)), _member(item), _to_the(written(item)))
            yield from (Form(text, None) for text in texts)


KIND = Plain()
