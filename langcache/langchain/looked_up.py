"""Whether something of a user went into what a retriever or a tool was asked."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from langcache.errors import Refused
from langcache.templating import Lexicon, Personal

__all__ = ["fed_into"]


def fed_into(text: str, slots: Sequence[Personal], *, as_given: bool) -> str | None:
    """The slot of which something may have gone into a lookup's *text*: for others it would find something else.

    In doubt it has: everyday words and numbers count, and what only resembles a value.

    Args:
        text: what was looked up.
        slots: whose values may not be.
        as_given: it is an undeclared input as it came, which is in the key: only a whole value is one by chance.
    """
    for slot in slots:
        if any(_holds(text, value) and not (as_given and text != value) for value in _written(slot.value)):
            return slot.name
    if not slots or as_given:
        return None
    try:
        Lexicon(slots).guard((text,))
    except Refused as refused:
        return refused.slot if refused.reason == "leak" else None
    return None


def _written(value: Any) -> Iterable[str]:
    """A slot's value as a query would hold it, item by item."""
    texts = (str(item).strip() for item in (value if isinstance(value, list | tuple) else [value]))
    return filter(None, texts)


def _holds(text: str, value: str) -> bool:
    """Whether a value stands in a text, with whatever around it; but a number in no longer number, and two or three
    letters in no longer word."""
    apart = r"[^\W\d_]" if len(value) < 4 and value.isascii() else r"(?!)"
    before, after = (r"\d" if value[at].isdigit() else apart for at in (0, -1))
    return re.search(f"(?<!{before}){re.escape(value)}(?!{after})", text, re.IGNORECASE) is not None
