"""Where in a text which rules of writing hold: code, tags, addresses, links, and the prose around them."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

_HINTS = {
    **{sign: (sign,) for sign in "<`@"},
    "]": ("](",),
    ":": ("://",),
    "*": ("**",),
    "\n": ("\n#", "\n-", "\n*", "\n+", "\n|", "\n ", "\n\t", "\n1."),
}
"""What no plain prose holds, by a sign that all of it has: single signs are looked for much faster."""
_OPENERS = frozenset("#-*+|1 \t")
_MARKDOWN = re.compile(r"`|\]\(|\*\*\S|^[ \t]*(?:#{1,6}|[-*+]|\d+\.) \S|^\|", re.MULTILINE)
_ROW = re.compile(r"^[ \t]*\|", re.MULTILINE)
_TAGS = (
    "a abbr article b blockquote body br button code dd div dl dt em footer form h1 h2 h3 h4 h5 h6 head header hr html "
    "i img input label li link main meta nav ol option p pre section select small span strong sub sup table tbody td "
    "textarea th thead title tr u ul"
)
_TAG = rf"</?(?:{'|'.join(_TAGS.split())})\b(?:[^<>\"']|\"[^\"<>]*\"|'[^'<>]*')*>"
# What a zone cannot be without, and how it is written.
_KINDS = (
    (
        ("```", "~~~"),
        r"(?P<fence>^[ ]{0,3}(?P<ticks>```+|~~~+)(?P<info>[^\n`]*)\n(?P<block>.*?)"
        r"(?:^[ ]{0,3}(?P=ticks)[`~]*[ \t]*$|\Z))",
    ),
    (("`",), r"(?P<span>(?<!`)(?P<tick>`+)(?!`)(?P<code>[^`\n]+)(?P=tick)(?!`))"),
    (("<",), r"(?P<closed><!--.*?(?:-->|\Z)|<(?P<raw>script|style)\b.*?(?:</(?P=raw)\s*>|\Z))"),
    (("<",), rf"(?P<tag>{_TAG})"),
    (("](",), r"(?P<link>(?<=\]\()[^()\s<>]+(?=[)\s]))"),
    (("://",), r"(?P<url>\bhttps?://[^\s<>\"'`)\]]+)"),
    (("@",), r"(?P<mail>\b[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+)"),
)
_ATTRIBUTE = re.compile(r"\b([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_MAIL_OR_CALL = re.compile(r"(?:mailto|tel|sms):", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?:https?:)?//[^/?#]*", re.IGNORECASE)


class Zone(NamedTuple):
    """A stretch of text in which a gap is written by rules of its own.

    Args:
        start: offset of its first character.
        end: offset after its last character.
        rule: ``"code"``, ``"code-span"``, ``"json"`` (a fenced block of it), ``"html-attribute"``, ``"host"``,
            ``"url"``, or ``"closed"`` where no value may stand.
    """

    start: int
    end: int
    rule: str


class Zones:
    """The zones of a text in order, and the rule of the prose between them.

    Args:
        text: a text that is not JSON as a whole.
    """

    def __init__(self, text: str) -> None:
        self.prose = ""
        self.list: list[Zone] = []
        self.rows: list[int] = []
        if text[:1] not in _OPENERS and not _hints_at_zones(text):
            return
        self.list = list(_zones(text))
        if any(zone.rule in ("tag", "html-attribute") for zone in self.list):
            self.prose = "html"
        elif _MARKDOWN.search(text) is not None:
            self.prose = "markdown"
            self.rows = [match.start() for match in _ROW.finditer(text)] if "|" in text else []
        self._starts = [zone.start for zone in self.list]

    def rule(self, text: str, start: int, end: int) -> str:
        """The rule for a gap that stands for this span of the text."""
        at = self._last_at(start)
        zone = self.list[at] if at >= 0 else None
        if zone is None or start >= zone.end:
            if at + 1 < len(self.list) and end > self._starts[at + 1]:
                return "closed" if end < self.list[at + 1].end else self.prose
            return "markdown-cell" if self._in_row(text, start) else self.prose
        if zone.rule in ("host", "url") and start == zone.start and end <= self._whole(at):
            return "address"
        return "closed" if zone.rule == "tag" or end > zone.end else zone.rule

    def at(self, start: int) -> Zone:
        """The zone that an offset, which is known to be in one, is in."""
        return self.list[self._last_at(start)]

    def _last_at(self, start: int) -> int:
        """The number of the last zone that begins at or before an offset; -1 if none does."""
        return bisect_right(self._starts, start) - 1 if self.list else -1

    def _whole(self, at: int) -> int:
        """Where the address ends whose host is this zone."""
        more = self.list[at].rule == "host" and self.list[at + 1 : at + 2]
        return (
            more[0].end if more and more[0].rule == "url" and more[0].start == self.list[at].end else self.list[at].end
        )

    def _in_row(self, text: str, start: int) -> bool:
        return bool(self.rows) and _ROW.match(text, text.rfind("\n", 0, start) + 1) is not None


def _hints_at_zones(text: str) -> bool:
    return any(sign in text and any(hint in text for hint in hints) for sign, hints in _HINTS.items())


@cache
def _pattern(kinds: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(kinds), re.MULTILINE | re.DOTALL | re.IGNORECASE)


def _matches(text: str) -> Iterator[re.Match[str]]:
    """All zones, looked for by no more than what the text can hold: most texts hold few kinds of them."""
    kinds = tuple(pattern for signs, pattern in _KINDS if any(sign in text for sign in signs))
    return _pattern(kinds).finditer(text) if kinds else iter(())


def _zones(text: str) -> Iterator[Zone]:
    for match in _matches(text):
        start, end = match.span()
        kind = match.lastgroup
        if kind == "fence":
            yield Zone(*match.span("block"), "json" if _is_json(match) else "code")
        elif kind == "span":
            yield Zone(*match.span("code"), "code-span")
        elif kind == "closed":
            yield Zone(start, end, "closed")
        elif kind == "tag":
            yield from _tag(match[0], start, end)
        elif kind == "mail":
            yield Zone(start, end, "host")
        elif (scheme := _MAIL_OR_CALL.match(match[0])) is not None:
            yield Zone(start + scheme.end(), end, "host")
        else:
            host = _AUTHORITY.match(match[0])
            if host is not None:
                yield Zone(start, start + host.end(), "host")
            if host is None or host.end() < end - start:
                yield Zone(start + (host.end() if host else 0), end, "url")


def _is_json(fence: re.Match[str]) -> bool:
    if not fence["info"].strip().lower().startswith("json"):
        return False
    try:
        json.loads(fence["block"])
    except (ValueError, RecursionError):
        return False
    return True


def _tag(tag: str, start: int, end: int) -> Iterator[Zone]:
    at = start
    for match in _ATTRIBUTE.finditer(tag):
        value = 2 if match[2] is not None else 3
        yield Zone(at, start + match.start(value), "tag")
        rule = "url" if match[1].lower() in ("href", "src", "action", "formaction") else "html-attribute"
        closed = match[1].lower().startswith("on") or match[1].lower() in ("style", "srcdoc")
        yield Zone(start + match.start(value), start + match.end(value), "closed" if closed else rule)
        at = start + match.end(value)
    yield Zone(at, end, "tag")
