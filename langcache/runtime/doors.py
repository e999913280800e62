"""The only arrows that point up: what `Cache` offers but a higher layer builds, found by name when first used.

They are late for two reasons: layers import downwards only, and a program that opens no such door must not pay for
importing what is behind it.
"""

from functools import lru_cache
from importlib import import_module
from typing import Any

__all__ = ["door"]

_DOORS = {
    "wrap": "langcache.langchain.wrap:wrap",
    "llm_cache": "langcache.langchain.llm_cache:LLMCache",
    "handler": "langcache.langchain.handler:CacheHandler",
    "explain": "langcache.langchain.explaining:explain",
    "aexplain": "langcache.langchain.explaining:aexplain",
    "fingerprint": "langcache.langchain.fingerprint:fingerprint",
    "watched": "langcache.langchain.watch:Watched",
    "messages": "langcache.langchain.messages.packing:Messages",
    "plain_message": "langcache.langchain.messages.plain:plain_message",
    "spending": "langcache.langchain.spending:spending",
    "price": "langcache.economics.prices:Prices",
    "recommend": "langcache.economics.recommendations:recommend",
}


@lru_cache(maxsize=len(_DOORS))
def door(name: str) -> Any:
    """What stands behind the door called *name*."""
    module, _, attribute = _DOORS[name].partition(":")
    return getattr(import_module(module), attribute)
