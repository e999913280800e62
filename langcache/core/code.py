"""What a callable does, as plain values: an edited body, default, captured constant or setting changes them.

Bytecode differs between Python versions, so an upgrade costs misses, never a wrong hit.
"""

from enum import Enum
from functools import partial
from operator import itemgetter
from types import CodeType
from typing import Any

from langcache.core.changing import changed_names, method_codes

__all__ = ["describe_callable"]

_PLAIN = (str, int, float, complex, bool, bytes, type(None), type(...))


def describe_callable(function: Any, *, captured: bool = True) -> Any:
    """Name, bytecode, constants, defaults, captured and owned plain values of *function*; equal in every process.

    What is neither plain nor a callable, such as a client a function closes over, counts by its type alone; what the
    function itself changes, such as a log it appends to, does not count.

    Args:
        function: a function, method, partial or callable object.
        captured: whether what its closure and its owner hold now is part of what it does.
    """
    return _Describer(captured).callable(function)


class _Describer:
    """Describes one callable, and what it captures once: among helpers that call each other paths are a factorial."""

    def __init__(self, captured: bool) -> None:
        self._captured = captured
        self._inside: list[Any] = []
        self._met: dict[int, tuple[int, Any]] = {}  # numbers, and what must live as long as its id is used

    def callable(self, function: Any) -> Any:
        if id(function) in self._met:
            return ["again", self._met[id(function)][0]]
        self._met[id(function)] = len(self._met), function
        if isinstance(function, partial):
            return ["partial", self.callable(function.func), self.plain([function.args, function.keywords])]
        return self._function(function)

    def _function(self, function: Any) -> Any:
        wrapped = getattr(function, "__wrapped__", None)
        if wrapped is not None and not hasattr(function, "__code__"):
            return self.callable(wrapped)  # functools.lru_cache and the like; a plain wrapper captures what it wraps
        inner = getattr(function, "__func__", function)
        name = f"{getattr(inner, '__module__', '')}:{getattr(inner, '__qualname__', type(inner).__qualname__)}"
        code = getattr(inner, "__code__", None)
        if isinstance(code, CodeType):
            defaults = self.plain([inner.__defaults__, inner.__kwdefaults__])
            owner = getattr(function, "__self__", None)
            return [name, self._code(code), defaults, self._cells(inner), self._state(owner, inner.__name__)]
        call = type(inner).__call__
        return [name, self.callable(call), self._state(inner, "__call__")] if hasattr(call, "__code__") else [name]

    def _cells(self, function: Any) -> list[Any]:
        if not self._captured or not function.__closure__:
            return []
        changed = changed_names(function.__code__)
        cells = zip(function.__code__.co_freevars, function.__closure__, strict=True)
        return [None if name in changed else self.plain(_content(cell)) for name, cell in cells]

    def _state(self, owner: Any, method: str) -> Any:
        """The settings of an object whose method is called; a class has none of its own."""
        held = getattr(owner, "__dict__", None)
        if isinstance(owner, type) or not self._captured or held is None:
            return None
        changed = {name for code in method_codes(type(owner), [method]) for name in changed_names(code)}
        return self.plain({name: value for name, value in held.items() if name not in changed})

    def _code(self, code: CodeType) -> list[Any]:
        constants = [self._code(c) if isinstance(c, CodeType) else self.plain(c) for c in code.co_consts]
        return [code.co_code, constants, list(code.co_names), list(code.co_varnames)]

    def plain(self, value: Any) -> Any:
        if isinstance(value, _PLAIN):
            return repr(value) if isinstance(value, complex | type(...)) else value
        if isinstance(value, Enum):
            return f"{type(value).__qualname__}.{value.name}"
        if callable(value) and (isinstance(value, partial) or hasattr(value, "__code__") or _unwraps(value)):
            return self.callable(value)
        if isinstance(value, list | tuple | set | frozenset | dict):
            return self._container(value)
        return f"{type(value).__module__}:{type(value).__qualname__}"

    def _container(self, value: Any) -> Any:
        if any(outer is value for outer in self._inside):
            return "itself"
        self._inside.append(value)
        try:
            if isinstance(value, dict):
                named = sorted(((repr(self.plain(key)), item) for key, item in value.items()), key=itemgetter(0))
                return [[name, self.plain(item)] for name, item in named]
            if isinstance(value, set | frozenset):
                return sorted(map(self._alone, value), key=repr)
            return [self.plain(item) for item in value]
        finally:
            self._inside.pop()

    def _alone(self, item: Any) -> Any:
        """An item of a set: each process has them in another order, and would number functions so."""
        before = self._met
        self._met = dict(before)
        try:
            return self.plain(item)
        finally:
            self._met = before


def _unwraps(value: Any) -> bool:
    return getattr(value, "__wrapped__", None) is not None and not isinstance(value, type)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet filled
        return None
