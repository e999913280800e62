"""Filling a masked answer while it arrives.

What is shown is never taken back. So a placeholder is held back until it is whole and what follows it cannot change
its meaning, with the article before it and, where a slot is empty, the bracket around it; its escaping is decided by
the text so far (see `langcache.templating.endings`). Text without brackets is shown as it comes.
"""

import re
from collections.abc import Iterable, Mapping

from langcache.errors import Refused
from langcache.templating.beginnings import stand_in
from langcache.templating.endings import ended
from langcache.templating.fill import fill
from langcache.templating.labels import BRACKETED, CLOSE, LONGEST, OPEN, canonical, resembles
from langcache.templating.read import read
from langcache.templating.slots import Personal, items
from langcache.templating.template import Gap, Template, tidy

__all__ = ["StreamFiller"]

_KEPT = LONGEST + 56
"""Characters before what was shown that are kept: as far back as anything looks from a placeholder."""
_PATIENCE = 512
"""Characters beyond those after which it is worth while to forget some."""
_OPENED = re.compile(rf"[{OPEN}][^{OPEN}{CLOSE}\n]{{0,{LONGEST}}}\Z")
_AFTER = re.compile(rf"(?:['’]s?)? ?[^{OPEN}]?")
_CLOSER = re.compile(r"[\]］】}>]|\n|\Z")
_OTHER = re.compile(r"(?:\{\{?|<)([^{}<>\n]{0,200})\Z")
_BEFORE = re.compile(
    r"(?:(?<![\w'’.-])(?:a|A|an|An|AN)\s{0,2}[\"'“‘(*_`\[]{0,3}"
    r"|(?<![\w'’-])(?:[dD]|[qQ]u?)(?:e ?|['’])?)?\\{0,2}\Z"
)
_CLAUSE = re.compile(r" *[(（【\[]?\Z")
_UNDECIDED = re.compile(r"(?:['’]s?)? ?\Z")
_ADDRESS = re.compile(r"[\w.@-]{0,60}")
_IN_ADDRESS = re.compile(r"@[\w-]*\Z")
_WORDS = re.compile(r"[^\W_]+")
_MARKS = "[]［］【】{}<>"
_SET_ASIDE = {ord(mark): chr(0xDC80 + n) for n, mark in enumerate(_MARKS)}
"""Lone surrogates, which no Unicode text holds, in place of brackets that turned out to be no placeholder."""
_GIVEN_BACK = {0xDC80 + n: mark for n, mark in enumerate(_MARKS)}


class StreamFiller:
    """Reads and fills one text of a masked answer, piece by piece.

    The pieces shown add up to ``fill(read(text, tokens, slots), slots)``, however the text was cut, as long as the
    text keeps the promises of its beginnings: what opens as JSON, code, a tag or a link also ends as one, and plain
    text stays plain.

    Args:
        tokens: slot name to the token the model was shown.
        slots: the declared slots by name.

    Attributes:
        refused: why the text cannot be read; the offending brackets are shown as they are.
        unfilled: why a value could not be written; its placeholder is shown instead.
    """

    def __init__(self, tokens: Mapping[str, str], slots: Mapping[str, Personal]) -> None:
        self._tokens, self._slots = tokens, slots
        self._shapes = _shapes(tokens, slots.values())
        self._words = max((len(set(_WORDS.findall(shape))) for shape in self._shapes), default=0)
        self._clauses = any(not items(slot.value) for slot in slots.values())
        self._text = ""
        self._at = self._seen = 0
        self._gaps = self._literal = 0
        self._full = _KEPT + _PATIENCE
        self.refused: Refused | None = None
        self.unfilled: Refused | None = None

    def feed(self, text: str) -> str:
        """What may be shown now that *text* has arrived too."""
        self._text += text
        if not self._shapes:
            return self._upto(len(self._text))
        shown: list[str] = []
        pending = None
        while match := BRACKETED.search(self._text, self._seen):
            if not self._may_be_placeholder(match):
                self._seen = match.end()
            elif self._decided(match):
                shown.append(self._placeholder(match))
            else:
                pending = match.start()
                break
            self._forget()
        shown.append(self._upto(self._settled(len(self._text) if pending is None else pending)))
        self._forget()
        return "".join(shown)

    def finish(self) -> str:
        """The rest, once the text is complete."""
        template = self._read(self._text)
        return self._written(self._new(template)) if template is not None else self._upto(len(self._text))

    def _forget(self) -> None:
        """Replace the beginning by a stand-in now and then, so that the work stays linear in the text."""
        if self._at < self._full:
            return
        found = stand_in(self._text, self._at - _KEPT)
        gaps = self._gaps_before(found[0]) if found is not None else None
        if found is not None and gaps is not None:
            cut, instead = found
            self._text = instead + self._text[cut:]
            self._at += len(instead) - cut
            self._seen += len(instead) - cut
            self._gaps -= gaps
            self._literal = self._literal if self._gaps else self._at
        self._full = 2 * self._at + _PATIENCE

    def _gaps_before(self, cut: int) -> int | None:
        """How many gaps of the template stand before a cut; ``None`` if the text cannot be read up to there."""
        head = self._text[:cut].rstrip().removesuffix(",")
        try:
            return _count(read(ended(head, len(head), len(head)), self._tokens, list(self._slots.values())))
        except Refused:
            return None

    def _may_be_placeholder(self, match: re.Match[str]) -> bool:
        inner = canonical(match[1])
        return any(inner == shape or resembles(inner, shape) for shape in self._shapes)

    def _decided(self, match: re.Match[str]) -> bool:
        """Whether what follows a placeholder can no longer change how it is written."""
        if _UNDECIDED.match(self._text, match.end()):
            return False
        end = self._address_end(match)
        return end < len(self._text) or end - match.end() == 60

    def _address_end(self, match: re.Match[str]) -> int:
        """Where the mail address ends that a placeholder is part of; its own end if it is part of none."""
        before = self._text[max(0, match.start() - 64) : match.start()]
        if not (self._text.startswith("@", match.end()) or _IN_ADDRESS.search(before)):
            return match.end()
        address = _ADDRESS.match(self._text, match.end())
        return address.end() if address is not None else match.end()

    def _placeholder(self, match: re.Match[str]) -> str:
        """Everything up to and with a placeholder that is whole."""
        template = self._read(ended(self._text, match.end(), self._ahead(match)))
        self._seen = match.end()
        if template is None or _count(template) <= self._gaps:
            return ""
        new = list(self._new(template))
        while isinstance(new[-1], str):
            new.pop()
        self._gaps += _count(new)
        self._literal = 0
        # Of a Markdown link around a placeholder the brackets stay.
        self._at = self._seen = match.end() - (1 if self._text.startswith("(", match.end()) else 0)
        if self._is_empty(new[-1]):  # filled together with the bracket that closes its clause
            self._literal = 1
            self._at += 1
            new.append(self._text[self._at - 1])
        return self._written(tuple(new))

    def _is_empty(self, part: str | Gap) -> bool:
        return isinstance(part, Gap) and not items(self._slots[part.name].value)

    def _ahead(self, match: re.Match[str]) -> int:
        """The end of what is looked at after a placeholder: as much as can change how it is written."""
        after = _AFTER.match(self._text, match.end())
        return max(self._address_end(match), after.end() if after is not None else match.end())

    def _upto(self, end: int) -> str:
        """Literal text up to an offset."""
        piece = self._text[self._at : end]
        self._at = max(self._at, end)
        self._seen = max(self._seen, self._at)
        self._literal += len(piece)
        return piece.translate(_GIVEN_BACK)

    def _settled(self, pending: int) -> int:
        """Up to where the text means what it says, whatever follows; a placeholder begins at *pending* at latest."""
        opened = _OPENED.search(self._text, self._at, pending)
        if opened is not None and self._may_become(opened[0]):
            pending = opened.start()
        other = _OTHER.search(self._text, max(self._at, pending - LONGEST), pending)
        if other is not None and any(shape.startswith(canonical(other[1])) for shape in self._shapes):
            pending = other.start()
        before = _BEFORE.search(self._text, max(self._at, pending - 12), pending)
        pending = before.start() if before is not None else pending
        if self._clauses:
            clause = _CLAUSE.search(self._text, self._at, pending)
            pending = clause.start() if clause is not None else pending
        return max(self._at, pending)

    def _may_become(self, opened: str) -> bool:
        """Whether an open bracket may still close as a placeholder, or as what resembles one."""
        return len(set(_WORDS.findall(canonical(opened[1:])))) <= self._words + 5

    def _read(self, text: str) -> Template | None:
        """The template of a beginning; brackets that make it unreadable are set aside, so that the rest is filled."""
        slots = list(self._slots.values())
        while True:
            try:
                return read(text, self._tokens, slots)
            except Refused as refused:
                self.refused = self.refused or refused
                at = refused.position
                if at is None or text[at] not in _MARKS:
                    return None
                text = self._without(text, at)

    def _without(self, text: str, at: int) -> str:
        """The text with the bracket at an offset set aside, and the next that closes one."""
        closing = _CLOSER.search(text, at)
        ends = {at} | ({closing.start()} if closing is not None and closing[0].strip() else set())
        for end in ends:
            text = text[:end] + text[end].translate(_SET_ASIDE) + text[end + 1 :]
            if end < len(self._text):
                self._text = self._text[:end] + self._text[end].translate(_SET_ASIDE) + self._text[end + 1 :]
        return text

    def _new(self, template: Template) -> Template:
        """The part of a template that has not been shown."""
        gaps, at = self._gaps, 0
        while gaps and at < len(template):
            gaps -= isinstance(template[at], Gap)
            at += 1
        rest = list(template[at:])
        if rest and isinstance(rest[0], str):
            rest[0] = rest[0][self._literal :]
        return tuple(rest)

    def _written(self, new: Template) -> str:
        try:
            return fill(tidy(new), self._slots).translate(_GIVEN_BACK)
        except Refused as refused:
            self.unfilled = self.unfilled or refused
        shown = [part if isinstance(part, str) else self._one(part) for part in new]
        return "".join(shown).translate(_GIVEN_BACK)

    def _one(self, gap: Gap) -> str:
        try:
            return fill((gap,), self._slots)
        except Refused:
            return gap.grammar or self._tokens[gap.name]


def _count(template: Iterable[str | Gap]) -> int:
    """How many gaps a template has."""
    return sum(isinstance(part, Gap) for part in template)


def _shapes(tokens: Mapping[str, str], slots: Iterable[Personal]) -> tuple[str, ...]:
    """Everything that bracket text may be, or fail to be, in canonical writing."""
    found = [canonical(token[1:-1]) for token in tokens.values()]
    for slot in slots:
        found += [canonical(label) for label in (slot.label, *slot.aliases)]
    return tuple(dict.fromkeys(found)) if tokens else ()
