"""langcache: answer every user of the same kind with one LLM call.

The public names, each loaded when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langcache.core.marks import Feature, Ignore, Slot
    from langcache.core.profile import Profile
    from langcache.errors import LangcacheError
    from langcache.langchain.install import install, uninstall
    from langcache.langchain.middleware import CacheMiddleware
    from langcache.langchain.policy import ChainPolicy
    from langcache.runtime.cache import Cache
    from langcache.runtime.retry import RetryPolicy

__all__ = [
    "Cache",
    "CacheMiddleware",
    "ChainPolicy",
    "Feature",
    "Ignore",
    "LangcacheError",
    "Profile",
    "RetryPolicy",
    "Slot",
    "install",
    "uninstall",
]

_HOMES = {
    "Cache": "runtime.cache",
    "CacheMiddleware": "langchain.middleware",
    "ChainPolicy": "langchain.policy",
    "Feature": "core.marks",
    "Ignore": "core.marks",
    "LangcacheError": "errors",
    "Profile": "core.profile",
    "RetryPolicy": "runtime.retry",
    "Slot": "core.marks",
    "install": "langchain.install",
    "uninstall": "langchain.install",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
