"""Pydantic models and dataclasses, taken apart into JSON data and put together again by their own validation."""

import dataclasses
import sys
from functools import lru_cache
from typing import Any

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

    def take_apart(self, value: Any) -> tuple[str, str, Any]:
        """Name, schema digest and JSON-able fields of *value*.

        Raises:
            UnstorableError: it does not survive the way there and back.
        """
        cls: Any = type(value)
        try:
            fields = _adapter(cls).dump_python(value, mode="json", by_alias=False, round_trip=True, warnings="error")
            back = self._validated(cls, fields)
            same = bool(back == value) and _is_alike(back, value)
        except Exception as error:
            raise UnstorableError(f"an answer of type {cls.__qualname__} is no data ({type(error).__name__})") from None
        if not same:
            raise UnstorableError(f"an answer of type {cls.__qualname__} changes when written down and read back")
        self._known[_name(cls)] = cls
        return _name(cls), schema_digest(cls), fields

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
            return self._validated(cls, fields)
        except ValueError:
            raise
        except Exception as error:  # a validator of the class's own may raise anything
            raise UnstorableError(f"a {name} cannot be rebuilt ({type(error).__name__})") from None

    @staticmethod
    def _validated(cls: Any, fields: Any) -> Any:
        return _adapter(cls).validate_python(fields, by_name=True, by_alias=False)


def _is_alike(one: Any, other: Any) -> bool:
    """Whether two values are equal field by field: a class's own ``__eq__`` may leave some out."""
    fields, others = fields_of(one), fields_of(other)
    if fields is not None and others is not None:
        return type(one) is type(other) and _is_alike(fields, others)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_alike(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        both = isinstance(one, list) == isinstance(other, list) and len(one) == len(other)
        return both and all(map(_is_alike, one, other))
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
