"""Kinds ``text`` and ``name``: the value as it is, and lists of such values."""

from collections.abc import Iterable, Iterator

from langcache.errors import Refused
from langcache.templating.kinds import Form
from langcache.templating.slots import Personal, items, joined, written
from langcache.templating.spelling import respelled

# How running text joins a list; the first is what a gap without style fills in.
_LAST = {
    "": " and ",
    "oxford": ", and ",
    "comma": ", ",
    "or": " or ",
    "oxford-or": ", or ",
    "ampersand": " & ",
}


class Plain:
    """Texts, numbers and lists of them, exchanged verbatim."""

    def recognise(self, slot: Personal) -> Iterator[Form]:
        """The text itself; for a list all of its items joined, and each item as what cannot be filled.

        One item of many stays a refusal because the next user may have another number of them.
        """
        texts = [written(item) for item in items(slot.value)]
        if len(texts) == 1:
            yield Form(texts[0])
        elif texts:
            yield from (Form(joined(slot.value, last), style) for style, last in _LAST.items())
            yield from (Form(text, None, why="list item") for text in texts)

    def render(self, slot: Personal, style: str) -> str:
        """A list joined in the given style."""
        if style not in _LAST:
            raise Refused("unrenderable", slot=slot.name, form=style)
        return joined(slot.value, _LAST[style])

    def residue(self, slot: Personal) -> Iterable[Form]:
        """The same numbers and dates in other spellings."""
        for item in items(slot.value):
            yield from (Form(text, None) for text in respelled(item))


KIND = Plain()
