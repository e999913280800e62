"""What the README shows runs, and every command it names exists."""

import io
import json
import os
import re
import subprocess
import sys
import warnings
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from support.forking import FORKING

from langcache.cli.app import main

ROOT = Path(__file__).parent.parent
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
"""Blocks of the documents are run by the tests of what they document: they build on each other."""
PAIR = re.compile(r"^(\d+) applicants of (\d+) kinds.*?(\d+) provider calls\n.*?(\d+) provider calls", re.M)
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks() -> list[object]:
    """Every Python block of the README, by line."""
    text = (ROOT / "README.md").read_text()
    return [
        pytest.param(match.group(1), id=f"line {text.count(chr(10), 0, match.start()) + 1}")
        for match in BLOCK.finditer(text)
    ]


def run_block(code: str, folder: Path) -> None:
    os.chdir(folder)
    warnings.simplefilter("error")
    exec(code, {"__name__": "__main__"})


@pytest.mark.parametrize("code", blocks()[1:])
def test_the_block_runs(code: str, tmp_path: Path) -> None:
    """In a process of its own, warnings as errors."""
    child = FORKING.Process(target=run_block, args=(code, tmp_path))
    child.start()
    child.join()
    assert child.exitcode == 0, "its error is on stderr"


def test_the_guide_runs(tmp_path: Path) -> None:
    """In order, as one program of its own, warnings as errors."""
    code = "\n".join(BLOCK.findall((ROOT / "docs" / "guide.md").read_text()))
    child = FORKING.Process(target=run_block, args=(code, tmp_path))
    child.start()
    child.join()
    assert child.exitcode == 0, "its error is on stderr"


def test_the_first_block_prints_what_it_says(tmp_path: Path) -> None:
    """In a Python just started, warnings as errors: the comments beside the first example's prints are its output."""
    code = BLOCK.findall((ROOT / "README.md").read_text())[0]
    prints = [line for line in code.splitlines() if line.startswith("print(")]
    said = [line.split("# ", 1)[1].removesuffix(" (no call)") for line in prints]
    started = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(started, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == said


def test_the_commands_it_names_exist() -> None:
    """Make targets, benchmarks and documents named in README and docs."""
    makefile = (ROOT / "Makefile").read_text()
    for path in DOCS:
        text = path.read_text()
        for target in re.findall(r"`make ([a-z-]+)`", text):
            assert f"\n{target}:" in makefile, f"{path.name}: make {target}"
        for file in re.findall(r"\b((?:benchmarks|tests|docs|langcache)/[\w/]+\.(?:py|md))\b", text):
            assert (ROOT / file).exists(), f"{path.name}: {file}"


def test_the_measured_pair_is_what_the_demo_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    """ "100 applicants of 12 kinds … 200 … 24": applicants, kinds, calls without and with."""
    monkeypatch.setattr(sys, "argv", ["langcache", "demo", "--json", "--url", "memory://"])
    with redirect_stdout(io.StringIO()) as page, pytest.raises(SystemExit, match="0"):
        main()
    demo = json.loads(page.getvalue())
    pair = PAIR.findall((ROOT / "README.md").read_text())
    kinds = demo["generation_types"]["full_llm"]["kinds"]
    assert [tuple(map(int, numbers)) for numbers in pair] == [
        (demo["applicants"], kinds, demo["requests"], demo["provider_calls"])
    ]
