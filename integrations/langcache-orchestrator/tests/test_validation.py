"""Structural checks: each kind of fault is found, and sound code is left alone."""

import ast
import gc
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ai_orchestrator.outline import outlined, shown
from ai_orchestrator.parsing import parse
from ai_orchestrator.validation import check_files, escapes

SOUND = {
    "pyproject.toml": '[project]\nname = "app"\n',
    "app/__init__.py": "from app.model import Task as Job\n",
    "app/model.py": "import json\nfrom dataclasses import dataclass\n\n\n@dataclass\nclass Task:\n    title: str\n",
    "app/deep/tool.py": "from .. import model\nfrom ..model import Task\n\nif True:\n    LIMIT: int = 3\n",
    "app/cli.py": "import app.model\nfrom app import Job, model\nfrom app.deep import tool\n",
    "app/end.py": "from app.deep.tool import LIMIT\nfrom app.late import anything\nfrom app.pair import b, low\n",
    "app/late.py": "def __getattr__(name): ...\n",
    "app/pair.py": "a, (b, *c) = 1, (2, 3)\ntry:\n    import zlib as low\nexcept ImportError:\n    low = None\n",
    "tests/test_app.py": "import pytest\nfrom app.model import *\n\n\nclass TestTask:\n    def test_it(self): ...\n",
    "data.json": "[1]",
    "notes.md": "not ] code",
}


def problems(**changed: str) -> list[str]:
    """What is found after *changed*, whose names are paths with ``__`` for a slash."""
    files = {**SOUND, **{f"{path.replace('__', '/')}.py": text for path, text in changed.items()}}
    return check_files(files, outlined({}, files), planned_files=[], planned_tests=[])


def test_sound_code_passes() -> None:
    """Imports absolute, relative, of packages without ``__init__``, re-exported, by star; tests in classes."""
    plan = ["app/model.py", "tests/test_app.py"]
    tests = ["tests/test_app.py::TestTask::test_it"]
    assert check_files(SOUND, outlined({}, SOUND), planned_files=plan, planned_tests=tests) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def f(:", "app/new.py:1: invalid syntax"),
        ("x = 1\0", "app/new.py"),
        ("import app.nowhere", "app/new.py:1: the project has no module app.nowhere"),
        ("from app.model import Nothing", "app/new.py:1: app.model has no Nothing"),
        ("from . import nothing", "app/new.py:1: app has no nothing"),
        (
            "def f():\n    import requests",
            "app/new.py:2: requests is neither in the project, nor",
        ),
    ],
)
def test_a_fault_in_code_is_said_with_its_line(text: str, said: str) -> None:
    """Also imports inside functions."""
    (problem,) = problems(app__new=text)
    assert problem.startswith(said)


def test_declared_dependencies_may_be_imported() -> None:
    """What pyproject.toml names is there once the project is installed."""
    files = {"app.py": "import requests\n"}
    known = {"planned_files": [], "planned_tests": [], "installed": frozenset({"requests"})}
    assert check_files(files, outlined({}, files), **known) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(("path", "text"), [("a.toml", "= 1"), ("a.json", "{"), ("a.py", "1 +")])
def test_what_does_not_parse_is_named(path: str, text: str) -> None:
    """Python, TOML and JSON."""
    (problem,) = check_files({path: text}, {}, planned_files=[], planned_tests=[])
    assert problem.startswith(f"{path}:")


def test_what_was_planned_must_be_there() -> None:
    """Files by path, tests by name in their file."""
    found = check_files(
        SOUND, outlined({}, SOUND), planned_files=["app/lost.py"], planned_tests=["tests/test_app.py::test_lost"]
    )
    assert found == [
        "app/lost.py: planned, but not written",
        "tests/test_app.py::test_lost: planned, but not written",
    ]


@pytest.mark.parametrize("path", ["../x.py", "/etc/x", "a/../../x", "C:/x", "a\\b", ""])
def test_a_path_that_leaves_the_project_is_refused(path: str) -> None:
    """Absolute, upwards, or another drive's."""
    assert escapes(path)
    assert f"{path}: the path leaves the project" in check_files({path: ""}, {}, planned_files=[], planned_tests=[])


def test_a_later_file_replaces_what_the_outline_says_of_it() -> None:
    """The project so far is what its newest files define; a prompt shows signatures, not imports."""
    before = outlined({}, SOUND)
    after = outlined(before, {"app/model.py": "import os\ndef load(path: str) -> list: ...\n"})
    assert after["app/model.py"] == ["import os", "def load(path: str) -> list"]
    assert "app/model.py\n    def load(path: str) -> list\n" in shown(after)
    assert shown({}) == "(nothing yet)"


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Threads take turns at every chance, garbage collections among them."""

    def run_python(*_: object) -> None:
        sum(range(50))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    gc.callbacks.append(run_python)
    yield
    gc.callbacks.remove(run_python)
    sys.setswitchinterval(interval)


def test_python_is_read_from_many_threads(eager_threads: None) -> None:
    """Phases are validated side by side; of `ast.parse` itself, one in thirty calls fails here on Python 3.11."""
    text, errors = Path(ast.__file__).read_text(encoding="utf-8"), []

    def work() -> None:
        for _ in range(3):
            try:
                parse(text)
            except SystemError as error:
                errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
