"""Several processes behind one scrape, as prometheus_client's multiprocess mode has it."""

import os
import subprocess
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

CHILD = """
from decimal import Decimal
from langcache import Cache
from langcache.core.events import Event
from langcache.metrics.prometheus import Collector

with Cache("memory://") as cache:
    Collector(cache)
    for _ in range(10):
        cache.ledger.record(Event("plan", outcome="hit", model="m", saved_usd=Decimal("0.5"), latency_s=0.002))
"""


def test_processes_add_up(tmp_path: Path) -> None:
    """Counts, money and histograms."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", CHILD], env=environment, check=True, timeout=120)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(tmp_path))
    assert registry.get_sample_value("langcache_requests_total", {"chain": "plan", "outcome": "hit"}) == 20
    assert registry.get_sample_value("langcache_saved_usd_total", {"chain": "plan", "model": "m"}) == 10.0
    assert registry.get_sample_value("langcache_hit_latency_seconds_count", {"chain": "plan"}) == 20
    assert registry.get_sample_value("langcache_hit_latency_seconds_bucket", {"chain": "plan", "le": "0.0025"}) == 20
