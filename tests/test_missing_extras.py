"""What needs a library that is not installed says, in its last line, what to install."""

import subprocess
import sys

import pytest

WITHOUT = "import sys; sys.modules[{library!r}] = None; sys.argv[1:] = ['--url', 'memory://']; "


@pytest.mark.parametrize(
    ("library", "code", "fix"),
    [
        (
            "cryptography",
            "from langcache import Cache; Cache('memory://', encryption_keys=['A' * 43 + '='])",
            'pip install "langcache-middleware[encryption]"',
        ),
        ("langchain", "from langcache import CacheMiddleware", "pip install langchain"),
        (
            "uvicorn",
            "import runpy; runpy.run_module('langcache.dashboard', run_name='__main__')",
            'pip install "langcache-middleware[dashboard]"',
        ),
        (
            "redis",
            "from langcache import Cache; Cache('redis://localhost')",
            'pip install "langcache-middleware[redis]"',
        ),
    ],
)
def test_the_last_line_names_the_fix(library: str, code: str, fix: str) -> None:
    """In a Python just started, where nothing is imported yet."""
    started = [sys.executable, "-c", WITHOUT.format(library=library) + code]
    done = subprocess.run(started, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.endswith(fix)
