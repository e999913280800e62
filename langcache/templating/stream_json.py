"""Filling JSON text of a masked answer while it arrives: each of its strings is a text of its own."""

import json
import re
from collections.abc import Callable

from langcache.errors import Refused
from langcache.templating.stream import StreamFiller

__all__ = ["JsonStreamFiller"]

_WHOLE = re.compile(
    r'(?:[^"\\]+|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}'
    r"|\\u(?![dD][89abAB])[0-9a-fA-F]{4}|\\u[0-9a-fA-F]{4}(?=.{6})|\\[^u])*",
    re.DOTALL,
)
"""Content of a string, up to its end or to an escape that has not all arrived."""


class JsonStreamFiller:
    """`StreamFiller` for a text that is JSON, such as the arguments of a tool call.

    Args:
        text: makes the filler of one string.
    """

    def __init__(self, text: Callable[[], StreamFiller]) -> None:
        self._make = text
        self._string: StreamFiller | None = None
        self._rest = ""
        self.refused: Refused | None = None
        self.unfilled: Refused | None = None

    def feed(self, text: str) -> str:
        """What may be shown now that *text* has arrived too."""
        self._rest += text
        shown: list[str] = []
        while self._rest:
            before = len(self._rest)
            shown.append(self._outside() if self._string is None else self._inside(self._string))
            if len(self._rest) == before:
                break
        return "".join(shown)

    def finish(self) -> str:
        """The rest, once the text is complete."""
        shown = _encoded(self._string.finish()) if self._string is not None else ""
        return shown + self._rest

    def _outside(self) -> str:
        at = self._rest.find('"') + 1
        shown, self._rest = (self._rest[:at], self._rest[at:]) if at else (self._rest, "")
        if at:
            self._string = self._make()
        return shown

    def _inside(self, string: StreamFiller) -> str:
        end = _whole_until(self._rest)
        shown = _encoded(string.feed(json.loads(f'"{self._rest[:end]}"', strict=False)))
        self._rest = self._rest[end:]
        if self._rest[:1] == '"':
            shown += _encoded(string.finish()) + '"'
            self._rest, self._string = self._rest[1:], None
        self.refused = self.refused or string.refused
        self.unfilled = self.unfilled or string.unfilled
        return shown


def _whole_until(text: str) -> int:
    match = _WHOLE.match(text)
    return match.end() if match is not None else 0


def _encoded(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]
