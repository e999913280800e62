"""Entries as chains store them, put straight into a store."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from langcache import Cache
from langcache.core.entry import Entry, labels_of
from langcache.storage.base import Record
from langcache.storage.codec import seal

__all__ = ["DAY_S", "put_entry"]

DAY_S = 86_400.0


def put_entry(
    cache: Cache,
    key: str,
    *,
    body: Any = "an answer",
    chain: str = "task_planner",
    prompt_version: str = "v3",
    generation_type: str | None = "full_llm",
    tags: Sequence[str] = (),
    features: dict[str, Any] | None = None,
    age_s: float = 0.0,
    lifetime_s: float = 30 * DAY_S,
) -> None:
    """Store one answer under *key*, made *age_s* ago."""
    made = cache.clock.now() - age_s
    parts = {f"feature {name}": value for name, value in (features or {}).items()}
    about = {"chain": chain, "prompt_version": prompt_version, "parts": parts}
    entry = Entry(body, made, made + lifetime_s, "gpt-4.1-mini", 900, 420, Decimal("0.0021"), about)
    labels = labels_of(chain, prompt_version, generation_type, tuple(tags))
    record = Record(seal(key, entry.to_bytes()), made, made + lifetime_s + DAY_S, labels)
    cache.store.put(cache.namespace, key, record, now=cache.clock.now())
