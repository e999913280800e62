"""The runnables a function uses without being given them: closed over, global, or held by the object it belongs to.

Each is a part of the chain, so its parameters are in the key; and each is met through a name that may be bound to
another one tomorrow, which is noticed by asking that name again.
"""

import dis
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import CodeType, ModuleType
from typing import Any

from langchain_core.prompts.message import BaseMessagePromptTemplate
from langchain_core.runnables import Runnable

__all__ = ["Binding", "Captured", "captured", "words_of"]

DEEPEST = 4
"""Steps from a function to a runnable that are followed: ``service.chains["plan"].model`` is three."""

LIBRARIES = ("langchain", "langgraph", "langcache", "builtins", "functools", "operator", "pydantic")

Binding = tuple[Callable[[], Any], Any]
"""How to look a name up, and what it named."""


@dataclass(slots=True)
class Captured:
    """What `captured` found: runnables in the order met, the names they were met through, and what the functions say.

    Attributes:
        words: those of the code of every function met, see `words_of`.
    """

    runnables: list[Any] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    words: set[str] = field(default_factory=set)


def captured(function: Any) -> Captured:
    """Everything *function* runs that is a runnable or prompt, found from its bytecode and what it holds."""
    search = _Search()
    search.function(function, 0)
    return search.found


class _Search:
    """One search; nothing is looked into twice."""

    def __init__(self) -> None:
        self.found = Captured()
        self._seen: set[int] = set()

    def function(self, function: Any, depth: int) -> None:
        if isinstance(function, partial):
            self.value(function.func, depth)
            self.value([function.args, function.keywords], depth)
            return
        inner = getattr(function, "__func__", function)
        if not isinstance(getattr(inner, "__code__", None), CodeType):
            wrapped = getattr(function, "__wrapped__", None)
            self.value(wrapped, depth) if wrapped is not None else self._held(function, depth)
            return
        self.found.words |= words_of(inner.__code__)
        for cell in inner.__closure__ or ():
            self._bound(partial(_content, cell), depth)
        for name in _globals_named(inner.__code__):
            if name in inner.__globals__:
                self._bound(partial(inner.__globals__.get, name), depth)
        self.value([inner.__defaults__, inner.__kwdefaults__], depth)
        self._held(getattr(function, "__self__", None), depth)

    def _bound(self, look_up: Callable[[], Any], depth: int) -> None:
        value = look_up()
        before = len(self.found.runnables)
        self.value(value, depth + 1)
        if len(self.found.runnables) > before:
            self.found.bindings.append((look_up, value))

    def _held(self, owner: Any, depth: int) -> None:
        """What an object of the user's own holds."""
        held = getattr(owner, "__dict__", None)
        if isinstance(held, dict) and not isinstance(owner, type | ModuleType | Runnable):
            for name in list(held):
                self._bound(partial(held.get, name), depth)

    def value(self, value: Any, depth: int) -> None:
        if depth > DEEPEST or isinstance(value, _PLAIN) or id(value) in self._seen:
            return
        self._seen.add(id(value))
        if isinstance(value, Runnable | BaseMessagePromptTemplate):
            self.found.runnables.append(value)
        elif isinstance(value, Mapping):
            for name in list(value):
                self._bound(partial(value.get, name), depth)
        elif isinstance(value, list | tuple | set | frozenset):
            for item in list(value):
                self.value(item, depth)
        elif not isinstance(value, type | ModuleType) and not _is_of_library(value):
            self.function(value, depth)


_PLAIN = (str, bytes, int, float, complex, type(None))


def _is_of_library(value: Any) -> bool:
    home = getattr(value, "__module__", None) if callable(value) else type(value).__module__
    return str(home).partition(".")[0].startswith(LIBRARIES)


def _globals_named(code: CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield str(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals_named(constant)


def words_of(code: CodeType) -> set[str]:
    """The names in *code* and in the functions inside it, and the texts there, in quotes."""
    found = {*code.co_varnames, *code.co_names}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= words_of(constant)
        elif isinstance(constant, str):
            found.add(repr(constant))
    return found


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet filled
        return None
