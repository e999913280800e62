"""A bounded tier of this process's memory in front of any store."""

from langcache.storage.tiered.opening import tiered
from langcache.storage.tiered.store import TieredStore

__all__ = ["TieredStore", "tiered"]
