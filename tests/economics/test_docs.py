"""The page on economics runs, and is complete."""

import re
from pathlib import Path

import pytest

from langcache.economics import recommendations

PAGE = (Path(__file__).parents[2] / "docs/economics.md").read_text(encoding="utf-8")
STRATEGY = re.compile(r'^STRATEGY = "([a-z-]+)"|"(?:feature|input)": "([a-z-]+)"', re.MULTILINE)


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, as one program."""
    monkeypatch.chdir(tmp_path)
    scope: dict[str, object] = {"__name__": "__main__"}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(block, scope)


def test_every_strategy_is_on_the_page() -> None:
    """By the name that recommendations carry."""
    sources = Path(recommendations.__file__).parent.glob("*.py")
    found = [pair for source in sources for pair in STRATEGY.findall(source.read_text(encoding="utf-8"))]
    names = {first or second for first, second in found}
    assert len(names) >= len(recommendations.STRATEGIES)
    assert {name for name in names if f"`{name}`" not in PAGE} == set()
