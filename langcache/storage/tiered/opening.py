"""From an opener of one store to an opener of that store with a tier in front."""

import inspect
from collections.abc import Callable
from typing import Any, get_type_hints
from urllib.parse import SplitResult

from langcache.storage.base import Store
from langcache.storage.tiered.store import MAX_AGE_S, MEMORY_BYTES, TieredStore


def tiered(opener: Callable[..., Store]) -> Callable[..., Store]:
    """An opener of what *opener* opens, with a tier in front; it takes the options of both."""

    def open_tiered(
        url: SplitResult, *, memory_bytes: int = MEMORY_BYTES, max_age_s: float = MAX_AGE_S, **options: Any
    ) -> TieredStore:
        inner = opener(url._replace(scheme=url.scheme.partition("+")[2]), **options)
        return TieredStore(inner, memory_bytes=memory_bytes, max_age_s=max_age_s)

    # The registry reads an opener's options off its signature.
    own, behind = inspect.signature(open_tiered), inspect.signature(opener)
    named = [parameter for name, parameter in own.parameters.items() if name != "options"]
    parameters = [*named, *list(behind.parameters.values())[1:]]
    open_tiered.__annotations__ = {**get_type_hints(opener), **get_type_hints(open_tiered)}
    open_tiered.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    return open_tiered
