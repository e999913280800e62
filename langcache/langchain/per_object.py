"""What is worked out of an object once, and kept as long as that object is among the last that were met."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

__all__ = ["PerObject"]

T = TypeVar("T")


class PerObject(Generic[T]):
    """Told apart by identity: models and tools cannot be hashed, and two that are equal may not do the same.

    Args:
        make: works it out; what it raises is not kept.
        kept: objects kept at most, each alive.
    """

    def __init__(self, make: Callable[[Any], T], *, kept: int) -> None:
        self._make, self._kept = make, kept
        self._found: OrderedDict[int, tuple[Any, T]] = OrderedDict()

    def __call__(self, thing: Any) -> T:
        """What *make* said of *thing* when it was first met."""
        known = self._found.get(id(thing))
        if known is not None and known[0] is thing:
            return known[1]
        made = self._make(thing)
        self._found[id(thing)] = (thing, made)
        if len(self._found) > self._kept:
            self._found.popitem(last=False)
        return made
