"""redis-py's cluster clients, made to look for a lost cluster once for a whole crowd.

Where a call fails, the client asks the nodes it knows, one after another, who has which slot now. All whose calls
failed meanwhile wait to do the same, each in turn: where no node answers, the last of a crowd waits as many times over
as there are calls. Here, who waited for a search that failed fails with it.
"""

import asyncio
import threading
from typing import Any, Final

from redis.asyncio.cluster import RedisCluster as AsyncRedisCluster
from redis.cluster import RedisCluster
from redis.exceptions import RedisClusterException

_FAILED: Final = "no node answered while this call waited to know who has which slot"


class ClusterClient(RedisCluster):
    """For threads."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._search: Any = self.nodes_manager.initialize
        self._searching, self._searches_failed = threading.RLock(), 0
        self.nodes_manager.initialize = self._search_once  # type: ignore[method-assign]

    def _search_once(self, *args: Any, **options: Any) -> None:
        failed_before = self._searches_failed
        with self._searching:
            if self._searches_failed != failed_before:
                raise RedisClusterException(_FAILED)
            try:
                self._search(*args, **options)
            except Exception:
                self._searches_failed += 1
                raise


class AsyncClusterClient(AsyncRedisCluster):
    """For an event loop."""

    def __init__(self, **options: Any) -> None:
        self._searching, self._searches_failed = asyncio.Lock(), 0
        super().__init__(**options)

    async def initialize(self, *args: Any, **options: Any) -> "AsyncClusterClient":
        """See redis-py; does nothing once the nodes are known."""
        if not self._initialize:
            return self
        failed_before = self._searches_failed
        async with self._searching:
            if self._searches_failed != failed_before:
                raise RedisClusterException(_FAILED)
            try:
                await super().initialize(*args, **options)
            except Exception:
                self._searches_failed += 1
                raise
        return self
