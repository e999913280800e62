"""Mutable objects, and attributes that code stores, as this process first met them; by identity."""

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["Met", "as_first_bound", "as_first_met", "forget_half_described"]

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
_bound: dict[int, tuple[Any, dict[str, Any]]] = {}

_lock = threading.RLock()


def as_first_met(value: Any, describe: Callable[[Any], tuple[str, tuple[type, ...]]]) -> Met:
    """What is known of *value*; at the first meeting what *describe* says, ``"itself"`` while it is saying it."""
    with _lock:
        known = _met.get(id(value))
        return known if known is not None and known.is_of(value) else _meet(value, describe)


def as_first_bound(owner: Any, name: str, describe: Callable[[], Any]) -> Any:
    """What *describe* said of the attribute *name* of a class or module when it was first asked for."""
    with _lock:
        keeper, known = _bound.get(id(owner), (None, {}))
        if keeper is None or keeper() is not owner:
            known = {}
            _bound[id(owner)] = _keeper(owner, _bound), known
        if name not in known:
            try:
                known[name] = _UNDER_WAY
                known[name] = describe()
            except BaseException:
                known.pop(name, None)
                raise
        return known[name]


def forget_half_described() -> None:
    """At the end of the stack even what should undo a step may fail."""
    with _lock:
        for number in [number for number, met in _met.items() if met.description == _UNDER_WAY]:
            del _met[number]
        for _, known in _bound.values():
            for name in [name for name, described in known.items() if described == _UNDER_WAY]:
                del known[name]


def _meet(value: Any, describe: Callable[[Any], tuple[str, tuple[type, ...]]]) -> Met:
    keeper, number = _keeper(value, _met), id(value)
    try:
        _met[number] = Met(keeper, _UNDER_WAY, ())
        met = _met[number] = Met(keeper, *describe(value))
    except BaseException:
        _met.pop(number, None)
        raise
    if len(_met) > _KEPT:
        _met.popitem(last=False)
    return met


def _keeper(value: Any, known: dict[int, Any]) -> Any:
    # Bound now: at the interpreter's end the module's names may be gone before the objects are.
    def forget(_: Any, number: int = id(value), pop: Any = known.pop) -> None:
        pop(number, None)

    try:
        return weakref.ref(value, forget)
    except TypeError:
        return value
