"""What a stage's code is: its own, and all of the user's code and values it reaches.

Counted: bytecode and constants, defaults, captured and global values it names, the functions and classes it calls, and
theirs in turn. Not counted: where code stands, what it is called, comments, and libraries (known by their names).

A name bound to something immutable counts as it is now, so a prompt constant that is edited is seen. A mutable
object (list, dict, client, model) counts with the content it had when this process first met it: what changes in place
afterwards is a counter, a log or a connection far more often than a prompt. Code found only at run time
(``getattr``, plug-ins, other services) cannot be seen; ``version=`` stands for it.
"""

import dis
import sys
import sysconfig
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from langcache.core.encoding import canonical, digest
from langcache.errors import UnkeyableError
from langcache.runtime.doors import door

__all__ = ["Code", "describe_code"]

_IMMUTABLE = (str, int, float, bool, bytes, complex, type(None), type(...))
_MUTABLE = (list, dict, set, bytearray)
_WRITES = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL", "STORE_DEREF", "DELETE_DEREF"})
_OURS = "langcache"
_KEPT = 10_000
_UNDER_WAY = "itself"


class _Met(NamedTuple):
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


_first_met: OrderedDict[int, _Met] = OrderedDict()

_lock = threading.RLock()


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
    """Describe *function* and everything of the user's that it reaches.

    Raises:
        UnkeyableError: what it reaches has no bottom within reason.
    """
    walk = _Walk(_package(getattr(function, "__module__", None)))
    try:
        return Code(walk.value(function), tuple(walk.classes))
    except RecursionError:
        _forget_half_described()
        name = getattr(function, "__qualname__", repr(function))
        raise UnkeyableError(f"the code of {name} reaches values nested too deep to describe; give version=") from None


class _Walk:
    """One walk; what is met again is referred to by number."""

    def __init__(self, package: str | None) -> None:
        self._package = package
        self._seen: dict[int, int] = {}
        self._kept: list[Any] = []  # what is in `_seen` must live as long as its id is used
        self.classes: list[type] = []

    def value(self, value: Any, names: frozenset[str] = frozenset()) -> Any:
        if type(value) in _IMMUTABLE:
            return "..." if value is ... else repr(value) if type(value) is complex else value
        if id(value) in self._seen:
            return ["again", self._seen[id(value)]]
        if type(value) in (tuple, frozenset):
            return self._items(value)
        self._seen[id(value)] = len(self._seen)
        self._kept.append(value)
        if isinstance(value, ModuleType):
            return self._module(value, names)
        if isinstance(value, type):
            return self._class(value)
        if callable(value) and (found := self._callable(value)) is not None:
            return found
        return self._as_first_met(value)

    def _items(self, value: Any) -> Any:
        items = [self.value(item) for item in value]
        return items if isinstance(value, tuple) else ["set", sorted(items, key=repr)]

    def _callable(self, value: Any) -> Any:
        if isinstance(value, partial):
            return [
                "partial",
                self.value(value.func),
                self.value(value.args),
                self.value(tuple(value.keywords.items())),
            ]
        if isinstance(value, MethodType):
            return ["method", self.value(value.__func__), self.value(value.__self__)]
        if isinstance(value, FunctionType):
            return self._function(value)
        inner = getattr(value, "__wrapped__", None)
        if inner is not None and not isinstance(value, type):
            return self.value(inner)
        if type(value).__module__ == "builtins":
            return ["builtin", str(getattr(value, "__module__", "")), str(getattr(value, "__qualname__", ""))]
        return None

    def _function(self, function: FunctionType) -> Any:
        if self._is_library(function.__module__):
            return ["library", function.__module__, function.__qualname__]
        code = function.__code__
        written, mentioned = _written(code), _mentioned(code)
        cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
        return [
            self._code(code),
            self.value(function.__defaults__),
            self.value(tuple(sorted((function.__kwdefaults__ or {}).items()))),
            [self.value(_content(cell), mentioned) for name, cell in cells if name not in written],
            [
                [name, self.value(function.__globals__[name], mentioned)]
                for name in sorted(mentioned & function.__globals__.keys() - written)
            ],
        ]

    def _code(self, code: CodeType) -> Any:
        constants = [self._code(c) if isinstance(c, CodeType) else self.value(c) for c in code.co_consts]
        return [
            code.co_code, constants, list(code.co_names), list(code.co_varnames), list(code.co_freevars),
            code.co_flags, code.co_argcount, code.co_kwonlyargcount, code.co_exceptiontable,
        ]  # fmt: skip

    def _module(self, module: ModuleType, names: frozenset[str]) -> Any:
        if self._is_library(module.__name__):
            return ["library", module.__name__]
        return [[name, self.value(vars(module)[name], names)] for name in sorted(names & vars(module).keys())]

    def _class(self, cls: type) -> Any:
        if self._is_library(cls.__module__):
            return ["library", cls.__module__, cls.__qualname__]
        if hasattr(cls, "model_fields") or hasattr(cls, "__dataclass_fields__"):
            self.classes.append(cls)
        bases = [self.value(base) for base in cls.__bases__]
        return [cls.__qualname__, bases, [[name, self._member(item)] for name, item in sorted(_members(cls))]]

    def _member(self, item: Any) -> Any:
        if isinstance(item, staticmethod | classmethod):
            return self.value(item.__func__)
        if isinstance(item, property):
            return [self.value(part) for part in (item.fget, item.fset)]
        if isinstance(item, FunctionType) or type(item) in (*_IMMUTABLE, tuple):
            return self.value(item)
        return type(item).__qualname__

    def _as_first_met(self, value: Any) -> Any:
        with _lock:
            known = _first_met.get(id(value))
            if known is None or not known.is_of(value):
                known = self._meet(value)
            self.classes.extend(known.classes)
            return known.description

    def _meet(self, value: Any) -> "_Met":
        keeper, number = _keeper(value), id(value)
        try:
            _first_met[number] = _Met(keeper, _UNDER_WAY, ())
            # A walk of its own: what an object is must not depend on which stage met it first.
            walk = _Walk(self._package)
            walk._seen[number] = 0
            description = digest(canonical(walk._object(value)))
        except BaseException:
            _first_met.pop(number, None)
            raise
        met = _first_met[number] = _Met(keeper, description, tuple(walk.classes))
        if len(_first_met) > _KEPT:
            _first_met.popitem(last=False)
        return met

    def _object(self, value: Any) -> Any:
        if isinstance(value, _MUTABLE):
            return [type(value).__qualname__, self._content_of(value)]
        fingerprinted = _fingerprint(value)
        if fingerprinted is not None:
            return fingerprinted
        kind = type(value)
        if self._is_library(kind.__module__):
            return ["library", kind.__module__, kind.__qualname__, _text_of(value)]
        return [self.value(kind), [[str(name), self.value(item)] for name, item in _state(value).items()]]

    def _content_of(self, value: Any) -> Any:
        if isinstance(value, dict):
            return [[self.value(key), self.value(item)] for key, item in list(value.items())]
        if isinstance(value, set):
            return sorted((self.value(item) for item in list(value)), key=repr)
        return bytes(value) if isinstance(value, bytearray) else [self.value(item) for item in list(value)]

    def _is_library(self, module: str | None) -> bool:
        return module is not None and _package(module) != self._package and _installed(module)


def _forget_half_described() -> None:
    """At the end of the stack even what should undo a step may fail."""
    with _lock:
        for number in [number for number, met in _first_met.items() if met.description == _UNDER_WAY]:
            del _first_met[number]


def _keeper(value: Any) -> Any:
    # Bound now: at the interpreter's end the module's names may be gone before the objects are.
    def forget(_: Any, number: int = id(value), pop: Any = _first_met.pop) -> None:
        pop(number, None)

    try:
        return weakref.ref(value, forget)
    except TypeError:
        return value


def _state(value: Any) -> dict[str, Any]:
    slots = [name for cls in type(value).__mro__ for name in getattr(cls, "__slots__", ())]
    state = {name: getattr(value, name) for name in slots if name != "__dict__" and hasattr(value, name)}
    return {**state, **getattr(value, "__dict__", {})}


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet filled: a function that refers to itself
        return None


def _members(cls: type) -> Iterator[tuple[str, Any]]:
    kept = ("__init__", "__call__", "__post_init__", "__doc__")
    for name, item in vars(cls).items():
        if name in kept or not name.startswith("__"):
            yield name, item


@lru_cache(maxsize=4096)
def _mentioned(code: CodeType) -> frozenset[str]:
    """Every name *code*, or code inside it, may look up."""
    inner = [_mentioned(c) for c in code.co_consts if isinstance(c, CodeType)]
    return frozenset(code.co_names).union(*inner)


@lru_cache(maxsize=4096)
def _written(code: CodeType) -> frozenset[str]:
    """Names *code* rebinds outside itself: its own counters, not its configuration."""
    inner = [_written(c) for c in code.co_consts if isinstance(c, CodeType)]
    own = {step.argval for step in dis.get_instructions(code) if step.opname in _WRITES}
    return frozenset(own).union(*inner)


def _package(module: str | None) -> str | None:
    return None if module is None else module.partition(".")[0]


@lru_cache(maxsize=4096)
def _installed(module: str) -> bool:
    """Whether *module* comes with Python or a distribution, so that it is fixed by its name."""
    package = _package(module)
    if package == "__main__":
        return False
    loaded = sys.modules.get(module) or sys.modules.get(str(package))
    if loaded is None:
        return False
    path = getattr(loaded, "__file__", None) or ""
    return package == _OURS or not path or path.startswith(_library_folders())


@lru_cache(maxsize=1)
def _library_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple({paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")})


def _fingerprint(value: Any) -> Any:
    """What a LangChain object is, if it is one; without importing LangChain to ask."""
    core = sys.modules.get("langchain_core.runnables")
    if core is None or not isinstance(value, core.Runnable):
        return None
    found = door("fingerprint")(value)
    return ["runnable", found.prompts, found.parts]


def _text_of(value: Any) -> Any:
    """A library's value objects (Decimal, date, Path, re.Pattern, Enum) are known by their text."""
    kind = type(value)
    if kind.__module__ in _VALUE_MODULES and not isinstance(value, Mapping):
        return repr(value)
    return None


_VALUE_MODULES = frozenset({"decimal", "datetime", "pathlib", "re", "uuid", "fractions", "enum", "string"})
