"""What users import, and what importing it costs."""

import importlib
import json
import subprocess
import sys

import pytest

import langcache
from langcache import testing

HEAVY = ("langchain", "langgraph", "redis", "openai", "anthropic", "genai_prices", "tenacity", "pydantic", "vcr")


def test_every_public_name_has_one_home() -> None:
    """`__all__`, the table of homes and ``dir()`` agree."""
    assert langcache.__all__ == sorted(langcache._HOMES) == dir(langcache)


@pytest.mark.parametrize("name", langcache.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    """From the top, and it is the object its home calls so."""
    home = importlib.import_module(f"langcache.{langcache._HOMES[name]}")
    assert getattr(langcache, name) is getattr(home, name)
    assert name in home.__all__


@pytest.mark.parametrize("name", testing.__all__)
def test_every_testing_name_can_be_imported(name: str) -> None:
    """What users need to test their own stores and chains."""
    assert getattr(testing, name).__name__ == name


@pytest.mark.parametrize("module", [langcache, testing])
def test_another_name_is_an_attribute_error(module: object) -> None:
    """As with any module, so that ``hasattr`` works."""
    assert not hasattr(module, "Cahce")


def test_importing_langcache_loads_nothing_heavy() -> None:
    """A program pays for what it uses, when it uses it."""
    script = "import json, sys, langcache, langcache.errors; print(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    loaded = json.loads(ran.stdout)
    assert [name for name in loaded if name.startswith(HEAVY)] == []
    assert [name for name in loaded if name.startswith("langcache")] == ["langcache", "langcache.errors"]
