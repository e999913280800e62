"""docs/dashboard.md against the dashboard: every view is on it, and no other."""

import re
import subprocess
import sys
from pathlib import Path

from langcache.dashboard.app import ROUTES

PAGE = Path(__file__).parents[2] / "docs" / "dashboard.md"


def test_every_view_is_documented_and_every_documented_view_exists() -> None:
    """The table of views names the routes, word for word but for what a path converter adds."""
    table = PAGE.read_text().partition("## Views")[2].partition("\n`?days")[0]
    views = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
    documented = {path for view in views for path in re.findall(r"`([^`]+)`", view)}
    routes = {route.path.replace(":path}", "}") for route in ROUTES}
    assert documented == routes


def test_every_picture_on_the_page_is_there() -> None:
    """Made by `make screenshots`, and kept small."""
    pictures = re.findall(r'(?:src|srcset)="([^"]+)"', PAGE.read_text())
    assert pictures
    for picture in pictures:
        file = PAGE.parent / picture
        assert file.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        assert file.stat().st_size < 300_000


def test_the_block_of_python_runs(tmp_path: Path) -> None:
    """As a program of its own, warnings as errors."""
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
