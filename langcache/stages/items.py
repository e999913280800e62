"""What a family fans out over: the items of a list, each with a name of its own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from langcache.errors import DeclarationError
from langcache.stages.digests import digest_of_value

__all__ = ["Item", "items_of"]

_SIMPLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
DIGITS = 16


@dataclass(frozen=True, slots=True)
class Item:
    """One item.

    Attributes:
        id: from ``item["id"]``, ``item.id``, the item itself if it is a short word or number, else its digest.
        value: the item.
        digest: of the value; part of the instance's key.
    """

    id: str
    value: Any
    digest: str


def items_of(source: str, output: Any) -> list[Item]:
    """The items of *output*, which the stage called *source* gave.

    Raises:
        DeclarationError: it is no list, or two items have one id.
        UnkeyableError: an item is no data.
    """
    if not isinstance(output, list | tuple):
        raise DeclarationError(f"for_each={source!r} needs a list, and that stage gave a {type(output).__name__}")
    found: dict[str, Item] = {}
    for value in output:
        item = _item(value)
        if item.id in found:
            raise DeclarationError(f"two items of {source!r} are called {item.id!r}; give each its own id")
        found[item.id] = item
    return list(found.values())


def _item(value: Any) -> Item:
    whole = digest_of_value(value)
    own = value.get("id") if isinstance(value, Mapping) else getattr(value, "id", None)
    own = value if own is None and isinstance(value, str | int) else own
    word = str(own) if isinstance(own, str | int) and not isinstance(own, bool) else ""
    if own is not None and not isinstance(value, str | int) and not _SIMPLE.fullmatch(word):
        raise DeclarationError(f"an item's id is a number or a word of letters, digits, '_', '.', '-', not {own!r}")
    return Item(word if _SIMPLE.fullmatch(word) else whole[:DIGITS], value, whole)
