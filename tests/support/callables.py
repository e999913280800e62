"""Pairs of callables that do different things, and the digests of profiles that normalise with them."""

import functools
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator

from langcache import Feature, Profile


def scaled(by: float) -> Callable[[float], float]:
    def scale(value: float) -> float:
        return value * by

    return scale


def recursive(base: int) -> Callable[[int], int]:
    def count(value: int) -> int:
        return base if value < 1 else count(value - 1)

    return count


def decorated(by: float) -> Callable[[float], float]:
    inner = scaled(2)

    @functools.wraps(inner)
    def outer(value: float) -> float:
        return inner(value) + by

    return outer


class Rounder:
    """A callable with a setting."""

    def __init__(self, step: float) -> None:
        self.step = step

    def __call__(self, value: float) -> float:
        return round(value / self.step)

    def method(self, value: float) -> float:
        return value // self.step


class Sinker(Rounder):
    def __call__(self, value: float) -> float:
        return int(value / self.step)


CALLABLES: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "body": (lambda v: v + 1, lambda v: v - 1),
    "constant": (lambda v: v + 1, lambda v: v + 2),
    "complex constant": (lambda v: v + 1j, lambda v: v + 2j),
    "default": (lambda v, by=1: v, lambda v, by=2: v),
    "keyword default": (lambda v, *, by=1: v, lambda v, *, by=2: v),
    "closure": (scaled(1), scaled(2)),
    "set in a closure": (scaled({"a", "b"}), scaled({"a", "c"})),  # type: ignore[arg-type]
    "nested": (lambda v: [x + 1 for x in v], lambda v: [x + 2 for x in v]),
    "lambda in a lambda": (lambda v: lambda: v + 1, lambda v: lambda: v + 2),
    "partial": (functools.partial(round, ndigits=1), functools.partial(round, ndigits=2)),
    "partial of a closure": (functools.partial(scaled(1)), functools.partial(scaled(2))),
    "captured partial": (scaled(functools.partial(round, ndigits=1)), scaled(functools.partial(round, ndigits=2))),  # type: ignore[arg-type]
    "recursive": (recursive(1), recursive(2)),
    "decorated": (decorated(1), decorated(2)),
    "cached": (functools.lru_cache(scaled(1)), functools.lru_cache(scaled(2))),
    "callable object": (Rounder(0.5), Rounder(0.1)),
    "other class": (Rounder(0.5), Sinker(0.5)),
    "bound method": (Rounder(0.5).method, Rounder(0.1).method),
    "builtin": (str.lower, str.upper),
}


def _digest(field: Any) -> str:
    profile: Any = type("P", (Profile,), {"__annotations__": {"it": field}})
    return str(profile.declaration.digest)


def digests() -> dict[str, list[str]]:
    """Digests of every callable of `CALLABLES`, and of types whose text holds an address."""
    found = {
        name: [_digest(Annotated[Any, Feature(normalize=function)]) for function in pair]
        for name, pair in CALLABLES.items()
    }
    validated = list[Annotated[str, AfterValidator(str.strip), AfterValidator(lambda v: v)]]
    return {**found, "type": [_digest(Annotated[validated, Feature()])]}
