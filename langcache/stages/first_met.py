"""Mutable objects as this process first met them, by identity."""

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["Met", "as_first_met", "forget_half_described"]

_KEPT = 10_000
_UNDER_WAY = "itself"


class Met(NamedTuple):
    """A mutable object as it was when first met.

    Attributes:
        keeper: keeps its id from being used again; a weak reference that forgets, where there can be one.
        description: a digest, so that large data costs once.
        classes: what it names.
    """

    keeper: Any
    description: str
    classes: tuple[type, ...]

    def is_of(self, value: Any) -> bool:
        """Whether it is about *value*, and not about one whose id *value* has now: a forgetting can be lost."""
        return (self.keeper() if isinstance(self.keeper, weakref.ref) else self.keeper) is value


_met: OrderedDict[int, Met] = OrderedDict()

_lock = threading.RLock()


def as_first_met(value: Any, describe: Callable[[Any], tuple[str, tuple[type, ...]]]) -> Met:
    """What is known of *value*; at the first meeting what *describe* says, ``"itself"`` while it is saying it."""
    with _lock:
        known = _met.get(id(value))
        return known if known is not None and known.is_of(value) else _meet(value, describe)


def forget_half_described() -> None:
    """At the end of the stack even what should undo a step may fail."""
    with _lock:
        for number in [number for number, met in _met.items() if met.description == _UNDER_WAY]:
            del _met[number]


def _meet(value: Any, describe: Callable[[Any], tuple[str, tuple[type, ...]]]) -> Met:
    keeper, number = _keeper(value), id(value)
    try:
        _met[number] = Met(keeper, _UNDER_WAY, ())
        met = _met[number] = Met(keeper, *describe(value))
    except BaseException:
        _met.pop(number, None)
        raise
    if len(_met) > _KEPT:
        _met.popitem(last=False)
    return met


def _keeper(value: Any) -> Any:
    # Bound now: at the interpreter's end the module's names may be gone before the objects are.
    def forget(_: Any, number: int = id(value), pop: Any = _met.pop) -> None:
        pop(number, None)

    try:
        return weakref.ref(value, forget)
    except TypeError:
        return value
