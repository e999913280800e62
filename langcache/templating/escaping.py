"""The contexts a gap can stand in: how a text is read there, and how a value is written there."""

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_JSON_ESCAPE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.")


@dataclass(frozen=True, slots=True)
class View:
    """What a reader of a text sees, and where each character of it stands in the source.

    Args:
        text: the text with its escapes resolved.
        source: the text as it is.
        offsets: for each character of *text* (and its end) its offset in *source*; ``None`` if equal.
        strings: starts and ends of JSON strings in *source*, quotes left out; ``None`` outside JSON.
    """

    text: str
    source: str
    offsets: Sequence[int] | None = None
    strings: tuple[list[int], list[int]] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A span of *text* as a span of *source*."""
        return (start, end) if self.offsets is None else (self.offsets[start], self.offsets[end])

    def at(self, offset: int) -> int:
        """Where an offset of *source* that no escape covers is in *text*."""
        return offset if self.offsets is None else bisect_left(self.offsets, offset)

    def escapes(self, start: int) -> tuple[str, ...]:
        """The contexts that a gap at this offset of *source* may be written in, likeliest first."""
        if self.strings is None:
            return ("",)
        starts, ends = self.strings
        at = bisect_right(starts, start) - 1
        return ("json", "json-ascii") if at >= 0 and start <= ends[at] else ("json-value",)


def view(text: str) -> View:
    """A text as its reader sees it: JSON with its string escapes resolved, anything else as it is."""
    if not is_json(text):
        return View(text, text)
    strings = json_strings(text)
    if "\\" not in text:
        return View(text, text, None, strings)
    pieces: list[str] = []
    offsets: list[int] = []
    at = 0
    for match in _JSON_ESCAPE.finditer(text):
        pieces.append(text[at : match.start()])
        offsets.extend(range(at, match.start() + 1))
        pieces.append(json.loads(f'"{match.group()}"'))
        at = match.end()
    pieces.append(text[at:])
    offsets.extend(range(at, len(text) + 1))
    return View("".join(pieces), text, offsets, strings)


def is_json(text: str) -> bool:
    """Whether the whole text is a JSON object or array."""
    ends = text.strip()[:1] + text.strip()[-1:]
    if ends not in ("{}", "[]"):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def json_strings(text: str) -> tuple[list[int], list[int]]:
    """Starts and ends of the strings of a JSON text, quotes left out."""
    spans = [match.span() for match in _STRING.finditer(text)]
    return [start + 1 for start, _ in spans], [end - 1 for _, end in spans]


def _json_text(value: object, text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _json_ascii(value: object, text: str) -> str:
    return json.dumps(text)[1:-1]


def _json_value(value: object, text: str) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and str(value) == text:
        return text
    return json.dumps(text, ensure_ascii=False)


IN_PROSE = ("", "json", "json-ascii")
"""Contexts in which a sentence goes on around a gap."""

ESCAPES: dict[str, Callable[[object, str], str | None]] = {
    "json": _json_text,
    "json-ascii": _json_ascii,
    "json-value": _json_value,
}
