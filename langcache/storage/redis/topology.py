"""The servers behind a URL: one, the master Sentinels name, or a cluster; and redis-py's clients for them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Settings:
    """How connections are made.

    Args:
        timeout_s: for connecting, and for each answer, in seconds.
        credentials: ``username`` and ``password``, as far as given.
        tls: redis-py's ``ssl...`` parameters; empty: no TLS.
        db: number of the database.
        protocol: version of RESP; 2 unless something newer is used, since connecting takes fewer round trips.
    """

    timeout_s: float
    credentials: Mapping[str, Any] = field(default_factory=dict)
    tls: Mapping[str, Any] = field(default_factory=dict)
    db: int = 0
    protocol: int = 2

    def newer(self) -> "Settings":
        """The same with RESP3, in which a server speaks up by itself."""
        return replace(self, protocol=3)

    def patient(self, longer_s: float) -> "Settings":
        """The same for commands that the server answers up to *longer_s* later."""
        return replace(self, timeout_s=self.timeout_s + longer_s)

    def common(self) -> dict[str, Any]:
        """What every client of redis-py takes."""
        return {
            "socket_timeout": self.timeout_s,
            "socket_connect_timeout": self.timeout_s,
            "protocol": self.protocol,
            **self.credentials,
            **self.tls,
        }


class Topology(ABC):
    """Where the servers are; makes clients for them."""

    @abstractmethod
    def connect(self, settings: Settings) -> Any:
        """A synchronous client for all threads."""

    @abstractmethod
    def aconnect(self, settings: Settings) -> Any:
        """An asynchronous client for the running event loop."""

    def close(self, client: Any) -> None:
        """Close a client of :meth:`connect`."""
        client.close()

    async def aclose(self, client: Any) -> None:
        """Close a client of :meth:`aconnect`."""
        await client.aclose()

    @property
    def is_one(self) -> bool:
        """Whether one server at a time has all keys: it can be asked straight, and hears of every change."""
        return True


@dataclass(frozen=True, slots=True)
class Single(Topology):
    """One server.

    Args:
        place: redis-py's ``host`` and ``port``, or ``unix_socket_path``.
    """

    place: Mapping[str, Any]

    def connect(self, settings: Settings) -> Any:
        """See :meth:`Topology.connect`."""
        from redis import Redis

        return Redis(**self.place, **_plain(settings), retry=_once())

    def aconnect(self, settings: Settings) -> Any:
        """See :meth:`Topology.aconnect`."""
        from redis.asyncio import Redis

        return Redis(**self.place, **_aplain(settings), retry=_aonce())


@dataclass(frozen=True, slots=True)
class Watched(Topology):
    """The master that Sentinels name, whichever that is at the time.

    Args:
        sentinels: their addresses; they are asked without credentials, as is usual.
        service: the master's name with them.
    """

    sentinels: Sequence[Address]
    service: str

    def connect(self, settings: Settings) -> Any:
        """See :meth:`Topology.connect`."""
        from redis import sentinel

        make: Any = sentinel.Sentinel
        manager = make(list(self.sentinels), sentinel_kwargs=_asked(settings, _once()))
        return manager.master_for(self.service, **_plain(settings), retry=_once())

    def aconnect(self, settings: Settings) -> Any:
        """See :meth:`Topology.aconnect`."""
        from redis.asyncio import sentinel

        make: Any = sentinel.Sentinel
        manager = make(list(self.sentinels), sentinel_kwargs=_asked(settings, _aonce()))
        return manager.master_for(self.service, **_aplain(settings), retry=_aonce())

    def close(self, client: Any) -> None:
        """See :meth:`Topology.close`; the connections to the Sentinels go too."""
        client.close()
        for sentinel in client.connection_pool.sentinel_manager.sentinels:
            sentinel.close()

    async def aclose(self, client: Any) -> None:
        """See :meth:`Topology.aclose`; the connections to the Sentinels go too."""
        await client.aclose()
        for sentinel in client.connection_pool.sentinel_manager.sentinels:
            await sentinel.aclose()


@dataclass(frozen=True, slots=True)
class Cluster(Topology):
    """A Redis Cluster.

    Args:
        nodes: addresses of some of its nodes.
    """

    nodes: Sequence[Address]

    def connect(self, settings: Settings) -> Any:
        """See :meth:`Topology.connect`; asks a node for the others at once."""
        from redis.cluster import ClusterNode

        from langcache.storage.redis.cluster_clients import ClusterClient

        node: Any = ClusterNode
        nodes = [node(host, port) for host, port in self.nodes]
        return ClusterClient(startup_nodes=nodes, **settings.common(), retry=_once(), require_full_coverage=False)

    def aconnect(self, settings: Settings) -> Any:
        """See :meth:`Topology.aconnect`."""
        from redis.asyncio.cluster import ClusterNode

        from langcache.storage.redis.cluster_clients import AsyncClusterClient

        nodes = [ClusterNode(host, port) for host, port in self.nodes]
        return AsyncClusterClient(
            startup_nodes=nodes,
            **settings.common(),
            retry=_aonce(),
            require_full_coverage=False,
            # After so many redirections it would close all connections, also those that others are using.
            reinitialize_steps=0,
        )

    async def aclose(self, client: Any) -> None:
        """See :meth:`Topology.aclose`; also where it did not get to know all nodes, which redis-py takes for closed."""
        await client.aclose()
        for nodes in ("nodes_cache", "startup_nodes"):
            await client.nodes_manager.aclose(nodes)

    @property
    def is_one(self) -> bool:
        """No: nodes come and go, and each has keys of its own."""
        return False


def _plain(settings: Settings) -> dict[str, Any]:
    # The store itself bounds its calls; redis-py's own bound is an error, not a queue.
    return {**settings.common(), "db": settings.db, "max_connections": 2**62}


def _aplain(settings: Settings) -> dict[str, Any]:
    # The wire has one timeout for all of a command; redis-py's own would cost a task each.
    return {**_plain(settings), "socket_timeout": None}


def _asked(settings: Settings, retry: Any) -> dict[str, Any]:
    times = {"socket_timeout": settings.timeout_s, "socket_connect_timeout": settings.timeout_s}
    return {**times, **settings.tls, "retry": retry}


def _once() -> Any:
    """One more try where a connection broke, as idle ones do when a server restarts; none after a timeout."""
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as Broken
    from redis.retry import Retry

    return Retry(NoBackoff(), 1, supported_errors=(Broken,))


def _aonce() -> Any:
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as Broken

    return Retry(NoBackoff(), 1, supported_errors=(Broken,))
