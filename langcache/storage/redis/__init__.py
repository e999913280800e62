"""The Redis store: one server, a watched master, or a cluster."""

from langcache.storage.redis.store import RedisStore
from langcache.storage.redis.urls import open_cluster, open_redis, open_sentinel, open_unix

__all__ = ["RedisStore", "open_cluster", "open_redis", "open_sentinel", "open_unix"]
