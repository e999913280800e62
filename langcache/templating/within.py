"""Whether a form in a text says less than the value, or is a part of something longer than it.

Masking puts one placeholder there and fills in the whole value: "in March 2024" would become "in 2024-03-01", and
"March 1, 1990" another year's day.
"""

import re
from collections.abc import Callable, Iterable

__all__ = ["is_id_with_more", "is_other"]

_TOKEN = re.compile(r"""\s*+[^\s"'{}<>]++\s*+""")
_SIGN = re.compile(r"[/\\@_=&%#:.+-]")
_LETTER = re.compile(r"[^\W_]")

_QUOTED = re.compile(r"'[^']*'")
_YEAR_OR_MORE = re.compile(r",? ?\d{4}(?!\d)|\s?[-–—]\s?\d| (?:to|and|or) \d\d?(?!\d)")
_OF_AN_ADDRESS = re.compile(r"[\w@./-]\Z")
_ADDRESS_GOES_ON = re.compile(r"[/?#]|[.:@-]?\w")
_MORE_LINES = re.compile(r"(?:,\s*|\s*\n\s*)[A-Z0-9]")
_MAIL_GOES_ON = re.compile(r"[.@-]?\w")


def is_other(kind: str, style: str, text: str, start: int, end: int) -> bool:
    """Whether a form of a slot's *kind*, in *style*, stands for something else than the value in *text*."""
    judge = _JUDGES.get(kind)
    return judge is not None and judge(style, text, start, end)


def is_id_with_more(text: str, literals: Iterable[str]) -> bool:
    """Whether a text is an address, a path or an id, with a value somewhere in it.

    Programs read those: "https://x.org/[name]/photo.png" is nowhere, and another user's photo is another question.

    Args:
        text: the whole text.
        literals: what of it is no value.
    """
    is_id = _TOKEN.fullmatch(text) is not None and _SIGN.search(text) is not None
    return is_id and any(map(_LETTER.search, literals))


def _moment(style: str, text: str, start: int, end: int) -> bool:
    return style.startswith("day:") and _day(style.removeprefix("day:"), text, start, end)


def _day(style: str, text: str, start: int, end: int) -> bool:
    pattern = _QUOTED.sub("", style)
    if not pattern:
        return False
    if "d" not in pattern or ("M" not in pattern and "L" not in pattern):
        return True
    return "y" not in pattern and _YEAR_OR_MORE.match(text, end) is not None


def _url(style: str, text: str, start: int, end: int) -> bool:
    if _OF_AN_ADDRESS.search(text, max(0, start - 1), start) is not None:
        return True
    given = style == "" and (text[end - 1] == "/" or text[end : end + 1] in ("/", "?", "#"))
    return not given and _ADDRESS_GOES_ON.match(text, end) is not None


def _email(style: str, text: str, start: int, end: int) -> bool:
    return _MAIL_GOES_ON.match(text, end) is not None


def _address(style: str, text: str, start: int, end: int) -> bool:
    return style.startswith("first line") and _MORE_LINES.match(text, end) is not None


_JUDGES: dict[str, Callable[[str, str, int, int], bool]] = {
    "date": _day,
    "datetime": _moment,
    "address": _address,
    "url": _url,
    "email": _email,
}
