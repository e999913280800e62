"""The servers that tests share: on a machine that stalls, nobody takes over from one that is only late."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from langcache.testing.redis_server import RedisServer, running_cluster, running_sentinel, wait_until

STALL_S = 3


@contextmanager
def stalled(server: RedisServer) -> Iterator[None]:
    os.kill(server.pid, signal.SIGSTOP)
    try:
        time.sleep(STALL_S)
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


def test_a_late_master_stays_the_master():
    with running_sentinel() as (sentinel, master, _):
        with stalled(master):
            told = sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "service")
        assert int(told[1]) == master.port


def test_a_hasty_sentinel_has_the_replica_take_over():
    with running_sentinel(patience_s=0.5) as (sentinel, master, replica), stalled(master):
        address = "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "service"
        wait_until(lambda: int(sentinel.ask(*address)[1]) == replica.port, "the replica to take over")


def test_a_late_node_does_not_take_the_cluster_down():
    with running_cluster() as nodes, stalled(nodes[0]):
        assert b"cluster_state:ok" in nodes[1].ask("CLUSTER", "INFO")
