"""The store: reachable, writable, fast, and on the same time."""

from collections.abc import Iterator
from glob import escape
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from uuid import uuid4

from langcache.cli.doctor.finding import Finding, failed, ok, warning
from langcache.cli.formats import seconds
from langcache.runtime.breaker import SLOW_S
from langcache.runtime.cache import Cache
from langcache.runtime.inspection import is_encrypted
from langcache.storage.base import Record, Store
from langcache.storage.wrapper import innermost

__all__ = ["check_store"]

PROBE_NAMESPACE = "langcache doctor"
PROBES = 20
SKEW_S = 1.0
"""Entries live for hours at least; a clock this far off is a broken one, not a slow network."""

CONNECT = "check --url, LANGCACHE_URL or [tool.langcache], that the server runs, and its password"


def check_store(cache: Cache) -> Iterator[Finding]:
    """A record written, read and removed, its speed, the server's clock, and whether entries can be read."""
    probe = Record(b"probe", cache.clock.now())
    key = uuid4().hex
    try:
        cache.store.get(PROBE_NAMESPACE, key, now=probe.created_at)
    except Exception as error:
        yield failed("store reachable", str(error) or type(error).__name__, _connecting(cache.store))
        return
    yield ok("store reachable", type(cache.store).__name__)
    yield _writable(cache.store, key, probe)
    yield _latency(cache.store, key, probe.created_at)
    yield _clock(cache)
    yield _readable(cache)
    yield from _set_aside(cache.store)


def _connecting(store: Store) -> str:
    return CONNECT if hasattr(innermost(store), "topology") else "use another path, or mend what the message names"


def _writable(store: Store, key: str, probe: Record) -> Finding:
    now = probe.created_at
    try:
        store.put(PROBE_NAMESPACE, key, probe, now=now)
        back = store.get(PROBE_NAMESPACE, key, now=now)
        store.delete(PROBE_NAMESPACE, [key])
    except Exception as error:
        return failed("store writable", str(error) or type(error).__name__, "give it room, and the right to write")
    if back is None or back.value != probe.value:
        return failed("store writable", "what was written did not come back", "raise its memory or size bound")
    return ok("store writable", "a record was written, read and removed")


def _latency(store: Store, key: str, now: float) -> Finding:
    took_s = []
    for _ in range(PROBES):
        started = perf_counter()
        store.get(PROBE_NAMESPACE, key, now=now)
        took_s.append(perf_counter() - started)
    said = f"a look-up takes {seconds(median(took_s))} (median of {PROBES})"
    if median(took_s) < SLOW_S:
        return ok("latency", said)
    limit = f"chains stop waiting for a store slower than {seconds(SLOW_S)}"
    return warning("latency", f"{said}; {limit}", "move it nearer, or put tiered+ in front of its URL")


def _clock(cache: Cache) -> Finding:
    client = _redis_client(cache.store)
    if client is None:
        return ok("clock", "the store has no clock of its own")
    try:
        before = cache.clock.now()
        whole, micro = _server_time(client)
        skew_s = whole + micro / 1e6 - (before + cache.clock.now()) / 2
    except Exception as error:
        return warning("clock", f"its time cannot be asked: {type(error).__name__}", "allow the command TIME")
    finally:
        client.close()
    said = f"the server's clock is {abs(skew_s):.3f} s {'ahead of' if skew_s > 0 else 'behind'} this machine's"
    if abs(skew_s) < SKEW_S:
        return ok("clock", said)
    return failed("clock", f"{said}: entries expire too early or too late", "synchronise both clocks (NTP, chrony)")


def _redis_client(store: Any) -> Any:
    """A client of the Redis behind *store*, if it is one."""
    behind: Any = innermost(store)  # one that speaks to a server has a topology
    return behind.topology.connect(behind.settings) if hasattr(behind, "topology") else None


def _server_time(client: Any) -> tuple[int, int]:
    answer = client.time()
    if isinstance(answer, dict):  # of a cluster, by node
        answer = next(iter(answer.values()))
    return int(answer[0]), int(answer[1])


def _readable(cache: Cache) -> Finding:
    if is_encrypted(cache):
        what = "entries are encrypted, and their key was not given"
        return warning("encryption", what, "set LANGCACHE_ENCRYPTION_KEYS to the app's keys")
    return ok("encryption", "entries can be read")


def _set_aside(store: Store) -> Iterator[Finding]:
    """Files that were malformed when they were opened; what they held is no longer served."""
    path: Path | None = getattr(innermost(store), "path", None)
    if path is None:
        return
    torn = sorted(found.name for found in path.parent.glob(f"{escape(path.name)}.corrupt-*[0-9]"))
    if torn:
        what = f"{', '.join(torn)}: malformed, and its entries and account are lost"
        yield warning("set aside", what, f"look after the disk; then delete it in {path.parent}")
    else:
        yield ok("set aside", "the file was never malformed")
