"""Law 10, one way down: every import in the package against the line drawn in the design."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import langcache

PACKAGE = Path(__file__).parents[1] / "langcache"

BELOW = {
    "errors": set[str](),
    "templating": {"errors"},
    "core": {"errors", "templating"},
    "storage": {"errors", "templating", "core"},
    "runtime": {"errors", "templating", "core", "storage"},
}
TOP_OF_LIBRARY = {"stages", "economics", "metrics", "langchain"}
for layer in TOP_OF_LIBRARY:
    BELOW[layer] = {*BELOW["runtime"], "runtime"}
BELOW["testing"] = {*BELOW["runtime"], "runtime", *TOP_OF_LIBRARY}
for layer in ("cli", "dashboard"):
    BELOW[layer] = {*BELOW["testing"], "testing"}
BELOW["cli"].add("dashboard")
"""errors ← templating ← core ← storage ← runtime ← {stages, economics, metrics, langchain} ← dashboard ← cli; testing
sees all but the last two. These may use what testing ships: the demo replays cassettes; `langcache serve` starts the
dashboard, which knows no command line."""

PURE = ("core", "templating")
IMPURE = (
    *("asyncio", "concurrent", "ctypes", "fcntl", "glob", "http", "io", "multiprocessing", "os", "random", "secrets"),
    *(
        "select",
        "shutil",
        "signal",
        "socket",
        "sqlite3",
        "ssl",
        "subprocess",
        "tempfile",
        "threading",
        "time",
        "urllib.request",
    ),
    *("langchain_core", "langchain", "langgraph", "redis", "httpx", "openai", "anthropic", "tenacity", "genai_prices"),
)
CLOCKS = {"now", "utcnow", "today"}
LATE = {
    "__init__.py": "the public names, each loaded when first used",
    "testing/__init__.py": "the same for what is shipped to test with",
    "runtime/doors.py": "what Cache offers but a higher layer builds",
    "cli/app.py": "a command, when it is called",
    "stages/importing.py": "what a stage's function imports itself, to know its code",
    "storage/registry.py": "a scheme's store, so that none loads another's client",
    "templating/kinds/__init__.py": "a kind of personal value, when a profile first declares it",
}
"""The only modules that import by name, and why; an import the line above cannot see is an arrow nobody checks."""

FILES = sorted(PACKAGE.rglob("*.py"))


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def _imported(path: Path) -> Iterator[str]:
    """Full names of the modules *path* imports, wherever in the file."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide their layer"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _where(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", [path for path in FILES if _layer(path) != "__init__"], ids=_where)
def test_imports_point_downwards_only(path: Path) -> None:
    """Also the late ones inside functions; only the package's own ``__init__`` may name every layer."""
    layer = _layer(path)
    names = [name.split(".")[1] for name in _imported(path) if name.startswith("langcache.")]
    used = {langcache._HOMES.get(name, name).split(".")[0] for name in names}
    assert used - {layer} <= BELOW[layer]


@pytest.mark.parametrize("path", [path for path in FILES if _layer(path) in PURE], ids=_where)
def test_the_pure_layers_know_no_io_clock_environment_or_langchain(path: Path) -> None:
    """What decides a key must decide it the same anywhere."""
    assert [name for name in _imported(path) if f"{name}.".startswith(tuple(f"{kind}." for kind in IMPURE))] == []
    called = [node.func for node in ast.walk(_tree(path)) if isinstance(node, ast.Call)]
    assert [call.attr for call in called if isinstance(call, ast.Attribute) and call.attr in CLOCKS] == []
    assert [call.id for call in called if isinstance(call, ast.Name) and call.id in ("open", "print", "input")] == []


def test_the_templating_engine_uses_the_standard_library_only() -> None:
    """The ground needs nothing installed; kinds of values may know more of the world, and load it late."""
    engine = [path for path in FILES if path.parent == PACKAGE / "templating"]
    tops = {name.split(".")[0] for path in engine for name in _imported(path)}
    assert tops - {"langcache"} <= sys.stdlib_module_names


def test_only_the_doors_import_by_name() -> None:
    """Everywhere else an import is an import statement, which the test above sees."""
    by_name = "importlib.import_module"
    users = {_where(path) for path in FILES if any(name.startswith(by_name) for name in _imported(path))}
    assert users == set(LATE)
    assert not [_where(p) for p in FILES if "__import__(" in p.read_text()]


def test_only_the_runtime_reads_the_clock() -> None:
    """``now`` is an argument everywhere else, so that tests own the time."""
    reading = {("time", "time"), ("datetime", "now"), ("datetime", "today"), ("date", "today")}
    readers = {
        _layer(path)
        for path in FILES
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in reading
    }
    assert readers <= {"runtime", "cli", "testing"}


def test_every_layer_has_a_place_in_the_line() -> None:
    """A new folder must be put into the picture first."""
    assert {_layer(path) for path in FILES} - {"__init__"} <= set(BELOW)
