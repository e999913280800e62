"""Filling JSON text of a masked answer while it arrives: each of its strings is a text of its own."""

import json
import re
from collections.abc import Callable

from langcache.errors import Refused
from langcache.templating.stream import StreamFiller

__all__ = ["JsonStreamFiller"]

_WHOLE = re.compile(
    r'(?:[^"\\]+|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}'
    r"|\\u(?![dD][89abAB])[0-9a-fA-F]{4}|\\u[0-9a-fA-F]{4}(?=.{6})|\\[\"\\/bfnrt])*",
    re.DOTALL,
)
"""Content of a string, up to its end or to an escape that has not all arrived, or that JSON does not have."""
_ESCAPING = re.compile(r"\\(?:u[0-9a-fA-F]{0,4}.{0,5})?\Z", re.DOTALL)
"""An escape that has not all arrived, or half a pair of them."""

_WORDS = ("true", "false", "null", "NaN", "Infinity", "-Infinity")
_VALUE = rf"(?:-?\d[\d.eE+-]*(?=[\s,\]}}])|{'|'.join(_WORDS)})"
_BETWEEN = re.compile(rf'(?:[\s{{}}\],:]+|{_VALUE}|\[(?=\s*(?:["\[\]{{]|{_VALUE}\s*[,\]])))*')
"""JSON between strings. A bracket waits for what follows it: a placeholder may stand where there is no string."""
_OPENED = re.compile(r"(?:\[\s*)?(?:-?\d[\d.eE+-]*\s*|(-?[A-Za-z]*)\s*)\Z")
"""What may yet be such a bracket, or a word of JSON."""


class JsonStreamFiller:
    """`StreamFiller` for a text that is JSON, such as the arguments of a tool call.

    From where it turns out to be none, it is filled as any other text.

    Args:
        text: makes the filler of one string.
    """

    def __init__(self, text: Callable[[], StreamFiller]) -> None:
        self._make = text
        self._string: StreamFiller | None = None
        self._other: StreamFiller | None = None
        self._rest = ""
        self.refused: Refused | None = None
        self.unfilled: Refused | None = None

    def feed(self, text: str) -> str:
        """What may be shown now that *text* has arrived too."""
        self._rest += text
        shown: list[str] = []
        while self._rest:
            before = len(self._rest)
            shown.append(self._next())
            if len(self._rest) == before:
                break
        return "".join(shown)

    def finish(self) -> str:
        """The rest, once the text is complete."""
        shown = self._not_json() if self._rest else self._end_of_string()
        return shown + (self._told(self._other, self._other.finish()) if self._other is not None else "")

    def _next(self) -> str:
        if self._other is not None:
            text, self._rest = self._rest, ""
            return self._told(self._other, self._other.feed(text))
        return self._between() if self._string is None else self._inside(self._string)

    def _between(self) -> str:
        """Up to the next string."""
        shown = self._taken(_until(_BETWEEN, self._rest))
        if self._rest[:1] == '"':
            self._string = self._make()
            return shown + self._taken(1)
        opened = _OPENED.match(self._rest)
        if opened is None or not any(word.startswith(opened[1] or "") for word in _WORDS):
            return shown + self._not_json()
        return shown

    def _inside(self, string: StreamFiller) -> str:
        """Up to the end of a string."""
        text = self._taken(_until(_WHOLE, self._rest))
        shown = self._told(string, _encoded(string.feed(json.loads(f'"{text}"', strict=False))))
        if self._rest[:1] == '"':
            return shown + self._end_of_string() + self._taken(1)
        return shown if _ESCAPING.match(self._rest) or not self._rest else shown + self._not_json()

    def _end_of_string(self) -> str:
        string, self._string = self._string, None
        return self._told(string, _encoded(string.finish())) if string is not None else ""

    def _not_json(self) -> str:
        """What has been held back, from where on the text is no JSON."""
        shown = self._end_of_string()
        self._other = self._make()
        return shown + self._next()

    def _taken(self, end: int) -> str:
        taken, self._rest = self._rest[:end], self._rest[end:]
        return taken

    def _told(self, filler: StreamFiller, shown: str) -> str:
        """What a filler shows, once its troubles are noted."""
        self.refused = self.refused or filler.refused
        self.unfilled = self.unfilled or filler.unfilled
        return shown


def _until(pattern: re.Pattern[str], text: str) -> int:
    match = pattern.match(text)
    return match.end() if match is not None else 0


def _encoded(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]
