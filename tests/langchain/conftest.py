"""Stores that processes share; and marks that LangChain's own suites use, known here without their plugins."""

import pytest
from support.servers import make_url, redis_cluster, redis_server

__all__ = ["make_url", "redis_cluster", "redis_server"]


def pytest_configure(config: pytest.Config) -> None:
    for mark in ("benchmark", "vcr"):
        config.addinivalue_line("markers", f"{mark}: used by langchain-tests")
