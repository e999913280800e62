"""Where a value is the name of an account, a tag, a domain or an identifier: written in one word, whoever's it is."""

import re

_TOP_LEVEL = "com|org|net|io|ai|app|dev|co|edu|gov|me|info|biz|shop|xyz|uk|de|fr|in|eu|us"
_BEFORE = re.compile(r"(?:[@#]|\bwww\.|[^\W_]_)$", re.IGNORECASE)
_AFTER = re.compile(rf"_[^\W_]|@\w|\.(?:{_TOP_LEVEL})\b", re.IGNORECASE)


def is_account(text: str, start: int, end: int) -> bool:
    """Whether a span is such a name, or a part of one: ``@span``, ``#span``, ``span.com``, ``span_v2``."""
    return _BEFORE.search(text, max(0, start - 4), start) is not None or _AFTER.match(text, end) is not None
