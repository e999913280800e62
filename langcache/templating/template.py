"""Templates as data: a tuple of literal texts and gaps, never text in a template language."""

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias

from langcache.errors import CorruptEntry


class Gap(NamedTuple):
    """Where a slot's value stood, with everything about its writing that is fixed when the template is made.

    Args:
        name: the slot's name.
        style: how the value was written, in the words of the slot's kind; ``""`` is the plain text.
        escape: the context the gap stands in; a name in `langcache.templating.escaping`, ``""`` is none.
        case: how its letters are changed; a name in `langcache.templating.grammar`, ``""`` is not at all.
        grammar: ``""`` for the value itself; else what is written of it is only the article before it (``"a"``,
            ``"A"``, ``"AN"``), French *de* or *que* (``"d'"``, ``"qu'"``) or the ending of its possessive (an
            apostrophe), as the value asks for it.
    """

    name: str
    style: str = ""
    escape: str = ""
    case: str = ""
    grammar: str = ""


Template: TypeAlias = tuple[str | Gap, ...]


class Plan(NamedTuple):
    """What filling a template takes, found out when it is made: every hit is filled, and most gaps are plain.

    Args:
        parts: the segments of the template.
        plain: places of the gaps that take the value as it is, and their slots.
        special: places of the other gaps, and the gaps.
    """

    parts: list[Any]
    plain: list[tuple[int, str]]
    special: list[tuple[int, Gap]]


class Compiled(tuple[str | Gap, ...]):
    """A template with its plan; made where templates are made, equal to its tuple."""

    plan: Plan

    @classmethod
    def of(cls, plan: Plan) -> "Compiled":
        """The template with a plan."""
        template = cls(plan.parts)
        template.plan = plan
        return template


_PLAIN = ("", "", "", "")
_new = tuple.__new__  # what Gap calls, without working out its defaults


def plan_of(template: Iterable[str | Gap]) -> Plan:
    """The plan of a template."""
    plan = Plan(list(template), [], [])
    for at, segment in enumerate(plan.parts):
        if type(segment) is Gap:
            if segment[1:] == _PLAIN:
                plan.plain.append((at, segment[0]))
            else:
                plan.special.append((at, segment))
    return plan


def tidy(segments: Iterable[str | Gap]) -> Template:
    """Neighbouring literals merged and empty ones dropped, so that equal templates compare equal."""
    out: list[str | Gap] = []
    for segment in segments:
        if isinstance(segment, str):
            if not segment:
                continue
            if out and isinstance(out[-1], str):
                out[-1] += segment
                continue
        out.append(segment)
    return Compiled.of(plan_of(out))


def to_data(template: Template) -> list[object]:
    """A template as JSON-able data: a string per literal, a list per gap without trailing empty fields."""
    data: list[object] = []
    for segment in template:
        if isinstance(segment, str):
            data.append(segment)
            continue
        fields = list(segment)
        while not fields[-1] and len(fields) > 1:
            fields.pop()
        data.append(fields)
    return data


def from_data(data: object) -> Template:
    """The template that `to_data` wrote down.

    Raises:
        CorruptEntry: the data is anything else.
    """
    if not isinstance(data, list):
        raise CorruptEntry("a template is a list of literals and gaps")
    plan = Plan(data[:], [], [])
    for at, item in enumerate(data):
        if type(item) is str:
            continue
        if type(item) is list and len(item) == 1 and type(item[0]) is str and item[0]:  # as most gaps are
            plan.parts[at] = _new(Gap, (*item, *_PLAIN))
            plan.plain.append((at, item[0]))
        else:
            gap = plan.parts[at] = _gap(item)
            plan.special.append((at, gap))
    return Compiled.of(plan)


def _gap(item: object) -> Gap:
    if type(item) is list and 1 <= len(item) <= 5 and item[0]:
        for field in item:
            if type(field) is not str:
                break
        else:
            return Gap(*item)
    raise CorruptEntry("a segment of a template is a text or a gap of one to five texts")
