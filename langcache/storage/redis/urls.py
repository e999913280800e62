"""From a URL to a Redis store. Names and passwords may be percent-encoded."""

from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, unquote

from langcache.errors import StoreURLError
from langcache.storage.redis.store import MAX_CONNECTIONS, PREFIX, TIMEOUT_S, RedisStore
from langcache.storage.redis.topology import Address, Cluster, Settings, Single, Topology, Watched

_PORT = 6379
_SENTINEL_PORT = 26379


def _opener(place: Callable[[SplitResult], tuple[Topology, int]]) -> Callable[..., RedisStore]:
    def open_store(
        url: SplitResult,
        *,
        timeout_s: float = TIMEOUT_S,
        max_connections: int = MAX_CONNECTIONS,
        prefix: str = PREFIX,
        ssl_ca_certs: str = "",
        ssl_certfile: str = "",
        ssl_keyfile: str = "",
    ) -> RedisStore:
        if set("{}") & set(prefix):
            raise StoreURLError("a Redis prefix holds no braces; write prefix=myapp:")
        topology, db = place(url)
        files = {"ssl_ca_certs": ssl_ca_certs, "ssl_certfile": ssl_certfile, "ssl_keyfile": ssl_keyfile}
        given = {name: path for name, path in files.items() if path}
        if given and not url.scheme.startswith("rediss"):
            raise StoreURLError(f"{next(iter(given))} is for TLS; write rediss://")
        tls: dict[str, Any] = {"ssl": True, **given} if url.scheme.startswith("rediss") else {}
        settings = Settings(timeout_s, _credentials(url), tls, db)
        return RedisStore(topology, settings, prefix=prefix, max_connections=max_connections)

    return open_store


def _single(url: SplitResult) -> tuple[Topology, int]:
    ((host, port),) = _addresses(url, _PORT, "redis://localhost:6379/0", most=1)
    return Single({"host": host, "port": port}), _database(url.path.strip("/"))


def _socket(url: SplitResult) -> tuple[Topology, int]:
    if url.netloc.rpartition("@")[2] or not url.path.strip("/"):
        raise StoreURLError("a unix socket is an absolute path; write unix:///run/redis.sock")
    return Single({"unix_socket_path": unquote(url.path)}), 0


def _cluster(url: SplitResult) -> tuple[Topology, int]:
    if url.path.strip("/"):
        raise StoreURLError("a Redis Cluster has one database and no path; write redis+cluster://node1:6379,node2:6379")
    return Cluster(_addresses(url, _PORT, "redis+cluster://node1:6379,node2:6379")), 0


def _sentinel(url: SplitResult) -> tuple[Topology, int]:
    example = "redis+sentinel://node1:26379,node2:26379/mymaster"
    service, _, db = url.path.strip("/").partition("/")
    if not service:
        raise StoreURLError(f"Sentinels know masters by name; write {example}")
    return Watched(_addresses(url, _SENTINEL_PORT, example), unquote(service)), _database(db)


def _addresses(url: SplitResult, port: int, example: str, most: int | None = None) -> list[Address]:
    hosts = url.netloc.rpartition("@")[2].split(",")
    try:
        found = [_address(host, port) for host in hosts]
    except ValueError as error:
        raise StoreURLError(f"{url.scheme}:// names no port there; write {example}") from error
    if most is not None and len(found) > most:
        raise StoreURLError("many nodes are redis+cluster://node1:6379,node2:6379 or redis+sentinel://…/mymaster")
    return found


def _address(text: str, port: int) -> Address:
    parts = SplitResult("", text, "", "", "")
    return parts.hostname or "localhost", port if parts.port is None else parts.port


def _database(text: str) -> int:
    if text and not text.isdecimal():
        raise StoreURLError("a Redis database is a number; write redis://localhost:6379/0")
    return int(text or 0)


def _credentials(url: SplitResult) -> dict[str, str]:
    user, _, password = url.netloc.rpartition("@")[0].partition(":")
    given = {"username": unquote(user), "password": unquote(password)}
    return {name: word for name, word in given.items() if word}


open_redis = _opener(_single)
open_unix = _opener(_socket)
open_cluster = _opener(_cluster)
open_sentinel = _opener(_sentinel)
