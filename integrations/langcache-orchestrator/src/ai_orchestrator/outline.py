"""What a project offers so far, small enough for a prompt: paths and signatures instead of code."""

import ast
from collections.abc import Iterable, Mapping

from ai_orchestrator.parsing import parse

__all__ = ["Outline", "names_in", "outlined", "shown"]

Outline = dict[str, list[str]]
"""Path to what the file defines, a line each; no lines for what is no Python."""

_IMPORTED = "import "


def outlined(before: Mapping[str, list[str]], files: Mapping[str, str]) -> Outline:
    """*before* with *files* written over it, by path."""
    return dict(sorted({**before, **{path: _outline(path, text) for path, text in files.items()}}.items()))


def shown(outline: Mapping[str, list[str]]) -> str:
    """As a prompt shows it: signatures below each path."""
    lines = []
    for path, signatures in outline.items():
        lines.append(path)
        lines += [f"    {line}" for line in signatures if not line.startswith(_IMPORTED)]
    return "\n".join(lines) or "(nothing yet)"


def names_in(signatures: Iterable[str]) -> set[str]:
    """The names that other files can import from one with these signatures."""
    words = [line.removeprefix("class ").removeprefix("def ").removeprefix(_IMPORTED) for line in signatures]
    return {word.partition("(")[0].partition(":")[0] for word in words}


def _outline(path: str, text: str) -> list[str]:
    if not path.endswith(".py"):
        return []
    try:
        tree = parse(text)
    except (SyntaxError, ValueError):
        return []
    return [line for node in tree.body for line in _lines(node)]


def _lines(node: ast.stmt, owner: str = "") -> Iterable[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
            yield f"def {owner}{node.name}({ast.unparse(node.args)}){returns}"
        case ast.ClassDef():
            yield f"class {owner}{node.name}({', '.join(map(ast.unparse, node.bases))})"
            for inner in node.body:
                yield from _lines(inner, f"{owner}{node.name}.")
        case ast.AnnAssign():
            yield f"{owner}{ast.unparse(node.target)}: {ast.unparse(node.annotation)}"
        case ast.Assign():
            named = (inner for target in node.targets for inner in ast.walk(target) if isinstance(inner, ast.Name))
            yield from (f"{owner}{name.id}" for name in named)
        case ast.Import() | ast.ImportFrom():
            yield from (f"{_IMPORTED}{alias.asname or alias.name.partition('.')[0]}" for alias in node.names)
        case ast.If() | ast.Try() | ast.With() | ast.For():
            for part in ast.iter_child_nodes(node):
                if isinstance(part, ast.stmt):
                    yield from _lines(part, owner)
