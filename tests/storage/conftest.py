"""Redis servers the storage tests share."""

from support.servers import make_url, redis_cluster, redis_sentinel, redis_server

__all__ = ["make_url", "redis_cluster", "redis_sentinel", "redis_server"]
