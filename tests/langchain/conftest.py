"""Marks that LangChain's own suites use, known here without the plugins behind them."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    for mark in ("benchmark", "vcr"):
        config.addinivalue_line("markers", f"{mark}: used by langchain-tests")
