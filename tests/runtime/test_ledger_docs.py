"""The page on the ledger runs, and names every figure of a period that needs a word."""

import re
import tomllib
from pathlib import Path

from langcache.economics.price_table import read_price_table
from langcache.runtime.account import calendar
from langcache.runtime.account.recorder import ROWS_KEPT
from langcache.storage.redis.counts import SMALL_DATABASE_KEYS

PAGE = (Path(__file__).parents[2] / "docs/ledger.md").read_text(encoding="utf-8")


def test_the_examples_run(tmp_path: Path) -> None:
    """As they stand, the table of prices included."""
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(block, {})
    (table,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "pyproject.toml").write_text(table)
    assert (
        read_price_table(tmp_path / "pyproject.toml").keys()
        == tomllib.loads(table)["tool"]["langcache"]["prices"].keys()
    )


def test_the_bounds_are_those_of_the_code() -> None:
    """A number that changes there changes here."""
    kept = calendar.Retention()
    for text in (
        f"| minutes | {calendar.MINUTE_DAYS} days |",
        f"| hours, and the times of each key | {calendar.HOUR_DAYS} days |",
        f"retention_days={kept.days}",
        f"retention_keys={kept.keys}",
        f"beyond {ROWS_KEPT:,} rows",
        f"{SMALL_DATABASE_KEYS:,} keys or less",
    ):
        assert text in " ".join(PAGE.split()), text


def test_the_commands_are_there() -> None:
    """Each benchmark and test file the page names."""
    for path in re.findall(r"(?:benchmarks|tests)/[\w/]+\.py", PAGE):
        assert (Path(__file__).parents[2] / path).is_file(), path
