"""A missing extra is named with the command that installs it."""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from langcache import Cache
from langcache.errors import DeclarationError
from langcache.metrics.opentelemetry import instrument
from langcache.metrics.prometheus import Collector


@pytest.mark.parametrize(
    ("library", "watch", "extra"),
    [("prometheus_client", Collector, "prometheus"), ("opentelemetry", instrument, "opentelemetry")],
)
def test_a_missing_library_is_named(
    library: str, watch: Callable[[Cache], Any], extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it is asked for, not when langcache is imported."""
    for name in [library, *(name for name in sys.modules if name.startswith(f"{library}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    with Cache("memory://") as cache, pytest.raises(DeclarationError, match=rf"langcache-middleware\[{extra}\]"):
        watch(cache)
