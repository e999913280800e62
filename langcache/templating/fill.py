"""Filling a template with one user's values: what every hit pays for."""

from collections.abc import Mapping
from typing import NoReturn

from langcache.errors import CorruptEntry, Refused
from langcache.templating.escaping import ESCAPES
from langcache.templating.grammar import CASES, agree
from langcache.templating.kinds import kind_of
from langcache.templating.optional import without_empty
from langcache.templating.slots import Personal, joined
from langcache.templating.template import Compiled, Gap, Template, plan_of


def fill(template: Template, slots: Mapping[str, Personal]) -> str:
    """The text of a template for one user; a bracketed clause around nothing but empty slots is dropped.

    Raises:
        Refused: ``"empty slot"``, a gap's slot has no value; ``"unrenderable"``, its kind or context cannot
            write it so.
        CorruptEntry: a gap names a context, case or grammar that does not exist.
    """
    parts, plain, special = template.plan if type(template) is Compiled else plan_of(template)
    parts = parts[:]
    try:
        for at, name in plain:
            parts[at] = slots[name].value or _empty(name)
        for at, gap in special:
            slot = slots[gap[0]]
            parts[at] = slot.renderings.get(gap) or _written(gap, slot)
    except (KeyError, TypeError, Refused):
        return _carefully(template, slots)
    try:
        return "".join(parts)
    except TypeError:  # among them are numbers, dates, lists
        texts = [part if type(part) is str else joined(part) for part in parts]
        return "".join(texts) if all(texts) else _carefully(template, slots)


def _carefully(template: Template, slots: Mapping[str, Personal]) -> str:
    """The same where a slot is missing or empty: its clause is dropped, or it is named in a refusal."""
    kept = without_empty(template, slots)
    return "".join([segment if isinstance(segment, str) else write(segment, slots) for segment in kept])


def _empty(name: str) -> NoReturn:
    raise Refused("empty slot", slot=name)


def write(gap: Gap, slots: Mapping[str, Personal]) -> str:
    """The text of one gap for one user; raises as `fill` does."""
    slot = slots.get(gap.name)
    if slot is None:
        raise Refused("empty slot", slot=gap.name)
    return slot.renderings.get(gap) or _written(gap, slot)


def _written(gap: Gap, slot: Personal) -> str:
    name, style, escape, case, grammar = gap
    value = slot.value
    text = kind_of(slot).render(slot, style) if style else value if type(value) is str else joined(value)
    if not text:
        raise Refused("empty slot", slot=name)
    try:
        if case:
            text = CASES[case](text)
        if grammar:
            text = agree(grammar, text)
        written = _escaped(gap, slot, text) if escape and not grammar else text
    except KeyError:
        raise CorruptEntry("a gap in an unknown context or case") from None
    if written is None:
        raise Refused("unrenderable", slot=name, form=escape)
    slot.renderings[gap] = written
    return written


def _escaped(gap: Gap, slot: Personal, text: str) -> str | None:
    """A value's text in its context. What a kind puts between the items of a list is Markdown as it stands."""
    writer = ESCAPES[gap.escape]
    split = getattr(kind_of(slot), "pieces", None) if gap.escape in ("markdown", "markdown-lax") else None
    pieces = split(slot, gap.style) if split is not None and not gap.case else None
    if pieces is None:
        return writer(slot.value, text)
    written = [writer(slot.value, piece) if own else piece for piece, own in pieces]
    return "".join(map(str, written)) if None not in written else None
