"""Templates as data: a tuple of literal texts and gaps, never text in a template language."""

from collections.abc import Callable, Iterable
from operator import itemgetter
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
            ``"A"``, ``"AN"``) or the ending of its possessive (an apostrophe), as the value asks for it.
    """

    name: str
    style: str = ""
    escape: str = ""
    case: str = ""
    grammar: str = ""


Template: TypeAlias = tuple[str | Gap, ...]


class Compiled(tuple[str | Gap, ...]):
    """A template that remembers how to fill itself fast; made where templates are made, equal to its tuple.

    The plan is laid at the second fill: most templates that come from a store are filled once.
    """

    plan: "Plan | None" = None
    _fills = 0

    def filled(self) -> None:
        """Called at every fill without a plan."""
        self._fills += 1
        if self._fills == 2:
            self.plan = plan_of(self)


class Plan(NamedTuple):
    """A template apart: literals and gaps in turn, ready to be put together in a few calls.

    Args:
        parts: literal, gap, literal, …, with an empty literal between neighbouring gaps and at the ends.
        slots: the slots of all gaps, by one call on the slots by name.
        special: number and gap of those that are not the plain value.
    """

    parts: list[str]
    slots: Callable[[Any], tuple[Any, ...]]
    special: list[tuple[int, Gap]]


def plan_of(template: Template) -> Plan | None:
    """The plan of a template; ``None`` where it is not worth one."""
    parts = [""]
    gaps: list[Gap] = []
    for segment in template:
        if isinstance(segment, str):
            parts[-1] += segment
        else:
            parts += ("", "")
            gaps.append(segment)
    if len(gaps) < 2:
        return None
    special = [(number, gap) for number, gap in enumerate(gaps) if any(gap[1:])]
    return Plan(parts, itemgetter(*(gap.name for gap in gaps)), special)


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
    return Compiled(out)


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
    return Compiled([segment if type(segment) is str else _gap(segment) for segment in data])


def _gap(item: object) -> Gap:
    if type(item) is list and 1 <= len(item) <= 5 and item[0]:
        for field in item:
            if type(field) is not str:
                break
        else:
            return Gap(*item)
    raise CorruptEntry("a segment of a template is a text or a gap of one to five texts")
