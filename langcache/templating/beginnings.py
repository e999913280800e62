"""What may be forgotten of the beginning of a text that is read while it arrives.

All that a beginning does to the text after it is to open something (JSON, a block of code, a row of a table), or to
show that the text is HTML or Markdown. A few characters that do the same can stand in for it, so that each
placeholder costs a look at its surroundings instead of at everything before it.
"""

import re
from collections.abc import Iterator

from langcache.templating.endings import CODE_SPANS, FENCED_JSON, OPEN_TAG, json_end, without_placeholders
from langcache.templating.labels import CLOSE, LONGEST, OPEN
from langcache.templating.zones import Zones

_TRIES = 8
"""Places that are tried; one of them is free in nearly every text."""
_BREAK = re.compile(r"[\s,、。，；：！？।،؛؟](?=\S)|>(?=<)")
_BRACKETS = (re.compile(rf"[{OPEN}](?=[^{OPEN}{CLOSE}\n]*\Z)"), re.compile(r"\{(?=[^{}\n]*\Z)|<(?=[^<>\n]*\Z)"))
_BEHIND_ARTICLE = re.compile(r"(?<![\w'’.-])an?\s+\Z", re.IGNORECASE)
_ARTICLE = re.compile(r"\W{0,12}an?\s", re.IGNORECASE)
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)([^\n`]*)\n", re.MULTILINE)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*("?)|[{}\[\],:]', re.DOTALL)
_SIGNS = {"html": "<br>\n", "markdown": "# x\n", "": "x\n"}
"""A line after which a text is as much HTML or Markdown as it was, and no JSON."""


def stand_in(text: str, upto: int) -> tuple[int, str] | None:
    """Where a text may be cut before *upto*, and what then stands in for all that is before the cut.

    ``None`` where nothing is simple enough to be forgotten: the text is then kept for longer.
    """
    for cut in _free(text, upto):
        found = _summary(text[:cut])
        if found is not None:
            return cut, found
    return None


def _free(text: str, upto: int) -> Iterator[int]:
    """The last places before an offset that are between words, in no bracket and not beside an article."""
    near = max(0, upto - 2 * LONGEST)
    for match in [*_BREAK.finditer(text, near, upto)][: -_TRIES - 1 : -1]:
        cut = match.end()
        before = text[max(0, cut - LONGEST - 2) : cut]
        beside = _ARTICLE.match(text, cut) or _BEHIND_ARTICLE.search(before)
        if not beside and not any(opened.search(before) for opened in _BRACKETS):
            yield cut


def _summary(text: str) -> str | None:
    plain = without_placeholders(text)
    if plain.lstrip()[:1] in ("{", "[") and json_end(plain.rstrip().removesuffix(",")) is not None:
        return _json(text)
    fence = _open_fence(text)
    if fence is not None:
        return _in_fence(text, fence)
    if text[-1] == "," or OPEN_TAG.search(text[max(text.rfind("<"), 0) :]):
        return None
    line = text[text.rfind("\n") + 1 :]
    zones = Zones(text + "x")  # as if the text went on
    inside = "`" in CODE_SPANS.sub("", line) or (zones.list and zones.list[-1].end > len(text))
    return None if inside else _SIGNS[zones.prose] + ("| " if line.lstrip().startswith("|") else "x " if line else "")


def _open_fence(text: str) -> int | None:
    """Where a block of code begins that a text breaks off in."""
    opened: re.Match[str] | None = None
    for line in _FENCE.finditer(text):
        if opened is None:
            opened = line
        elif line[1].startswith(opened[1]) and not line[2].strip():
            opened = None
    return None if opened is None else opened.start()


def _in_fence(text: str, start: int) -> str | None:
    """The same inside a block of code, of which only the first line counts, or all if it is JSON."""
    head, line = text[start : text.index("\n", start) + 1], text[text.rfind("\n") + 1 :]
    inner = _json(text[start + len(head) :]) if FENCED_JSON.match(head) else "x\n" + ("x " if line.strip() else line)
    return None if inner is None else _SIGNS[Zones(text).prose] + head + inner


def _json(text: str) -> str | None:
    """What opens the same objects, arrays and string as a beginning of a JSON text."""
    opened: list[str] = []
    before = last = ""
    inside = False
    for token in _TOKEN.finditer(text):
        before, last = last, token[0]
        inside = last[0] == '"' and not token[1]
        if last in ("{", "["):
            opened.append(last)
        elif last in ("}", "]") and opened:
            opened.pop()
    if not opened:
        return None
    around = "".join('{"":' if bracket == "{" else "[" for bracket in opened[:-1])
    if inside:
        return around + ('["' if opened[-1] == "[" else '{"":"' if before == ":" else '{"')
    return around + ('{"":0,' if opened[-1] == "{" else "[0,") if last == "," and text.rstrip()[-1] == "," else None
