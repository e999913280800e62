"""Where a value is the name of an account, a tag, a domain or an identifier: written in one word, whoever's it is."""

import re

_TOP_LEVEL = "com|org|net|io|ai|app|dev|co|edu|gov|me|info|biz|shop|xyz|uk|de|fr|in|eu|us"
_BEFORE = re.compile(r"(?:[@#]|\bwww\.|[^\W_]_)\Z", re.IGNORECASE)
_AFTER = re.compile(rf"_[^\W_]|@\w|\.(?:{_TOP_LEVEL})\b", re.IGNORECASE)
_SIGNS_BEFORE, _SIGNS_AFTER = frozenset("@#._"), frozenset("_@.")


def is_account(text: str, start: int, end: int) -> bool:
    """Whether a span is such a name, or a part of one: ``@span``, ``#span``, ``span.com``, ``span_v2``."""
    if text[start - 1 : start] not in _SIGNS_BEFORE and text[end : end + 1] not in _SIGNS_AFTER:
        return False
    return _BEFORE.search(text, max(0, start - 4), start) is not None or _AFTER.match(text, end) is not None
