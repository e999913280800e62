"""Two prompts under one version: whoever calls them so is told, since one is then answered with the other's answers."""

import logging
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from langcache.core.encoding import canonical, digest
from langcache.errors import UnkeyableError
from langcache.runtime.cache import Cache

__all__ = ["report_prompt_clash"]

logger = logging.getLogger("langcache")

KEPT = 1_000
"""Chains remembered per cache; an app that makes a chain per request has no end of them."""

_prompts: WeakKeyDictionary[Any, dict[tuple[str, bytes], str | None]] = WeakKeyDictionary()
"""By ledger, which the twins of `Cache.namespaced` share: a namespace and the beginning of keys to the prompt that was
met with it, or None once told."""


def report_prompt_clash(cache: Cache, prefix: bytes, name: str, version: str, prompts: Sequence[Any]) -> None:
    """Warn, once, if keys that begin with *prefix* were met with other *prompts* in this process.

    Args:
        cache: whose entries they share.
        prefix: all that is in a key of the chain besides its inputs: name, version, model, profile.
        name, version: as declared, for the message.
        prompts: as the chain's fingerprint describes them.
    """
    try:
        found = digest(canonical(list(prompts)))
    except UnkeyableError:
        return
    known = _prompts.setdefault(cache.ledger, {})
    if len(known) >= KEPT:
        known.clear()
    place = (cache.namespace, prefix)
    met = known.setdefault(place, found)
    if met not in (None, found):
        known[place] = None
        logger.warning(
            "langcache: two different prompts are chain %r, prompt_version %r: one is answered with the other's "
            "answers: give each prompt its own prompt_version, or each chain its own name",
            *(name, version),
        )
