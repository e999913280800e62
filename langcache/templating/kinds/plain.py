"""Kinds ``text`` and ``name``: the value as it is, and lists of such values."""

import re
from collections.abc import Callable, Iterable, Iterator

from langcache.errors import Refused
from langcache.templating.kinds import Form
from langcache.templating.slots import Personal, items, joined, written
from langcache.templating.spelling import number_of, respelled

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


def _bare(text: str) -> str:
    return _ARTICLE.sub("", text, count=1) if _ARTICLE.match(text) else text


def _shortest(text: str) -> str:
    number = number_of(text) if "." in text else None
    return text if number is None else f"{number.normalize():f}"


_OTHERWISE: dict[str, Callable[[str], str]] = {"bare": _bare, "shortest": _shortest}


class Plain:
    """Texts, numbers and lists of them, exchanged verbatim."""

    def recognise(self, slot: Personal) -> Iterator[Form]:
        """The text itself; for a list all of its items joined, and each item as what cannot be filled.

        One item of many stays a refusal because the next user may have another number of them.
        """
        texts = [written(item) for item in items(slot.value)]
        if len(texts) == 1:
            yield Form(texts[0])
            others = ((style, change(texts[0])) for style, change in _OTHERWISE.items())
            yield from (Form(text, style, proper=True) for style, text in others if text != texts[0])
        elif texts:
            yield from (Form(joined(slot.value, last), style) for style, last in _LAST.items())
            yield from (Form(text, None, why="list item") for text in texts)

    def render(self, slot: Personal, style: str) -> str:
        """A list joined in the given style, a text without its article, or a number in its shortest figures."""
        if style in _OTHERWISE:
            return _OTHERWISE[style](joined(slot.value))
        if style not in _LAST:
            raise Refused("unrenderable", slot=slot.name, form=style)
        return joined(slot.value, _LAST[style])

    def residue(self, slot: Personal) -> Iterable[Form]:
        """The same numbers and dates in other spellings."""
        for item in items(slot.value):
            yield from (Form(text, None) for text in respelled(item))


KIND = Plain()
