"""How a value is written in each context a gap can stand in, so that it never ends or opens anything there."""

import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

_MARKDOWN = re.compile(
    r"[\\`*\[\]<]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|^(?:#{1,6}|[-+>=~])(?=[\s=~-]|$)|^\d+(?=[.)]\s)", re.MULTILINE
)
_RISKY = re.compile(r"[\\`\[\]<|\n]")
_FENCE = re.compile(r"```|~~~")
_HOST = re.compile(r"[^\W_](?:[\w.-]*[^\W_])?")
_SLUG = re.compile(r"[\w-]+(?:\.[\w-]+)*")
_ADDRESS = re.compile(r"(?!(?:javascript|vbscript|data):)[^\s<>\"'`()\\\x00-\x1f]+", re.IGNORECASE)
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_HTML_LAX = str.maketrans({"<": "&lt;", ">": "&gt;"})
_ATTRIBUTE = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})

Writer = Callable[[object, str], str | None]


def _json_text(value: object, text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _json_ascii(value: object, text: str) -> str:
    return json.dumps(text)[1:-1]


def _json_value(value: object, text: str) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and str(value) == text:
        return text
    return json.dumps(text, ensure_ascii=False)


def _backslashed(match: re.Match[str]) -> str:
    return f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}"


def _markdown(value: object, text: str) -> str:
    return _MARKDOWN.sub(_backslashed, text)


def _cell(value: object, text: str) -> str | None:
    return None if "\n" in text else _markdown(value, text).replace("|", "\\|")


def _slug(value: object, text: str) -> str | None:
    return text if _SLUG.fullmatch(text) else "".join(filter(str.isalnum, text)) or None


def _unless(pattern: re.Pattern[str]) -> Writer:
    return lambda value, text: None if pattern.search(text) else text


def _if(pattern: re.Pattern[str]) -> Writer:
    return lambda value, text: text if pattern.fullmatch(text) else None


ESCAPES: dict[str, Writer] = {
    "json": _json_text,
    "json-ascii": _json_ascii,
    "json-value": _json_value,
    "html": lambda value, text: text.translate(_HTML),
    "html-lax": lambda value, text: text.translate(_HTML_LAX),
    "html-attribute": lambda value, text: text.translate(_ATTRIBUTE),
    "markdown": _markdown,
    "markdown-lax": _unless(_RISKY),
    "markdown-cell": _cell,
    "code": _unless(_FENCE),
    "code-single": _unless(re.compile(r"```|~~~|['\\\n]")),
    "code-double": _unless(re.compile(r"```|~~~|[\"\\\n]")),
    "code-span": _unless(re.compile(r"[`\n]")),
    "code-span-single": _unless(re.compile(r"[`'\\\n]")),
    "code-span-double": _unless(re.compile(r"[`\"\\\n]")),
    "slug": _slug,
    "host": _if(_HOST),
    "url": lambda value, text: quote(text, safe="", errors="surrogatepass"),
    "url-plus": lambda value, text: quote_plus(text, errors="surrogatepass"),
    "address": _if(_ADDRESS),
}
"""Contexts by the name a gap keeps; a writer returns ``None`` for a text that cannot stand there."""

IN_PROSE = frozenset(("", "json", "json-ascii", "html", "html-lax", "markdown", "markdown-lax", "markdown-cell"))
"""Contexts in which a sentence goes on around a gap."""
