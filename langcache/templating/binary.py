"""What is written in letters but is no text: pictures, sounds and files in base64 (RFC 4648, RFC 2397, RFC 2045)."""

import re
from collections.abc import Iterable

__all__ = ["is_binary"]

_BASE64 = re.compile(
    r"data:[^,\s]{0,200};base64,[\w+/=\r\n-]*+"
    r"|[A-Za-z0-9+/_-]{256,}+={0,2}\s*+"
    r"|(?:[A-Za-z0-9+/]{60,80}\r?\n){2,}+[A-Za-z0-9+/]*+={0,2}\s*+",
    re.ASCII,
)
"""With the head that says so, in one go, or in lines of equal length; no text goes on for so long without a blank."""


_NO_CHANCE = 8
"""So many letters in a row are met once in 10^14 places."""


def is_binary(text: str, values: Iterable[str]) -> bool:
    """Whether *values* stand in *text* by chance alone; a long one that does is meant, such as a picture itself."""
    if _BASE64.fullmatch(text) is None:
        return False
    return not any(len(value) >= _NO_CHANCE and value in text for value in values)
