"""The words of postal addresses that people abbreviate, after the US Postal Service's Publication 28."""

import re
from collections.abc import Mapping
from typing import NamedTuple

_STREET_WORDS = """
alley aly; avenue ave av; boulevard blvd; bypass byp; center ctr; centre ctr; circle cir; close cl; court ct;
crescent cres; drive dr; expressway expy; freeway fwy; gardens gdns; grove grv; heights hts; highway hwy; junction jct;
lane ln; mount mt; parkway pkwy; place pl; plaza plz; point pt; road rd; route rte; square sq; street st str;
terrace ter; trail trl; turnpike tpke; valley vly
"""
_DIRECTION_WORDS = "north n; south s; east e; west w; northeast ne; northwest nw; southeast se; southwest sw"
_UNIT_WORDS = "apartment apt; suite ste; unit unit; building bldg; floor fl; room rm; number no; department dept"
_STATE_WORDS = """
alabama al; alaska ak; arizona az; arkansas ar; california ca; colorado co; connecticut ct; delaware de; florida fl;
georgia ga; hawaii hi; idaho id; illinois il; indiana in; iowa ia; kansas ks; kentucky ky; louisiana la; maine me;
maryland md; massachusetts ma; michigan mi; minnesota mn; mississippi ms; missouri mo; montana mt; nebraska ne;
nevada nv; new hampshire nh; new jersey nj; new mexico nm; new york ny; north carolina nc; north dakota nd; ohio oh;
oklahoma ok; oregon or; pennsylvania pa; rhode island ri; south carolina sc; south dakota sd; tennessee tn; texas tx;
utah ut; vermont vt; virginia va; washington wa; west virginia wv; wisconsin wi; wyoming wy
"""


def _table(words: str, *, endings: int = 1) -> dict[str, tuple[str, str]]:
    """Every long and short word to its long and its first short one."""
    found: dict[str, tuple[str, str]] = {}
    for entry in words.split(";"):
        parts = entry.split()
        long = " ".join(parts[:-1]) if endings == 0 else parts[0]
        short = parts[-1] if endings == 0 else parts[1]
        for key in (long, *(parts[1:] if endings else (short,))):
            found.setdefault(key, (long, short))
    return found


_STREETS, _DIRECTIONS, _UNITS = _table(_STREET_WORDS), _table(_DIRECTION_WORDS), _table(_UNIT_WORDS)
_STATES = _table(_STATE_WORDS, endings=0)
_TABLES = {"street": _STREETS, "direction": _DIRECTIONS, "unit": _UNITS, "state": _STATES}
# What divides the parts, and before which classes a comma does instead.
_BETWEEN: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "one line": (", ", ()),
    "lines": ("\n", ()),
    "block": ("\n", ("state",)),
    "two lines": ("\n", ("state", "unit")),
    "blank": (" ", ()),
}
WAYS: Mapping[str, tuple[str, ...]] = {
    "street": ("long", "short", "dotted"),
    "direction": ("long", "short", "dotted"),
    "unit": ("long", "short", "dotted", "#"),
    "state": ("long", "short"),
    "lines": tuple(_BETWEEN),
}
_TOKEN = re.compile(
    r"(?P<lines>\s*,?\s*\n\s*,?\s*|\s*,\s+)"
    rf"|(?<=[\w.,]\s)(?P<state>\b(?:{'|'.join(sorted(_STATES, key=len, reverse=True))})\b)"
    r"(?=\s+\d{5}(?:-\d{4})?\b|\s*$|\s*,?\s*(?:USA|U\.S\.|United States))"
    rf"|(?P<unit>\#\s?|\b(?:{'|'.join(_UNITS)})\b\.?\s?)(?=[\w-]{{1,6}}\b)"
    r"|(?P<word>[^\W_]+\.?)"
    r"|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)


class Word(NamedTuple):
    """A piece of an address.

    Args:
        group: its class: ``street``, ``direction``, ``unit``, ``state``, ``lines`` (what divides two), or none.
        text: the piece as typed.
        before: of what divides, the class of what follows.
    """

    group: str
    text: str
    before: str = ""


def classify(text: str) -> tuple[Word, ...]:
    """The pieces of an address; joined they are the address again."""
    words: list[Word] = []
    before = Word("lines", "")
    for match in _TOKEN.finditer(text):
        group = match.lastgroup or ""
        if group in ("word", "other"):
            group = _group(match[0], before) if group == "word" else ""
        if words and not group and not words[-1].group:
            words[-1] = Word("", words[-1].text + match[0])
        else:
            words.append(Word(group, match[0]))
        if not match[0].isspace() or group == "lines":
            before = Word(group, match[0])
    following = [word.group for word in words[1:]] + [""]
    return tuple(
        word._replace(before=next_) if word.group == "lines" else word
        for word, next_ in zip(words, following, strict=True)
    )


def _group(text: str, before: Word) -> str:
    key = text.lower().rstrip(".")
    after_number = before.text[:1].isdigit()
    named = any(c.isalpha() for c in before.text) and before.group in ("", "direction")
    if key in _STREETS and named:
        return "street"
    if key in _DIRECTIONS and (len(key) > 2 or after_number or before.group == "street"):
        return "direction"
    return ""


def write(word: Word, way: str) -> str:
    """A classified word in one of its class's `WAYS`."""
    if word.group == "lines":
        between, commas = _BETWEEN[way]
        return ", " if word.before in commas else between
    if way == "#":
        return "#"
    if word.text.startswith("#"):
        return {"long": "Unit ", "short": "# ", "dotted": "No. "}[way]
    long, short = _TABLES[word.group][word.text.lower().strip(". ")]
    if word.group == "state":
        return long.title() if way == "long" else short.upper()
    text = _like(word.text.strip(". "), long if way == "long" else short)
    return text + ("." if way == "dotted" else "") + (" " if word.group == "unit" else "")


def _like(typed: str, text: str) -> str:
    """A word in the case of another; two letters for a direction are capitals."""
    if typed.islower():
        return text
    shouted = typed.isupper() and len(typed) > 2
    return text.upper() if shouted or (len(text) <= 2 and text in _DIRECTIONS) else text.capitalize()
