"""What of a message programs read: a text filled in would name another tool, or nothing at all."""

from collections.abc import Callable
from typing import Any

from langcache.errors import Refused, UnstorableError

__all__ = ["STRUCTURAL", "Leaf", "structural"]

STRUCTURAL = frozenset({"type", "id", "index", "status", "name", "mime_type", "source_type"})
"""Keys of content blocks whose texts are not the answer's: programs read them, so they are stored without gaps."""

Leaf = Callable[[Any], Any]
"""Packs or unpacks whatever a message holds, see `langcache.core.packing.Foreign`."""


def structural(leaf: Leaf, *, paid: bool) -> Leaf:
    """*leaf* for values that programs read.

    Args:
        leaf: packs any value.
        paid: whether the answer was just paid for. It is filled all the same: it is what the chain says of this very
            user.
    """

    def packed(value: Any) -> Any:
        if value is not None and not isinstance(value, str | int | float):
            raise UnstorableError(f"a message with a {type(value).__qualname__} in its structure cannot be stored")
        data = leaf(value)
        if not paid and isinstance(value, str) and not isinstance(data, str):
            raise Refused("detail in a name or id")
        return data

    return packed
