"""Filling a template with one user's values: what every hit pays for."""

from collections.abc import Mapping

from langcache.errors import CorruptEntry, Refused
from langcache.templating.escaping import ESCAPES
from langcache.templating.kinds import kind_of
from langcache.templating.slots import Personal, joined
from langcache.templating.template import Gap, Template


def fill(template: Template, slots: Mapping[str, Personal]) -> str:
    """The text of a template for one user.

    Raises:
        Refused: ``"empty slot"``, a gap's slot has no value; ``"unrenderable"``, its kind cannot write it so.
        CorruptEntry: a gap names a context that does not exist.
    """
    try:
        parts = [
            segment
            if type(segment) is str
            else write(segment, slots)  # type: ignore[arg-type]
            if segment.style or segment.escape or segment.case  # type: ignore[union-attr]
            else slots[segment.name].value  # type: ignore[union-attr]
            for segment in template
        ]
        if all(parts):
            return "".join(parts)  # type: ignore[arg-type]
    except (KeyError, TypeError):
        pass  # a slot is missing, or a value is not text: the careful way below says which, or writes it
    return "".join([segment if isinstance(segment, str) else write(segment, slots) for segment in template])


def write(gap: Gap, slots: Mapping[str, Personal]) -> str:
    """The text of one gap for one user; raises as `fill` does."""
    slot = slots.get(gap.name)
    if slot is None:
        raise Refused("empty slot", slot=gap.name)
    value = slot.value
    text = kind_of(slot).render(slot, gap.style) if gap.style else value if type(value) is str else joined(value)
    if not text:
        raise Refused("empty slot", slot=gap.name)
    if gap.case:
        text = text.upper() if gap.case == "upper" else text.lower()
    if not gap.escape:
        return text
    try:
        return ESCAPES[gap.escape](value, text)
    except KeyError:
        raise CorruptEntry("a gap in an unknown context") from None
