"""The page on templating runs, and is complete."""

import re
from pathlib import Path

import pytest

from langcache.templating import kinds

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/templating.md").read_text(encoding="utf-8")
REASON = re.compile(r"Refused\(\s*\"([a-z -]+)\"|why=\"([a-z -]+)\"")


def test_the_examples_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, as one program."""
    monkeypatch.setattr(kinds, "_KINDS", dict(kinds._KINDS))
    scope: dict[str, object] = {"__name__": "__main__"}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(block, scope)


def test_every_kind_is_on_the_page() -> None:
    """Each in a heading, with an example."""
    headings = set(re.findall(r"\w+", " ".join(re.findall(r"^### (.*)$", PAGE, re.MULTILINE))))
    assert set(kinds._MODULES) - headings == set()


def test_every_reason_is_on_the_page() -> None:
    """Whatever a template may be refused for is explained, with what helps."""
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "langcache/templating").rglob("*.py"))
    reasons = {first or second for first, second in REASON.findall(sources)}
    assert len(reasons) > 10
    assert {reason for reason in reasons if f"`{reason}`" not in PAGE} == set()
