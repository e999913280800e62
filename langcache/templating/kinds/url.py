"""Kind ``url``: an address of the web with and without scheme, ``www.`` and last slash, or its domain alone."""

import re
from collections.abc import Iterator
from itertools import product

from langcache.templating.frequency import COMMON
from langcache.templating.kinds import Form, list as lists
from langcache.templating.slots import Personal, items, written

_URL = re.compile(
    r"(?P<scheme>https?://)?(?P<www>www\.)?(?P<host>(?:[\w-]+\.)+[^\W\d_]{2,})(?P<rest>[/:?#]\S*)?", re.IGNORECASE
)
_SHARED = frozenset(
    ("linkedin", "github", "gitlab", "twitter", "facebook", "instagram", "youtube", "medium", "google", "notion")
)
# What each word of a style asks for; a URL without path or query is its domain and perhaps a slash.
_SCHEMES, _WWW, _ENDS, _CASES = ("https://", "http://", ""), ("www.", ""), ("", "/"), ("", " lower")
STYLES = tuple(
    f"{scheme}{www}{part}{end}{case}"
    for case, part, end, www, scheme in product(_CASES, ("url", "domain"), _ENDS, _WWW, _SCHEMES)
)


class Url:
    """Addresses of the web."""

    parts = False
    pieces = lists.KIND.pieces

    def recognise(self, slot: Personal) -> Iterator[Form]:
        """The address as typed, then in every other usual way."""
        yield from lists.KIND.recognise(slot)
        match = _parsed(slot)
        if match is not None:
            found: dict[str, str] = {}
            for style in STYLES:
                found.setdefault(_compose(match, style), style)
            page = (match["rest"] or "").rstrip("/")
            yield from (Form(text, style, locatable=not page or "url" in style) for text, style in found.items())

    def render(self, slot: Personal, style: str) -> str:
        """The address in a style; what is no address stays as it is."""
        if style not in STYLES:
            return lists.KIND.render(slot, style)
        match = _parsed(slot)
        return lists.KIND.render(slot, "") if match is None else _compose(match, style)

    def residue(self, slot: Personal) -> Iterator[Form]:
        """The name in the domain unless it is one that many share, and the last part of a path."""
        yield from lists.KIND.residue(slot)
        for item in items(slot.value):
            match = _URL.fullmatch(written(item).strip())
            if match is not None:
                label = max(match["host"].split(".")[:-1], key=len)
                last = (match["rest"] or "").rstrip("/").rpartition("/")[2]
                yield from (Form(word, None) for word in (label, last) if _tells(word))


def _tells(word: str) -> bool:
    return len(word) > 3 and word.lower() not in COMMON and word.lower() not in _SHARED


def _parsed(slot: Personal) -> re.Match[str] | None:
    found = items(slot.value)
    return _URL.fullmatch(written(found[0]).strip()) if len(found) == 1 else None


def _compose(match: re.Match[str], style: str) -> str:
    scheme = next(scheme for scheme in _SCHEMES if style.startswith(scheme))
    www = "www." if style.startswith("www.", len(scheme)) else ""
    host = match["host"].lower() if style.endswith(" lower") else match["host"]
    rest = (match["rest"] or "").rstrip("/") if "url" in style else ""
    slash = "/" in style[len(scheme) :] and "?" not in rest and "#" not in rest
    return scheme + www + host + rest + "/" * slash


KIND = Url()
