"""The page on metrics runs, and is complete."""

import re
from pathlib import Path

from metrics.traffic import Traffic
from prometheus_client import CollectorRegistry

from langcache.core.events import Event
from langcache.metrics.prometheus import Collector
from langcache.metrics.spans import attributes

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")


def test_the_examples_run() -> None:
    """In order, as one program."""
    scope: dict[str, object] = {"__name__": "__main__"}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(block, scope)


def test_every_metric_is_on_the_page() -> None:
    """And none that is not there."""
    registry = CollectorRegistry()
    collector = Collector(Traffic().cache, registry)
    families = list(registry.collect())
    collector.close()
    found = {family.name + "_total" * (family.type == "counter") for family in families}
    assert set(re.findall(r"^\| `(langcache_\w+)` \|", PAGE, re.MULTILINE)) == found


def test_every_instrument_is_on_the_page() -> None:
    """By the names in the source."""
    source = (ROOT / "langcache/metrics/meters.py").read_text(encoding="utf-8")
    named = {
        name for name in re.findall(r'"(langcache\.[\w.]+)", ', source) if not name.endswith(("outcome", "reason"))
    }
    assert len(named) > 10
    assert {name for name in named if f"`{name}`" not in PAGE} == set()


def test_every_attribute_is_on_the_page() -> None:
    """Of a request of which everything is known."""
    full = Event(
        *("plan", "v1", "plan", ("tag",), "hit", "key", "reason", "model", 1, 2, 3, 4),
        age_s=1.0,
        session="s",
        stage="t",
    )
    assert {name for name in attributes(full) if f"`{name}`" not in PAGE} == set()
