"""Reading a masked answer: its placeholders, mangled as models mangle them, become gaps."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from langcache.errors import Refused
from langcache.templating.accounts import is_account
from langcache.templating.escaping import IN_PROSE
from langcache.templating.grammar import article_before, masked_case
from langcache.templating.labels import BRACKETED, CLOSE, CLOSERS, OPEN, OPENERS, canonical, resembles
from langcache.templating.placeholders import is_plain
from langcache.templating.slots import Personal
from langcache.templating.template import Gap, Template, tidy
from langcache.templating.views import is_json, is_within, json_strings, view

_UNCLOSED = re.compile(rf"[{OPEN}]([^{OPEN}{CLOSE}]*)")
_BRACKET = re.compile(rf"[{OPEN}{CLOSE}]")
_OPENERS, _CLOSERS = tuple(OPENERS), tuple(CLOSERS)
_OTHER_BRACKETS = re.compile(r"\{\{?([^{}\n]{1,200})\}\}?|<([^<>\n]{1,200})>")


class _Found(NamedTuple):
    start: int
    end: int
    name: str


class _Labels(NamedTuple):
    """What bracket text may mean.

    Args:
        slots: canonical bracket text to slot name; what could mean two slots is left out.
        literal: canonical bracket text that is only text: labels whose slot was shown another token.
        shapes: everything that bracket text may fail to be.
    """

    slots: dict[str, str]
    literal: set[str]
    shapes: list[str]


def read(text: str, tokens: Mapping[str, str], slots: Sequence[Personal]) -> Template:
    """The template of a masked answer.

    Bracket text that resembles no label stays literal.

    Args:
        text: the answer, or one leaf of it.
        tokens: slot name to the token the model was shown.
        slots: the declared slots; their labels and aliases are what bracket text may resemble.

    Raises:
        Refused: ``"half-cut placeholder"``, ``"unresolved placeholder"``, ``"unsafe context"``.
    """
    labels = _labels(tokens, slots)
    if not labels.slots:
        return tidy([text])
    found = list(_resolve(text, labels))
    _refuse_halves(_blanked(text, found), labels)
    return _template(text, found, {name for name, token in tokens.items() if token.isupper()})


def _labels(tokens: Mapping[str, str], slots: Sequence[Personal]) -> _Labels:
    known = {canonical(token[1:-1]): name for name, token in tokens.items()}
    aliases: dict[str, set[str]] = {}
    literal: set[str] = set()
    shapes = list(known)
    for slot in slots:
        meanings = [canonical(alias) for alias in slot.aliases]
        token = tokens.get(slot.name)
        if token is None or not is_plain(token, slot):
            literal.update(meanings, [canonical(slot.label)])
            continue
        shapes += meanings
        for alias in meanings:
            aliases.setdefault(alias, set()).add(slot.name)
    known |= {alias: min(names) for alias, names in aliases.items() if len(names) == 1 and alias not in known}
    return _Labels(known, literal - known.keys(), shapes)


def _resolve(text: str, labels: _Labels) -> Iterator[_Found]:
    step = 2 if is_json(text) else 1  # one Markdown backslash is written as two inside JSON
    for match in BRACKETED.finditer(text):
        inner = canonical(match[1])
        name = labels.slots.get(inner)
        if name is None:
            if inner not in labels.literal and any(resembles(inner, shape) for shape in labels.shapes):
                raise Refused("unresolved placeholder", position=match.start())
            continue
        start, end = match.span()
        if text[max(0, start - 1) : start].isalnum() and text[start - 1].isascii():
            raise Refused("unresolved placeholder", slot=name, form="index", position=start)
        if text.endswith("\\" * step, 0, start):
            start -= step
        if text.startswith("(", end):  # a Markdown link around the placeholder: its brackets belong to the link
            start, end = match.span(1)
        yield _Found(start, end, name)


def _blanked(text: str, found: Sequence[_Found], blank: str = " ") -> str:
    """The text with another character in its placeholders' place, at the same offsets."""
    pieces: list[str] = []
    at = 0
    for start, end, _ in found:
        pieces += (text[at:start], blank * (end - start))
        at = end
    return "".join([*pieces, text[at:]])


def _refuse_halves(text: str, labels: _Labels) -> None:
    if any(sign in text for sign in OPENERS + CLOSERS):
        _refuse_half_brackets(text, labels)
    for match in _OTHER_BRACKETS.finditer(text) if "{" in text or "<" in text else ():
        inner = canonical(match[1] or match[2])
        if " " in inner and inner in labels.slots:
            raise Refused("unresolved placeholder", slot=labels.slots[inner], position=match.start())


def _refuse_half_brackets(text: str, labels: _Labels) -> None:
    for match in _UNCLOSED.finditer(text):
        closed = text[match.end() : match.end() + 1] in _CLOSERS
        if not closed and any(_begins(match[1], shape, match.end() == len(text)) for shape in labels.shapes):
            raise Refused("half-cut placeholder", position=match.start())
    at = 0
    for match in _BRACKET.finditer(text):
        tail = text[max(at, match.start() - 200) : match.start()]
        opened = at > 0 and text[at - 1] in _OPENERS
        if match[0] in _CLOSERS and not opened and any(_ends(tail, s, whole=at == 0) for s in labels.shapes):
            raise Refused("half-cut placeholder", position=match.start())
        at = match.end()


def _begins(text: str, shape: str, last: bool) -> bool:
    """Whether a text after an unclosed bracket is the beginning of a label."""
    given = canonical(text.split("\n")[0][: len(shape) + 20])
    if last and shape.startswith(given):
        return True
    head = shape[: max(3, (len(shape) + 1) // 2)]
    return given.startswith(head)


def _ends(text: str, shape: str, *, whole: bool) -> bool:
    """Whether a text before an unopened bracket is the end of a label."""
    given = canonical(text.split("\n")[-1])
    cut = whole and len(given) > 2 and shape.endswith(given)
    return cut or given == shape or given.endswith(" " + shape)


def _template(text: str, found: Sequence[_Found], loud: Collection[str]) -> Template:
    escapes = _escapes(text, found)
    segments: list[str | Gap] = []
    at = 0
    for (start, end, name), escape in zip(found, escapes, strict=True):
        if is_account(text, start, end) and escape not in ("host", "url", "address"):
            escape = "slug"
        prose = escape in IN_PROSE
        case = masked_case(text, start, end, loud=name in loud) if prose and "json" not in escape else ""
        gap = Gap(name, escape=escape, case=case)
        article = article_before(text, start, None) if prose else None
        if article is not None and article[0] >= at:
            segments += (text[at : article[0]], gap._replace(grammar=article[2], case=""))
            at = article[1]
        segments += (text[at:start], gap)
        at = end
    return tidy([*segments, text[at:]])


def _escapes(text: str, found: Sequence[_Found]) -> list[str]:
    """The context of each gap, decided by what the text is once the gaps are values.

    Raises:
        Refused: ``"unsafe context"``: no value can stand there without becoming part of a tag or script.
    """
    if not found:
        return []
    stripped = text.strip()
    if stripped[:1] + stripped[-1:] in ("{}", "[]"):
        strings = json_strings(_blanked(text, found))
        inside = [is_within(strings, each.start) for each in found]
        if is_json(_with_values(text, found, inside)):
            return ["json" if within else "json-value" for within in inside]
    seen = view(_blanked(text, found, "x"))
    escapes = [seen.escapes(start, end)[:1] for start, end, _ in found]
    if not all(escapes):
        unsafe = found[escapes.index(())]
        raise Refused("unsafe context", slot=unsafe.name, position=unsafe.start)
    return [escape for (escape,) in escapes]


def _with_values(text: str, found: Sequence[_Found], inside: Sequence[bool]) -> str:
    pieces: list[str] = []
    at = 0
    for (start, end, _), within in zip(found, inside, strict=True):
        pieces += (text[at:start], "x" if within else '"x"')
        at = end
    return "".join([*pieces, text[at:]])
