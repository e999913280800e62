"""Door 2 for a whole app: LangChain's global cache and the callbacks it needs, set and taken away together."""

import threading
from collections.abc import Sequence
from typing import Any

from langcache.errors import DeclarationError
from langcache.langchain.llm_cache import LLMCache
from langcache.langchain.policy import ChainPolicy
from langcache.runtime.cache import Cache

__all__ = ["install", "uninstall"]

_lock = threading.Lock()
_installed: list[tuple[LLMCache, Any]] = []
"""Ours, and the global cache it replaced; at most one."""


def install(cache: Cache, policies: Sequence[ChainPolicy] = ()) -> None:
    """Cache every model call of this process; installing again replaces the policies.

    Args:
        cache: where answers are kept.
        policies: for the chains that are answered for every user of one kind; other calls are cached exactly.

    Raises:
        DeclarationError: *policies* holds something else, or two for one chain.
    """
    from langchain_core.globals import set_llm_cache

    _check(policies)
    with _lock:
        previous = _remove()
        ours = LLMCache(cache, policies)
        _installed.append((ours, previous))
        set_llm_cache(ours)


def uninstall() -> None:
    """Undo `install`: the global cache that was there before is back, and no callback is left. Twice is fine."""
    from langchain_core.globals import get_llm_cache, set_llm_cache

    with _lock:
        current = get_llm_cache()
        ours = _installed[0][0] if _installed else None
        previous = _remove()
        if ours is not None and current is ours:
            set_llm_cache(previous)


def _remove() -> Any:
    """Retire what is installed; the cache to go back to."""
    from langchain_core.globals import get_llm_cache

    if not _installed:
        return get_llm_cache()
    ours, previous = _installed.pop()
    ours.retire()
    current = get_llm_cache()
    return previous if current is ours else current


def _check(policies: Sequence[ChainPolicy]) -> None:
    if isinstance(policies, ChainPolicy):
        raise DeclarationError("policies are a list: install(cache, policies=[ChainPolicy(...)])")
    names = [policy.name if isinstance(policy, ChainPolicy) else None for policy in policies]
    if None in names:
        raise DeclarationError("policies are langcache.ChainPolicy(...) objects")
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise DeclarationError(f"two policies for the chain {sorted(map(str, twice))[0]!r}: one of them is never used")
