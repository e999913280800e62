"""What users hand to a `Cache`, checked: a mistake is told where it is made, with the fix."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal, TypedDict

from langcache.core.naming import check_name
from langcache.core.profile import Profile
from langcache.errors import DeclarationError

__all__ = ["Seconds", "Wrapping", "partition", "profile_values", "seconds"]

Seconds = timedelta | float


class Wrapping(TypedDict, total=False):
    """What `Cache.wrap` may be told of a chain."""

    profile: type[Profile] | None
    name: str | None
    prompt_version: str | None
    mode: Literal["mask", "abstract"]
    generation_type: str | None
    tags: str | Sequence[str]
    directives: str | Iterable[str] | None
    instruction: str | Literal[False] | None
    volatile: str | Iterable[str]
    fallbacks: Literal["apart", "together"]


def seconds(name: str, value: Seconds) -> float:
    """*value* in seconds, or a `DeclarationError` that calls it *name*: it must be above zero."""
    try:
        found = value.total_seconds() if isinstance(value, timedelta) else float(value)
    except (TypeError, ValueError):
        found = 0.0
    if not found > 0:
        raise DeclarationError(f"{name} is a time longer than zero, as timedelta or seconds, not {value!r}")
    return found


def partition(namespace: Any) -> str:
    """*namespace*, or a `DeclarationError` if no store could write it down."""
    if not isinstance(namespace, str):
        raise DeclarationError(f"a namespace is a text, not {namespace!r}")
    check_name("the namespace", namespace)
    return namespace


def profile_values(values: Mapping[str, Any] | Profile) -> Mapping[str, Any]:
    """A user's values by name, or a `DeclarationError` if they have none."""
    if isinstance(values, Profile):
        return {name: getattr(values, name) for name in type(values).model_fields}
    if not isinstance(values, Mapping):
        raise DeclarationError(
            f"user() takes profile values by name, such as {{'name': …}}, not a {type(values).__name__}"
        )
    return dict(values)
