"""A text as its reader sees it: escapes resolved, and the rules of writing known at every place."""

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import unquote

from langcache.templating.zones import Zone, Zones

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_JSON_ESCAPE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.")
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{2,6}|#[xX][0-9a-fA-F]{2,5});")
_BACKSLASHED = re.compile(r"\\[!-/:-@\[-`{-~]")
_PERCENT = re.compile(
    r"%[0-7][0-9a-fA-F]|%[cdCD][0-9a-fA-F](?:%[89abAB][0-9a-fA-F])|%[eE][0-9a-fA-F](?:%[89abAB][0-9a-fA-F]){2}"
    r"|%[fF][0-7](?:%[89abAB][0-9a-fA-F]){3}|\+"
)
_CONTEXTS: dict[str, tuple[str, ...]] = {
    "": ("",),
    "html": ("html", "html-lax", "html-attribute"),
    "html-attribute": ("html-attribute",),
    "markdown": ("markdown", "markdown-lax"),
    "markdown-cell": ("markdown-cell",),
    "host": ("host",),
    "url": ("url", "url-plus"),
    "address": ("address",),
    "closed": (),
}
_STRINGS: tuple[str, ...] = ("json", "json-ascii")
_QUOTES = {"'": "single", '"': "double"}
_QUOTED = re.compile(r"\\.|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|(['\"])", re.DOTALL)
_NEAR = 200
"""Characters of code before a value that are looked at; a stream keeps as many."""

Spans = tuple[list[int], list[int]]


@dataclass(frozen=True, slots=True)
class View:
    """What a reader of a text sees, and where each character of it stands in the source.

    Args:
        text: the text with its escapes resolved.
        source: the text as it is.
        offsets: for each character of *text* (and its end) its offset in *source*; ``None`` if equal.
        strings: starts and ends of JSON strings in *source*, quotes left out; ``None`` unless all of it is JSON.
        zones: the parts of *source* with rules of their own; ``None`` in JSON.
    """

    text: str
    source: str
    offsets: Sequence[int] | None = None
    strings: Spans | None = None
    zones: Zones | None = None
    _blocks: dict[int, Spans] = field(default_factory=dict)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A span of *text* as a span of *source*."""
        return (start, end) if self.offsets is None else (self.offsets[start], self.offsets[end])

    def at(self, offset: int) -> int:
        """Where an offset of *source* that no escape covers is in *text*."""
        return offset if self.offsets is None else bisect_left(self.offsets, offset)

    def escapes(self, start: int, end: int) -> tuple[str, ...]:
        """The contexts that a gap for this span of *source* may be written in, likeliest first; none if unsafe."""
        if self.strings is not None:
            return _STRINGS if is_within(self.strings, start) else ("json-value",)
        assert self.zones is not None, "a text is JSON or has zones"
        rule = self.zones.rule(self.source, start, end)
        if rule in ("code", "code-span"):
            return _quoted(rule, self.source[max(self.zones.at(start).start, start - _NEAR) : start])
        if rule != "json":
            return _CONTEXTS[rule]
        return _STRINGS if is_within(self._block(start), start) else ("json-value",)

    def _block(self, start: int) -> Spans:
        assert self.zones is not None, "only zones have blocks"
        zone = self.zones.at(start)
        if zone.start not in self._blocks:
            self._blocks[zone.start] = _strings(self.source, zone.start, zone.end)
        return self._blocks[zone.start]


def view(text: str) -> View:
    """A text as its reader sees it: JSON, Markdown, HTML and addresses with their escapes resolved."""
    if is_json(text):
        decoded = _decoded(text, _JSON_ESCAPE, _from_json, 0, len(text)) if "\\" in text else ()
        return _view(text, decoded, json_strings(text), None)
    zones = Zones(text)
    return _view(text, _escaped(text, zones), None, zones)


def _quoted(rule: str, before: str) -> tuple[str, ...]:
    """The rule for code, with the quotes that are open at the end of what stands before a value in its line."""
    line = before[before.rfind("\n") + 1 :]
    quote = next((found[1] for found in _QUOTED.finditer(line) if found[1]), None)
    return (f"{rule}-{_QUOTES[quote]}" if quote else rule,)


def _view(text: str, escapes: Sequence[tuple[int, int, str]], strings: Spans | None, zones: Zones | None) -> View:
    if not escapes:
        return View(text, text, None, strings, zones)
    pieces: list[str] = []
    offsets: list[int] = []
    at = 0
    for start, end, char in escapes:
        pieces += (text[at:start], char)
        offsets.extend(range(at, start + 1))
        at = end
    pieces.append(text[at:])
    offsets.extend(range(at, len(text) + 1))
    return View("".join(pieces), text, offsets, strings, zones)


def _escaped(text: str, zones: Zones) -> list[tuple[int, int, str]]:
    """The escape sequences of a text in order: start, end and the one character each stands for."""
    if not (zones.list or zones.prose) or not may_escape(text):
        return []
    found: list[tuple[int, int, str]] = []
    at = 0
    for zone in (*zones.list, Zone(len(text), len(text), "")):
        found += _read(text, zones.prose, at, zone.start)
        found += _read(text, zone.rule, zone.start, zone.end)
        at = zone.end
    return found


def may_escape(text: str) -> bool:
    """Whether a text holds a sign that begins an escape in some context."""
    return "\\" in text or "&" in text or "%" in text or "+" in text


def _read(text: str, rule: str, start: int, end: int) -> Sequence[tuple[int, int, str]]:
    if start >= end or rule not in _READERS:
        return ()
    return _decoded(text, *_READERS[rule], start, end)


def _decoded(
    text: str, escape: re.Pattern[str], resolve: Callable[[str], str], start: int, end: int
) -> list[tuple[int, int, str]]:
    found = ((match.start(), match.end(), resolve(match[0])) for match in escape.finditer(text, start, end))
    return [each for each in found if len(each[2]) == 1]


def _from_json(escape: str) -> str:
    return str(json.loads(f'"{escape}"'))


_READERS: dict[str, tuple[re.Pattern[str], Callable[[str], str]]] = {
    "json": (_JSON_ESCAPE, _from_json),
    "html": (_ENTITY, unescape),
    "html-attribute": (_ENTITY, unescape),
    "markdown": (_BACKSLASHED, lambda escape: escape[1]),
    "url": (_PERCENT, lambda escape: " " if escape == "+" else unquote(escape, errors="strict")),
}


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


def json_strings(text: str) -> Spans:
    """Starts and ends of the strings of a JSON text, quotes left out."""
    return _strings(text, 0, len(text))


def _strings(text: str, start: int, end: int) -> Spans:
    spans: Iterator[tuple[int, int]] = (match.span() for match in _STRING.finditer(text, start, end))
    pairs = [(first + 1, last - 1) for first, last in spans]
    return [first for first, _ in pairs], [last for _, last in pairs]


def is_within(strings: Spans, start: int) -> bool:
    """Whether an offset is inside one of the strings that `json_strings` found."""
    starts, ends = strings
    at = bisect_right(starts, start) - 1
    return at >= 0 and start <= ends[at]
