"""Feature normalisers: from a value as people write it to the one value that decides the answer.

A normaliser returns a `Normal`. *Blurring* normalisers (buckets, dates by year or month, callables) give several
raw values one key although they are not interchangeable in an answer; the others (case, whitespace, declared
synonyms, set order, enum equality) do not blur.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from itertools import pairwise
from typing import Any, NamedTuple

from langcache.errors import UnkeyableError
from langcache.templating import MaskedText

__all__ = [
    "Normal",
    "Normaliser",
    "buckets",
    "by_call",
    "by_date",
    "choices",
    "exact",
    "folded",
    "plain",
    "synonyms",
    "unordered",
]


class Normal(NamedTuple):
    """A normalised feature value."""

    key: Any
    """Plain value that goes into the key."""
    shown: Any
    """What a masked chain receives: equal for every user of the key."""
    blurs: bool = False
    """Whether users with other raw values share this key."""


Normaliser = Callable[[Any], Normal]


def folded(text: str) -> str:
    """Unicode NFC, casefold (Unicode 3.13, D145) and single spaces: what makes two typings the same word."""
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold()).split())


def plain(value: Any) -> Normal:
    """The default: text is folded, everything else stands for itself."""
    if type(value) is str:
        text = folded(value)
        return Normal(text, text)
    if isinstance(value, list | tuple):
        items = [plain(item) for item in value]
        return Normal([item.key for item in items], [item.shown for item in items], any(i.blurs for i in items))
    return Normal(value, value)


def exact(value: Any) -> Normal:
    """No normalising at all."""
    return Normal(value, value)


def synonyms(groups: Mapping[str, Sequence[str]]) -> Normaliser:
    """Map every word of a group to the group's head, compared folded."""
    heads = {folded(word): head for head, words in groups.items() for word in (head, *words)}

    def normalise(value: Any) -> Normal:
        if not isinstance(value, str):
            return plain(value)
        head = heads.get(folded(value))
        return plain(value) if head is None else Normal(folded(head), head)

    return normalise


def choices(members: Iterable[Any]) -> Normaliser:
    """Map any typing of an enum's value or name, or of a literal, to the member itself."""
    known: dict[Any, Any] = {}
    for member in members:
        names = (member.value, member.name) if isinstance(member, Enum) else (member,)
        for name in names:
            known.setdefault(folded(name) if isinstance(name, str) else name, member)

    def normalise(value: Any) -> Normal:
        if isinstance(value, Enum):
            return Normal(value, value)
        member = known.get(folded(value) if isinstance(value, str) else value)
        return plain(value) if member is None else Normal(member, member)

    return normalise


def buckets(name: str, edges: Sequence[float]) -> Normaliser:
    """Cut numbers at *edges*; a bucket includes its lower edge and excludes its upper one: ``low <= x < high``."""
    words = [str(edge) for edge in edges]
    labels = [
        f"under {words[0]}",
        *(f"{a}–{b}" for a, b in pairwise(words)),
        f"{words[-1]} or more",
    ]
    shown = [MaskedText(label, name=name) for label in labels]

    def normalise(value: Any) -> Normal:
        if value is None:
            return Normal(None, None)
        number = _number(name, value)
        at = bisect_right(edges, number)
        return Normal(labels[at], shown[at], blurs=True)

    return normalise


def _number(name: str, value: Any) -> float | Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise UnkeyableError(f"feature {name!r}: not a number, so no bucket holds it")
    try:
        number = float(value) if isinstance(value, str) else value
    except ValueError:
        raise UnkeyableError(f"feature {name!r}: not a number, so no bucket holds it") from None
    if number != number:
        raise UnkeyableError(f"feature {name!r}: not a number (NaN), so no bucket holds it")
    return number


def by_date(name: str, unit: str) -> Normaliser:
    """Keep the year, or year and month, of a date, a datetime or ISO 8601 text."""

    def normalise(value: Any) -> Normal:
        if value is None:
            return Normal(None, None)
        when = _date(name, value)
        label = f"{when.year:04d}" if unit == "year" else f"{when.year:04d}-{when.month:02d}"
        return Normal(label, MaskedText(label, name=name), blurs=True)

    return normalise


def _date(name: str, value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise UnkeyableError(f"feature {name!r}: neither a date nor ISO 8601 text") from None


def by_call(name: str, function: Callable[[Any], Any]) -> Normaliser:
    """The user's own *function*; what it returns is the key and what a masked chain receives."""

    def normalise(value: Any) -> Normal:
        try:
            kept = function(value)
        except Exception as error:
            raise UnkeyableError(f"feature {name!r}: its normaliser raised {type(error).__name__}") from error
        return Normal(kept, kept, blurs=plain(kept).key != plain(value).key)

    return normalise


def unordered(each: Normaliser) -> Normaliser:
    """Items in any order, repeats ignored; each item through *each*."""

    def normalise(value: Any) -> Normal:
        if not isinstance(value, list | tuple | set | frozenset):
            return each(value)
        items = {repr(normal.key): normal for normal in map(each, value)}
        ordered = [items[text] for text in sorted(items)]
        return Normal([n.key for n in ordered], [n.shown for n in ordered], any(n.blurs for n in ordered))

    return normalise
