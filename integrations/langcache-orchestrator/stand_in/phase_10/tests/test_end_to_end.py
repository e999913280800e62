import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = [line.strip() for line in (ROOT / "README.md").read_text().splitlines() if "python -m todo" in line]


@pytest.fixture
def todo(tmp_path):
    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "todo", *arguments],
            cwd=ROOT,
            env={**os.environ, "TODO_FILE": str(tmp_path / "todo.json")},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_every_line_of_the_readme_works(todo):
    assert EXAMPLES
    for line in EXAMPLES:
        done = todo(*shlex.split(line)[3:])
        assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("- [x] Water the plants")


def test_a_failure_is_one_line_and_a_status(todo):
    done = todo("done", "1")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "todo: there is no task 1\n")
