"""How an unfinished text would end: what closes its JSON, code, tag or link, so that it can be read as a whole."""

import re
from collections.abc import Iterator

from langcache.templating.labels import BRACKETED
from langcache.templating.views import is_json

FENCED_JSON = re.compile(r"^ {0,3}(```+|~~~+)[ \t]*json[^\n`]*\n((?:(?!^ {0,3}\1).)*)\Z", re.M | re.S | re.I)
_FENCED = re.compile(r"^ {0,3}(```+|~~~+)[^\n`]*\n(?:(?!^ {0,3}\1).)*\Z", re.MULTILINE | re.DOTALL)
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)[^`\n]*\Z")
CODE_SPANS = re.compile(r"(?<!`)(`+)(?!`)[^`\n]+\1(?!`)")
OPEN_TAG = re.compile(r"</?[a-z][a-z0-9]*\b(?:[^<>\"']|\"[^\"<>]*\"|'[^'<>]*')*(\"[^\"<>]*|'[^'<>]*)?\Z", re.IGNORECASE)
_OPENS_TWICE = re.compile(r"\s*\[\s*\[")
_LINK = re.compile(r"\]\([^()\s<>]*\Z")

_GOES_ON = "\n[1]"
"""Says that the text does not break off here, inside a bracket that may still be closed."""


def ended(text: str, end: int, ahead: int) -> str:
    """The text up to *ahead*, or if need be only up to *end*, the end of a placeholder, with an end that fits it."""
    plain = without_placeholders(text[:ahead])
    for upto in (ahead, end):
        found = _end(plain[:upto])
        if found is not None:
            return text[:upto] + found
    return text[:ahead]


def without_placeholders(text: str) -> str:
    """The text with figures in place of all that may be placeholders, which may stand anywhere in JSON."""
    plain = BRACKETED.sub(lambda match: "1" * len(match[0]), text)
    if _OPENS_TWICE.match(text):
        plain = plain.replace("[", "x", 1)  # a Markdown link around a placeholder is likelier than a list of lists
    return plain


def _end(text: str) -> str | None:
    """What closes whatever is open at the end of a text; ``None`` if only less of the text could be closed."""
    whole = json_end(text) if text.lstrip()[:1] in ("{", "[") else None
    return whole if whole is not None else _other_end(text)


def _other_end(text: str) -> str | None:
    fenced = FENCED_JSON.search(text)
    if fenced is not None:
        return json_end(fenced[2])
    if _FENCED.search(text) is not None:
        return _GOES_ON
    line = CODE_SPANS.sub(lambda match: "0" * len(match[0]), text[text.rfind("\n") + 1 :])
    span = _CODE_SPAN.search(line)
    if span is not None:
        return span[1] + _GOES_ON
    tag = OPEN_TAG.search(text[text.rfind("<") :]) if "<" in text else None
    if tag is not None:
        return (tag[1] or "")[:1] + ">" + _GOES_ON
    return (")" if _LINK.search(text) else "") + _GOES_ON


def json_end(text: str) -> str | None:
    """What makes the beginning of a JSON text JSON."""
    for end in _closers(text):
        if is_json(text + end):
            return end
    return None


def _closers(text: str) -> Iterator[str]:
    closing: list[str] = []
    quoted = escaped = False
    for char in text:
        if quoted:
            quoted, escaped = escaped or char != '"', char == "\\" and not escaped
        elif char == '"':
            quoted = True
        elif char in "{[":
            closing.append("}" if char == "{" else "]")
        elif char in "}]" and closing:
            closing.pop()
    rest = "".join(reversed(closing))
    quote = '"' if quoted else ""
    yield quote + rest
    yield f"{quote}:0{rest}"
