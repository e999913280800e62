"""Hypothesis profiles: ``dev`` by default, ``ci`` under CI, ``soak`` for ``make soak``."""

import os

import pytest
from hypothesis import HealthCheck, settings
from support.trust import one_authority

__all__ = ["one_authority"]

settings.register_profile("dev", max_examples=100, deadline=None)
settings.register_profile(
    "ci", max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("soak", max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What proves by numbers runs untraced, at half the time: tests of single cases cover the same lines."""
    for item in items:
        if item.get_closest_marker("soak"):
            item.add_marker("no_cover")
