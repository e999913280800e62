"""Feature normalisers: from a value as people write it to the one value that decides the answer.

A normaliser returns a `Normal`. *Blurring* normalisers (buckets, dates by year or month, callables) give several
raw values one key although they are not interchangeable in an answer; the others (case, whitespace, declared
synonyms, set order, enum equality) do not blur.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from itertools import pairwise
from typing import Any, NamedTuple

from langcache.core.encoding import canonical
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
    "itemwise",
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
    """The default: text is folded, a set or dict is brought into one order, everything else stands for itself."""
    if isinstance(value, str) and not isinstance(value, Enum):
        text = folded(value)
        return Normal(text, text)
    if isinstance(value, list | tuple):
        items = [plain(item) for item in value]
        return Normal([item.key for item in items], [item.shown for item in items])
    if isinstance(value, set | frozenset):
        return _in_one_order(map(plain, value))
    if isinstance(value, dict):
        # Equal dicts may print in different orders, but users of one key share one prompt.
        parts = {name: plain(value[name]) for name in sorted(value, key=canonical)}
        return Normal({n: part.key for n, part in parts.items()}, {n: part.shown for n, part in parts.items()})
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
    """Map any typing of an enum's value or name, or of a literal, to the member itself.

    What is written exactly like a member is that member, even where another differs only in case.
    """
    meant = [(member.value if isinstance(member, Enum) else member, member) for member in members]
    named = [(member.name, member) for _, member in meant if isinstance(member, Enum)]
    texts = [(text, member) for text, member in (*meant, *named) if isinstance(text, str)]
    typed = {folded(text): member for text, member in reversed(texts)} | dict(reversed(texts))

    def normalise(value: Any) -> Normal:
        if isinstance(value, Enum):
            return Normal(value, value)
        if isinstance(value, str):
            member = typed.get(value, typed.get(folded(value)))
        else:
            member = next((m for known, m in meant if type(known) is type(value) and known == value), None)
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


def _number(name: str, value: Any) -> float:
    # Decimals too are compared as floats: edges are floats, and Decimal("0.1") < 0.1.
    try:
        number = float("nan") if isinstance(value, bool) else value if isinstance(value, int) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if number != number:
        raise UnkeyableError(f"feature {name!r}: not a number, so no bucket holds it")
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
        return Normal(kept, kept, blurs=not _are_one(kept, value))

    return normalise


def _are_one(kept: Any, value: Any) -> bool:
    try:
        return bool(plain(kept).key == plain(value).key)
    except Exception:
        return False  # arrays, and numbers that are none, cannot be compared


def itemwise(each: Normaliser) -> Normaliser:
    """Each item of a list or tuple through *each*; what is no list, itself."""

    def normalise(value: Any) -> Normal:
        if isinstance(value, set | frozenset):
            return _in_one_order(map(each, value))
        if not isinstance(value, list | tuple):
            return each(value)
        items = list(map(each, value))
        return Normal([n.key for n in items], [n.shown for n in items], any(n.blurs for n in items))

    return normalise


def unordered(each: Normaliser) -> Normaliser:
    """Items in any order, repeats ignored; each item through *each*."""

    def normalise(value: Any) -> Normal:
        if not isinstance(value, list | tuple | set | frozenset):
            return each(value)
        return _in_one_order(map(each, value))

    return normalise


def _in_one_order(normals: Iterable[Normal]) -> Normal:
    items = {canonical(normal.key): normal for normal in normals}
    ordered = [items[encoded] for encoded in sorted(items, key=lambda encoded: (_text(items[encoded].key), encoded))]
    return Normal([n.key for n in ordered], [n.shown for n in ordered], any(n.blurs for n in ordered))


def _text(key: Any) -> str:
    """What to sort by first: words stand in the order people expect."""
    return key if isinstance(key, str) else ""
