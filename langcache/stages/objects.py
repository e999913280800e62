"""What there is to see in an object or class whose code is described; without running any of it."""

import sys
from collections import deque
from collections.abc import Iterator, Mapping, Set as AbstractSet
from dataclasses import is_dataclass
from enum import Enum
from string import Template
from types import FunctionType, MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple

from langcache.errors import UnkeyableError
from langcache.runtime.doors import door
from langcache.stages.digests import digest_of_value
from langcache.stages.libraries import is_of_user

__all__ = [
    "Behind",
    "as_builtin",
    "code_behind",
    "data_of",
    "fields_of",
    "found_in",
    "is_code",
    "members_of",
    "state_of",
]

_BUILTINS: tuple[Any, ...] = (bytes, int, float, tuple, frozenset)
_KEPT_DUNDERS = ("__doc__", "__slots__")
_TOLD_BY_REPR = frozenset({"re", "fractions", "operator", "ipaddress", "zoneinfo"})
"""Modules whose objects' ``repr`` tells them whole, the same in every process."""

_FIELD_PARTS = (
    *("annotation", "default", "default_factory", "alias", "validation_alias", "title", "description", "examples"),
    *("json_schema_extra", "metadata"),
)
_FUNCTIONS = ("func", "afunc", "coroutine", "_transform", "_atransform")
"""Where LangChain keeps the functions that runnables and tools are made of."""


class Behind(NamedTuple):
    """What is behind a LangChain runnable.

    Attributes:
        parts: its fingerprint.
        code: functions and classes it runs, whose helpers a fingerprint does not follow.
        classes: output schemas.
    """

    parts: list[Any]
    code: list[Any]
    classes: list[type]

    @classmethod
    def of(cls, found: Any) -> "Behind":
        """From a fingerprint."""
        code: list[Any] = []
        for item in found.objects:
            state = state_of(item)
            code += [state[name] for name in _FUNCTIONS if callable(state.get(name))]
            code += [made for made in (item, type(item)) if is_of_user(made, None)]
        return cls([found.prompts, found.parts], code, found.classes)


def code_behind(value: Any) -> Behind | None:
    """What *value* is made of, if it is a Runnable; without importing LangChain to ask."""
    core = sys.modules.get("langchain_core.runnables")
    if core is None or not isinstance(value, core.Runnable):
        return None
    return Behind.of(door("fingerprint")(value))


def found_in(value: Any) -> list[Any] | None:
    """What a built-in container holds, keys before their values; None if it is none."""
    if isinstance(value, SimpleNamespace | Template):
        value = vars(value)
    if isinstance(value, dict | MappingProxyType):
        return [part for pair in list(value.items()) for part in pair]
    if isinstance(value, bytearray):
        return [bytes(value)]
    return list(value) if isinstance(value, list | set | deque) else None


def as_builtin(value: Any) -> Any:
    """An instance of a subclass of a built-in type, as that type; None if it is none."""
    if isinstance(value, str):
        return str.__str__(value)
    return next((kind(value) for kind in _BUILTINS if isinstance(value, kind)), None)


def data_of(value: Any) -> Any:
    """What a library's object says, if it is data: a message, document, date, pattern, range …; else None."""
    if isinstance(value, range | slice) or type(value).__module__ in _TOLD_BY_REPR:
        return repr(value)
    if isinstance(value, Mapping | AbstractSet):
        return None  # those that are no plain containers, such as the environment
    try:
        return digest_of_value(value)
    except UnkeyableError:
        return None


def state_of(value: Any) -> dict[str, Any]:
    """What *value* holds in slots and attributes."""
    slots = [name for cls in type(value).__mro__ for name in _slots_of(cls)]
    state = {name: getattr(value, name) for name in slots if name != "__dict__" and hasattr(value, name)}
    return {**state, **getattr(value, "__dict__", {})}


def _slots_of(cls: type) -> list[str]:
    """The names of the class's own slots as Python keeps them; a private one has the class's name in front."""
    given = vars(cls).get("__slots__", ())
    names = [given] if isinstance(given, str) else list(given)
    private = [name.startswith("__") and not name.endswith("__") for name in names]
    own = cls.__name__.lstrip("_")
    return [f"_{own}{name}" if hidden and own else name for name, hidden in zip(names, private, strict=True)]


def members_of(cls: type) -> Iterator[tuple[str, Any]]:
    """What the class statement of *cls* holds, without what Python and pydantic add to it."""
    is_enum = issubclass(cls, Enum)
    for name, item in vars(cls).items():
        if name == "__doc__" and _is_made_docstring(cls, item):
            continue
        is_own = name in _KEPT_DUNDERS or not name.startswith("__")
        if is_code(item) or (is_own and not is_enum):
            yield name, item


def is_code(item: Any) -> bool:
    """Whether a member of a class is a function or made of some."""
    return isinstance(item, FunctionType | staticmethod | classmethod | property)


def _is_made_docstring(cls: type, doc: Any) -> bool:
    """Whether *doc* is what `dataclass` writes: the defaults' reprs, which hold addresses, and sets in any order."""
    return "__dataclass_fields__" in vars(cls) and isinstance(doc, str) and doc.startswith(f"{cls.__name__}(")


def fields_of(cls: Any) -> Iterator[tuple[str, Any]]:
    """The members of an enum; the fields and private attributes of a pydantic model, with all they say."""
    if issubclass(cls, Enum):
        yield from ((name, member.value) for name, member in cls.__members__.items())
    for name, info in getattr(cls, "model_fields", {}).items():
        yield name, (*(getattr(info, part) for part in _FIELD_PARTS), *_rest_of(info))
    for name, info in getattr(cls, "__private_attributes__", {}).items():
        yield name, (info.default, info.default_factory)


def _rest_of(info: Any) -> Iterator[tuple[str, Any]]:
    """What few fields say; of the others nothing, not even None, since keys hold what came before."""
    if info.serialization_alias != info.alias:
        yield "serialization_alias", info.serialization_alias
    if info.exclude:
        yield "exclude", info.exclude
    for item in info.metadata:
        # Patterns and the like, in objects of pydantic's own, which are no data.
        if type(item).__module__.startswith("pydantic.") and not is_dataclass(item) and hasattr(item, "__dict__"):
            yield "metadata", tuple(vars(item).items())
