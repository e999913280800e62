"""Structural checks of generated code, without running any of it.

Files parse; imports of the project's own modules resolve, by module and by name; other imports are Python's, the tests'
or declared; the files and tests of the plan are there; no path leaves the project.
"""

import ast
import json
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

from ai_orchestrator.outline import names_in
from ai_orchestrator.parsing import parse

__all__ = ["check_files", "escapes"]

_ALWAYS = frozenset({"pytest"})
_UNKNOWABLE = frozenset({"*", "__getattr__"})
"""A module that has one of these may offer any name."""
_READERS: Mapping[str, Callable[[str], object]] = {".py": parse, ".toml": tomllib.loads, ".json": json.loads}


def check_files(
    files: Mapping[str, str],
    project: Mapping[str, list[str]],
    *,
    planned_files: list[str],
    planned_tests: list[str],
    installed: frozenset[str] = frozenset(),
) -> list[str]:
    """What is wrong with *files*; nothing if the list is empty.

    Args:
        files: path to text.
        project: outline of the whole project with *files* in it.
        planned_files, planned_tests: what should be there; tests as ``path::name``.
        installed: top-level modules of declared dependencies.
    """
    problems = [f"{path}: the path leaves the project" for path in files if escapes(path)]
    problems += [f"{path}: planned, but not written" for path in planned_files if path not in files]
    problems += [problem for path, text in files.items() for problem in _unparsable(path, text)]
    problems += _missing_tests(planned_tests, project)
    modules = _modules(project)
    for path, text in files.items():
        if path.endswith(".py") and not list(_unparsable(path, text)):
            problems += _unresolved(path, parse(text), modules, installed)
    return problems


def escapes(path: str) -> bool:
    """Whether *path* is absolute, goes up, or is one only on Windows."""
    pure = PurePosixPath(path)
    return not pure.parts or pure.is_absolute() or ".." in pure.parts or "\\" in path or ":" in path


def _unparsable(path: str, text: str) -> Iterator[str]:
    read = _READERS.get(PurePosixPath(path).suffix)
    try:
        if read is not None:
            read(text)
    except SyntaxError as error:
        yield f"{path}:{error.lineno}: {error.msg}"
    except ValueError as error:  # TOMLDecodeError and JSONDecodeError are both one
        yield f"{path}: {error}"


def _missing_tests(planned: list[str], project: Mapping[str, list[str]]) -> Iterator[str]:
    for test in planned:
        path, _, name = test.partition("::")
        if name.replace("::", ".") not in names_in(project.get(path, [])):
            yield f"{test}: planned, but not written"


def _modules(project: Mapping[str, list[str]]) -> dict[str, set[str]]:
    """Dotted module to the names it offers; a package also offers its modules, with or without an ``__init__``."""
    found: dict[str, set[str]] = {}
    for path, signatures in project.items():
        if path.endswith(".py"):
            parts = PurePosixPath(path).with_suffix("").parts
            dotted = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found.setdefault(dotted, set()).update(names_in(signatures))
    for dotted in list(found):
        package, _, name = dotted.rpartition(".")
        while package:
            found.setdefault(package, set()).add(name)
            package, _, name = package.rpartition(".")
    return found


def _unresolved(
    path: str, tree: ast.Module, modules: Mapping[str, set[str]], installed: frozenset[str]
) -> Iterator[str]:
    known = sys.stdlib_module_names | _ALWAYS | installed
    ours = {dotted.partition(".")[0] for dotted in modules}
    for line, module, names in _imports(path, tree):
        top = module.partition(".")[0]
        if top not in ours and top not in known:
            yield f"{path}:{line}: {module} is neither in the project, nor Python's, nor declared"
        elif top in ours and module not in modules:
            yield f"{path}:{line}: the project has no module {module}"
        elif top in ours and not modules[module] & _UNKNOWABLE:
            yield from (f"{path}:{line}: {module} has no {name}" for name in names if name not in modules[module])


def _imports(path: str, tree: ast.Module) -> Iterator[tuple[int, str, list[str]]]:
    """Line, absolute module, and names taken from it, of every import wherever in the file."""
    package = PurePosixPath(path).parts[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield node.lineno, module, [alias.name for alias in node.names if alias.name != "*"]
