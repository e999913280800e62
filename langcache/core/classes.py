"""Pydantic models and dataclasses, taken apart into JSON data and put together again by their own validation."""

import dataclasses
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from langcache.core.encoding import canonical, digest, fields_of
from langcache.errors import UnstorableError

__all__ = ["Classes", "schema_digest"]


class Classes:
    """The classes an answer may be rebuilt as: those this process has met, or has loaded under their name."""

    def __init__(self, known: tuple[type, ...] = ()) -> None:
        self._known = {_name(cls): cls for cls in known}

    def meet(self, *classes: type) -> None:
        """Know *classes* too, under their names; the latest of a name counts."""
        self._known.update((_name(cls), cls) for cls in classes)

    def take_apart(self, value: Any, *, derived: bool = True) -> tuple[str, str, Any]:
        """Name, schema digest and JSON-able fields of *value*; fields that were never set are left to their defaults.

        Args:
            value: an instance of a pydantic model or dataclass.
            derived: also write down what the class works out of its other fields.

        Raises:
            UnstorableError: it does not survive the way there and back.
        """
        cls: Any = type(value)
        try:
            fields = _survivor(value)
        except Exception as error:
            raise UnstorableError(f"an answer of type {cls.__qualname__} is no data ({type(error).__name__})") from None
        if fields is None:
            raise UnstorableError(f"an answer of type {cls.__qualname__} changes when written down and read back")
        self._known[_name(cls)] = cls
        return _name(cls), schema_digest(cls), fields if derived else _underived(value, fields)

    def put_together(self, name: str, schema: str, fields: Any) -> Any:
        """Validate *fields* as the class called *name*.

        Raises:
            UnstorableError: this process has no such class, or one with another schema.
            ValueError: validation fails.
        """
        cls: Any = self._known.get(name) or _loaded(name)
        if cls is None or schema_digest(cls) != schema:
            raise UnstorableError(f"the stored answer is a {name}, which this process has not loaded in that form")
        try:
            return _validated(cls, fields)
        except ValueError:
            raise
        except Exception as error:  # a validator of the class's own may raise anything
            raise UnstorableError(f"a {name} cannot be rebuilt ({type(error).__name__})") from None


def _validated(cls: Any, fields: Any) -> Any:
    return _adapter(cls).validate_python(fields, by_name=True, by_alias=False)


def _survivor(value: Any) -> Any:
    """The fields that make *value* again: those that were set, else all; None if neither do. May raise anything."""
    with suppress(Exception):  # a default may be what tells the members of a union apart
        fields = _dumped(value, exclude_unset=True)
        if _survives(value, fields):
            return fields
    fields = _dumped(value, exclude_unset=False)
    back = _validated(type(value), fields)
    return fields if bool(back == value) and _is_alike(back, value) else None


def _dumped(value: Any, *, exclude_unset: bool) -> Any:
    cls: Any = type(value)
    return _adapter(cls).dump_python(
        value, mode="json", by_alias=False, round_trip=True, warnings="error", exclude_unset=exclude_unset
    )


def _survives(value: Any, fields: Any) -> bool:
    """Whether *fields* make *value* again, and set what was set in it."""
    back = _validated(type(value), fields)
    _take_over(back, value)
    return bool(back == value) and _is_alike(back, value, _set_fields_of)


def _take_over(back: Any, value: Any) -> None:
    """Of *value*, what a factory makes anew each time: an id is the answer's own, not part of it."""
    if _is_model(back) and type(back) is type(value):
        for name, info in type(back).model_fields.items():
            if info.default_factory is not None and name not in back.model_fields_set | value.model_fields_set:
                back.__dict__[name] = value.__dict__[name]
    for mine, its in _pairs(back, value):
        _take_over(mine, its)


def _pairs(one: Any, other: Any) -> Iterator[tuple[Any, Any]]:
    """What stands in the same place in both."""
    fields, others = fields_of(one) or one, fields_of(other) or other
    if isinstance(fields, dict) and isinstance(others, dict):
        yield from ((item, others[name]) for name, item in fields.items() if name in others)
    elif isinstance(fields, list | tuple) and isinstance(others, list | tuple):
        yield from zip(fields, others, strict=False)


def _underived(value: Any, fields: Any) -> Any:
    """*fields* without those that the class works out of the others, as a validator that fills what is missing does.

    Worked out of a placeholder or of somebody's details, they would be wrong for the next reader: the class works
    them out anew.
    """
    found = _without_derived(value, fields)
    with suppress(Exception):
        return found if _survives(value, found) else fields
    return fields


def _without_derived(value: Any, fields: Any) -> Any:
    held = fields_of(value)
    inside = value if held is None else held
    if isinstance(fields, list) and isinstance(inside, list | tuple) and len(fields) == len(inside):
        return [_without_derived(item, part) for item, part in zip(inside, fields, strict=True)]
    if not (isinstance(fields, dict) and isinstance(inside, dict)):
        return fields
    fields = {name: _without_derived(inside.get(name), part) for name, part in fields.items()}
    for name in _maybe_derived(type(value), fields) if held is not None else ():
        rest = {key: part for key, part in fields.items() if key != name}
        with suppress(Exception):
            fields = rest if _survives(value, rest) else fields
    return fields


def _maybe_derived(cls: Any, names: Iterable[str]) -> list[str]:
    """Those of *names* that are worth a try: to validate the whole for each field of a large answer takes seconds."""
    if _works_something_out(cls):
        return list(names)
    if not dataclasses.is_dataclass(cls):
        return []  # left out, it would be a default, and no longer count as set
    required = (dataclasses.MISSING, dataclasses.MISSING)
    optional = {field.name for field in dataclasses.fields(cls) if (field.default, field.default_factory) != required}
    return [name for name in names if name in optional]


@lru_cache(maxsize=512)
def _works_something_out(cls: Any) -> bool:
    """Whether code of the class's own sees all of its fields."""
    rules = getattr(cls, "__pydantic_decorators__", None)
    if rules is not None and (rules.model_validators or rules.root_validators):
        return True
    if dataclasses.is_dataclass(cls):
        return hasattr(cls, "__post_init__") or hasattr(cls, "__get_pydantic_core_schema__")
    return any(_code_of(cls, name) is not _code_of(BaseModel, name) for name in _OWN)


_OWN = ("__init__", "model_post_init", "__get_pydantic_core_schema__")
"""Where a pydantic model may see to its fields itself, besides its validators."""


def _code_of(cls: Any, name: str) -> Any:
    method = getattr(cls, name)
    return getattr(method, "__func__", method)


def _is_model(value: Any) -> bool:
    return hasattr(type(value), "model_fields")


def _set_fields_of(value: Any) -> dict[str, Any] | None:
    """`fields_of`, and which of them were set."""
    fields = fields_of(value)
    return {**fields, "": sorted(value.model_fields_set)} if fields is not None and _is_model(value) else fields


def _is_alike(one: Any, other: Any, of: Callable[[Any], dict[str, Any] | None] = fields_of) -> bool:
    """Whether two values are equal field by field: a class's own ``__eq__`` may leave some out."""
    fields, others = of(one), of(other)
    if fields is not None and others is not None:
        return type(one) is type(other) and _is_alike(fields, others, of)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_alike(one[name], other[name], of) for name in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        both = isinstance(one, list) == isinstance(other, list) and len(one) == len(other)
        return both and all(_is_alike(item, its, of) for item, its in zip(one, other, strict=True))
    return bool(one == other)


@lru_cache(maxsize=512)
def schema_digest(cls: Any) -> str:
    """Digest of a class's JSON schema (JSON Schema 2020-12, as pydantic writes it) and its name."""
    try:
        schema: Any = _adapter(cls).json_schema(by_alias=False)
    except Exception:
        # A class whose fields have no JSON schema still has names and annotations.
        schema = {key: str(kind) for key, kind in getattr(cls, "__annotations__", {}).items()}
    return digest(canonical([_name(cls), schema]))


@lru_cache(maxsize=512)
def _adapter(cls: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(cls)


def _name(cls: Any) -> str:
    return f"{cls.__module__}:{cls.__qualname__}"


def _loaded(name: str) -> type | None:
    """Look a class up among loaded modules; nothing is ever imported because stored bytes say so.

    Hence `vars`: a module's own ``__getattr__`` may import.
    """
    module_name, _, path = name.partition(":")
    found: Any = sys.modules.get(module_name)
    for part in path.split("."):
        found = vars(found).get(part) if hasattr(found, "__dict__") else None
    if not isinstance(found, type) or not (hasattr(found, "model_fields") or dataclasses.is_dataclass(found)):
        return None
    return found
