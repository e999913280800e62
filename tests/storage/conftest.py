"""Redis servers the storage tests share."""

from support.servers import redis_cluster, redis_sentinel, redis_server

__all__ = ["redis_cluster", "redis_sentinel", "redis_server"]
