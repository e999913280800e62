"""What a stage's code is: its own, and all of the user's code and values it reaches.

Counted: bytecode and constants, defaults, captured and global values it names, the functions, classes and modules it
uses, and theirs in turn. Not counted: where code stands, comments, and libraries (known by their names).

A name bound to something immutable counts as it is now, so a prompt constant that is edited is seen. A mutable
object (list, dict, client, model) counts with the content it had when this process first met it: what changes in place
afterwards is a counter, a log or a connection far more often than a prompt. Code found only at run time
(``getattr``, plug-ins, other services) cannot be seen; ``version=`` stands for it.
"""

from collections.abc import Callable, Iterable
from functools import cached_property, partial, partialmethod
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, get_args, get_origin

from langcache.core.encoding import canonical, digest
from langcache.errors import UnkeyableError
from langcache.stages.bytecode import imports, mentioned, stored, written
from langcache.stages.first_met import as_first_bound, as_first_met, forget_half_described
from langcache.stages.importing import imported
from langcache.stages.libraries import home_of, is_library, is_library_class, is_of_user
from langcache.stages.objects import (
    as_builtin,
    code_behind,
    data_of,
    fields_of,
    found_in,
    is_code,
    members_of,
    state_of,
)

__all__ = ["Code", "describe_code"]

_IMMUTABLE = (str, int, float, bool, bytes, complex, type(None), type(...))
_ABSENT = object()


class Code:
    """The description of one stage's code.

    Attributes:
        description: plain values, to be encoded canonically.
        classes: pydantic models and dataclasses it names, which its outputs may be made of.
    """

    __slots__ = ("classes", "description")

    def __init__(self, description: Any, classes: tuple[type, ...]) -> None:
        self.description, self.classes = description, classes


def describe_code(function: Any) -> Code:
    """Describe *function*, or a class, and everything of the user's that it reaches.

    Raises:
        UnkeyableError: what it reaches has no bottom within reason.
    """
    walk = _Walk(home_of(function))
    try:
        return Code(walk.value(function), tuple(walk.classes))
    except RecursionError:
        forget_half_described()
        name = getattr(function, "__qualname__", repr(function))
        raise UnkeyableError(f"the code of {name} reaches values nested too deep to describe; give version=") from None


class _Sets:
    """What walks through the items of sets share.

    Attributes:
        under_way: ids of the sets being described.
        circles: how often one of these was met inside itself.
        told: items by id, each with its description, which holds wherever the item stands.
    """

    __slots__ = ("circles", "told", "under_way")

    def __init__(self) -> None:
        self.under_way: set[int] = set()
        self.circles = 0
        self.told: dict[int, tuple[Any, str]] = {}


class _Walk:
    """One walk; what is met again is referred to by number."""

    def __init__(self, home: str | None, sets: _Sets | None = None) -> None:
        self._home = home
        self._sets = sets or _Sets()
        self._seen: dict[int, int] = {}
        self._kept: list[Any] = []  # what is in `_seen` and `_told` must live as long as its id is used
        self._told: set[tuple[int, str]] = set()
        self._names: frozenset[str] = frozenset()  # what the function under way looks up, in modules too
        self._stored: set[str] = set()  # attributes that the functions met so far store
        self.classes: list[type] = []

    def value(self, value: Any) -> Any:
        if type(value) in _IMMUTABLE:
            return "..." if value is ... else repr(value) if type(value) is complex else value
        if isinstance(value, ModuleType):
            return self._module(value)
        if id(value) in self._seen:
            return ["again", self._seen[id(value)]]
        if type(value) in (tuple, frozenset):
            return self._items(value)
        self._note(value)
        if isinstance(value, type):
            return self._class(value)
        if callable(value) and (found := self._callable(value)) is not None:
            return found
        return self._first_met(value)

    def _first_met(self, value: Any) -> str:
        met = as_first_met(value, self._describe_object)
        self.classes.extend(met.classes)
        return met.description

    def _note(self, value: Any) -> None:
        self._seen[id(value)] = len(self._seen)
        self._kept.append(value)

    def _items(self, value: Any) -> Any:
        return [self.value(item) for item in value] if isinstance(value, tuple) else self._set(value)

    def _set(self, value: frozenset[Any]) -> Any:
        if id(value) in self._sets.under_way:
            self._sets.circles += 1
            return ["set", "itself"]
        self._sets.under_way.add(id(value))
        try:
            return ["set", self._unordered(value)]
        finally:
            self._sets.under_way.discard(id(value))

    def _unordered(self, items: Iterable[Any]) -> list[Any]:
        return sorted((self._alone(item) for item in items), key=repr)

    def _alone(self, item: Any) -> Any:
        """An item of a set in a walk of its own: each process has them in another order, and would number them so."""
        if type(item) in _IMMUTABLE:
            return self.value(item)
        if type(item) in (tuple, frozenset):
            return [self._alone(part) for part in item] if isinstance(item, tuple) else self._set(item)
        if id(item) not in self._sets.told:
            return self._told_alone(item)
        return self._sets.told[id(item)][1]

    def _told_alone(self, item: Any) -> str:
        circles, walk = self._sets.circles, _Walk(self._home, self._sets)
        found = walk.value(item)
        # A digest: written out, what sets of classes share would be as long as there are ways to it.
        described = found if isinstance(found, str) else digest(canonical(found))
        self.classes.extend(walk.classes)
        if circles == self._sets.circles:
            self._sets.told[id(item)] = item, described
        return described

    def _pairs(self, pairs: Iterable[tuple[Any, Any]]) -> list[Any]:
        return [[self.value(key), self.value(item)] for key, item in pairs]

    # Code.

    def _callable(self, value: Any) -> Any:
        if isinstance(value, partial):
            return ["partial", self._partial(value)]
        if isinstance(value, MethodType):
            return ["method", self.value(value.__func__), self.value(value.__self__)]
        if isinstance(value, FunctionType):
            return self._function(value)
        inner = getattr(value, "__wrapped__", None)
        if inner is not None:
            return self._wrapper(value, inner)
        if type(value).__module__ == "builtins" and hasattr(value, "__qualname__"):
            owner = getattr(value, "__self__", None)
            return ["builtin", str(value.__qualname__), None if isinstance(owner, ModuleType) else self.value(owner)]
        return None

    def _wrapper(self, value: Any, inner: Any) -> Any:
        """What decorates a function; a library's, such as `functools.cache`, is known by it."""
        if is_library_class(type(value), self._home):
            return self.value(inner)
        # Apart from the object: code counts as it is now, and what the object holds as it was when first met.
        return ["wrapper", self.value(inner), self.value(type(value)), self._first_met(value)]

    def _partial(self, value: Any) -> Any:
        outer, function = self._names, value.func
        described = self.value(function)
        if isinstance(function, FunctionType):
            self._names |= mentioned(function.__code__)
        given = [self.value(tuple(value.args)), self._pairs(value.keywords.items())]
        self._names = outer
        return [described, *given]

    def _function(self, function: FunctionType) -> Any:
        captured = [(name, _content(cell)) for name, cell in _cells(function)]
        if is_library(function.__module__, self._home):
            # What a library's decorator or factory was given: a function, a prompt, tools.
            given = [self.value(item) for _, item in captured]
            return ["library", function.__module__, function.__qualname__, given]
        self._stored |= stored(function.__code__)
        outer, self._names = self._names, mentioned(function.__code__)
        described = self._own_function(function, captured)
        self._names = outer
        return described

    def _own_function(self, function: FunctionType, captured: list[tuple[str, Any]]) -> Any:
        code, ours = function.__code__, written(function.__code__)
        # First, since importing a submodule puts its name among the globals of its package.
        modules = self._imported(function, code)
        return [
            self._code(code),
            self.value(function.__defaults__),
            self.value(tuple(sorted((function.__kwdefaults__ or {}).items()))),
            [self.value(item) for name, item in captured if name not in ours],
            [
                [name, self.value(function.__globals__[name])]
                for name in sorted(self._names & function.__globals__.keys() - ours)
            ],
            modules,
            self.value(vars(function)) if vars(function).keys() - {"__wrapped__"} else None,
        ]

    def _code(self, code: CodeType) -> Any:
        constants = [self._code(c) if isinstance(c, CodeType) else self.value(c) for c in code.co_consts]
        return [
            code.co_code, constants, list(code.co_names), list(code.co_varnames), list(code.co_freevars),
            code.co_flags, code.co_argcount, code.co_kwonlyargcount, code.co_exceptiontable,
        ]  # fmt: skip

    def _imported(self, function: FunctionType, code: CodeType) -> list[Any]:
        """What a function imports itself, as its own statement would find it."""
        found = [
            self.value(imported(statement, function.__globals__))
            for statement in imports(code)
            if statement.level or not is_library(statement.name, self._home)
        ]
        inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
        return found + [item for constant in inner for item in self._imported(function, constant)]

    def _module(self, module: ModuleType) -> Any:
        if is_library(module.__name__, self._home):
            return ["library", module.__name__]
        new = {name: vars(module).get(name, _ABSENT) for name in self._names if (id(module), name) not in self._told}
        new = {name: item for name, item in new.items() if item is not _ABSENT or name in self._stored}
        self._told.update((id(module), name) for name in new)
        self._kept.append(module)
        return self._attributes(module, new, self.value)

    def _class(self, cls: type) -> Any:
        if is_library_class(cls, self._home):
            return ["library", cls.__module__, cls.__qualname__]
        if hasattr(cls, "model_fields") or hasattr(cls, "__dataclass_fields__"):
            self.classes.append(cls)
        members = dict(members_of(cls))
        self._stored.update(*(stored(item.__code__) for item in map(_function_in, members.values()) if item))
        return [
            cls.__qualname__,
            self.value(type(cls)),
            [self.value(base) for base in cls.__bases__],
            self._pairs(vars(cls).get("__annotations__", {}).items()),
            self._attributes(cls, dict.fromkeys(self._stored, _ABSENT) | members, self._member),
            self._pairs(fields_of(cls)),
        ]

    def _attributes(self, owner: Any, items: dict[str, Any], describe: Callable[[Any], Any]) -> list[Any]:
        """What a class or module holds, in order; what code stores there as it was, or was missing, when first met."""

        def described(name: str, item: Any) -> Any:
            if name not in self._stored or is_code(item):
                return describe(item)
            return as_first_bound(owner, name, lambda: item if item is _ABSENT else self._alone(item))

        found = [[name, described(name, item)] for name, item in sorted(items.items(), key=lambda pair: pair[0])]
        return [pair for pair in found if pair[1] is not _ABSENT]

    def _member(self, item: Any) -> Any:
        if isinstance(item, staticmethod | classmethod):
            return self.value(item.__func__)
        if isinstance(item, property):
            return [self.value(part) for part in (item.fget, item.fset)]
        if isinstance(item, cached_property):
            return self.value(item.func)
        return self._partial(item) if isinstance(item, partialmethod) else self.value(item)

    # Objects.

    def _describe_object(self, value: Any) -> tuple[str, tuple[type, ...]]:
        # A walk of its own: what an object is must not depend on which stage met it first.
        walk = _Walk(self._home)
        walk._note(value)
        description = digest(canonical(walk._object(value)))
        return description, tuple(walk.classes)

    def _object(self, value: Any) -> Any:
        if (behind := code_behind(value)) is not None:
            self.classes.extend(behind.classes)
            return ["runnable", behind.parts, [self.value(item) for item in behind.code]]
        if (origin := get_origin(value)) is not None:
            return ["alias", self.value(origin), [self.value(item) for item in get_args(value)]]
        kind = type(value)
        if is_library_class(kind, self._home):
            return ["library", kind.__module__, kind.__qualname__, self._library_object(value)]
        return [
            self.value(kind),
            self._held(value),
            self.value(as_builtin(value)),
            self._pairs(state_of(value).items()),
        ]

    def _library_object(self, value: Any) -> Any:
        """A library's object is known by what it holds or says, if it is data; else by the user's code in it."""
        for told in (self._held(value), data_of(value)):
            if told is not None:
                return told
        return [self.value(item) for item in state_of(value).values() if is_of_user(item, self._home)]

    def _held(self, value: Any) -> list[Any] | None:
        held = found_in(value)
        if held is None or isinstance(value, set):
            return None if held is None else self._unordered(held)
        return [self.value(item) for item in held]


def _function_in(member: Any) -> FunctionType | None:
    function = getattr(member, "__func__", member)
    return function if isinstance(function, FunctionType) else None


def _cells(function: FunctionType) -> Iterable[tuple[str, Any]]:
    return zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet filled: a function that refers to itself
        return None
