"""One user's values inside messages a prompt template has already rendered.

At the model doors a profile's inputs arrive as text among text. What is found becomes a gap in the key: of a slot, or
of a feature (whose normalised value is in the key by itself) or an ignored input. What is not found stays, byte for
byte: that costs hits, never correctness.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from langcache.core.declaration import MISSING, Declaration
from langcache.core.reading import Reading
from langcache.templating import Gap, Lexicon, is_binary, is_id_with_more

__all__ = ["Mark", "Rendered", "Segment"]

_JOINT = re.compile(r"\W{1,8}|\W{1,4}(?:and|or)\W{1,4}")
"""What may stand between two items of a list, which the key knows only as "many"."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the text of a feature or an ignored input stood."""

    name: str


Segment = str | Gap | Mark


class Rendered:
    """Finds them.

    Args:
        declaration: the profile's.
        reading: the request, read through it.
        values: the raw values it was read from.
        finder: the user's slot values, compiled.
        whole: whether the items of a feature's list are left alone.
    """

    def __init__(
        self,
        declaration: Declaration,
        reading: Reading,
        values: Mapping[str, Any],
        finder: Lexicon,
        *,
        whole: bool,
    ) -> None:
        self.surely = finder.locate
        self._lists = {name for name, slot in reading.slots.items() if isinstance(slot.value, list | tuple)}
        self._found: dict[str, Gap | Mark] = {}
        self._shared: set[str] = set()
        self._clear: set[str] = set()
        for name, slot in reading.slots.items():
            self._add(slot.value, Gap(name), clear=False)
        for feature in declaration.features:
            raw = values.get(feature.name, MISSING)
            if not (whole and isinstance(raw, list | tuple | set | frozenset)):
                self._add(raw, Mark(feature.name), clear=feature.name not in reading.blurred)
        for name, raw in reading.ignored.items():
            self._add(raw, Mark(name), clear=False)
        self._forms = sorted(self._found.keys() - self._shared, key=len, reverse=True)
        self._clear_forms = [form for form in self._forms if form in self._clear]

    def _add(self, raw: Any, stands_for: Gap | Mark, *, clear: bool) -> None:
        for item in raw if isinstance(raw, list | tuple | set | frozenset) else (raw,):
            if item is None or item is MISSING or isinstance(item, bool):
                continue
            typed = str(getattr(item, "value", item))
            for text in {typed, typed.strip()} - {""}:
                if isinstance(stands_for, Mark) and (clear or _is_clear(text)):
                    self._clear.add(text)
                if self._found.setdefault(text, stands_for) != stands_for:
                    self._shared.add(text)

    def locate(self, text: str, *, own: bool) -> tuple[Segment, ...]:
        """*text* in segments.

        Args:
            text: a text of a message.
            own: whether the prompt template made it of known variables, so that a value met in another variable can be
                told from the value itself; elsewhere bare numbers and short words stay.
        """
        forms = self._forms if own else self._clear_forms
        segments = self._cut(self.surely(text), [] if is_binary(text, forms) else forms)
        literals = (segment for segment in segments if isinstance(segment, str))
        return (text,) if len(segments) > 1 and is_id_with_more(text, literals) else self._joined(segments)

    def _cut(self, segments: tuple[str | Gap, ...], forms: list[str]) -> list[Segment]:
        out: list[Segment] = []
        for segment in segments:
            if not isinstance(segment, str):
                out.append(segment)
                continue
            at = 0
            for start, form in sorted(_occurrences(segment, forms)):
                out += (segment[at:start], self._found[form])
                at = start + len(form)
            out.append(segment[at:])
        return [segment for segment in out if segment != ""]

    def _joined(self, segments: list[Segment]) -> tuple[Segment, ...]:
        """Neighbouring items of one list slot as one gap: how many there are does not decide."""
        out: list[Segment] = []
        for segment in segments:
            last, joint = out[-2:-1], out[-1:]
            if (
                isinstance(segment, Gap)
                and segment.name in self._lists
                and last == [segment]
                and isinstance(joint[0], str)
                and _JOINT.fullmatch(joint[0])
            ):
                out.pop()
                continue
            out.append(segment)
        return tuple(out)


def _occurrences(text: str, forms: list[str]) -> Iterator[tuple[int, str]]:
    """Where the forms stand, longer ones first, none inside a longer word or another form."""
    taken = bytearray(len(text))
    for form in forms:
        start = text.find(form)
        while start >= 0:
            end = start + len(form)
            if not any(taken[start:end]) and not _joins(text, start) and not _joins(text, end):
                taken[start:end] = b"\1" * len(form)
                yield start, form
            start = text.find(form, start + 1)


def _joins(text: str, at: int) -> bool:
    """Whether a word goes on across this place."""
    return 0 < at < len(text) and _is_word(text[at - 1]) and _is_word(text[at])


def _is_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


def _is_clear(text: str) -> bool:
    """Whether a text that is met is hardly anything else: no bare small number, no short word."""
    digits = sum(c.isdigit() for c in text)
    return digits >= 3 or len(text) - digits >= 5
