"""Placeholder tokens: unlike each other and unlike anything the prompt already holds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count

from langcache.templating.labels import BRACKETED, bracketed, canonical
from langcache.templating.slots import Personal
from langcache.templating.template import Template


def placeholders(slots: Sequence[Personal], literals: Iterable[str]) -> dict[str, str]:
    """A token for each slot, such as ``"[startup name]"``.

    Where a literal text already holds a token in any mangling that `read` understands, or two slots' tokens
    could be taken for each other, the next free number is put behind the label. The result depends on nothing
    but the arguments, in their order.
    """
    literal = {canonical(match[1]) for text in literals for match in BRACKETED.finditer(text)}
    taken = set(literal)
    tokens: dict[str, str] = {}
    for slot in slots:
        aliases_free = literal.isdisjoint(map(canonical, slot.aliases))
        for token in _candidates(slot):
            if canonical(token[1:-1]) not in taken and (aliases_free or not is_plain(token, slot)):
                break
        taken.add(canonical(token[1:-1]))
        tokens[slot.name] = token
    return tokens


def show(template: Template, tokens: Mapping[str, str]) -> str:
    """A template as the model reads it: placeholders in its gaps.

    Raises:
        KeyError: a gap's slot has no token.
    """
    return "".join(segment if isinstance(segment, str) else tokens[segment.name] for segment in template)


def is_plain(token: str, slot: Personal) -> bool:
    """Whether a token is the slot's label itself, so that its aliases mean the slot too."""
    return canonical(token[1:-1]) == canonical(bracketed(slot.label or slot.name)[1:-1])


def _candidates(slot: Personal) -> Iterator[str]:
    label = bracketed(slot.label)[1:-1] or bracketed(slot.name)[1:-1] or "value"
    yield f"[{label}]"
    yield from (f"[{label} {number}]" for number in count(2))
