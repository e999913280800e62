"""Stores that processes share."""

from support.servers import make_url, redis_cluster, redis_server

__all__ = ["make_url", "redis_cluster", "redis_server"]
