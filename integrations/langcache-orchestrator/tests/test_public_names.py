"""The first customer uses what every customer may: public names only."""

import ast
from importlib import import_module
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src/ai_orchestrator"
PUBLIC = ("langcache", "langcache.stages", "langcache.testing")


def test_only_public_names_are_imported() -> None:
    """From the three public modules, and only what they list."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            if isinstance(node, ast.Import):
                assert not [name for name in names if name.startswith("langcache.")], path
            elif isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] == "langcache":
                assert node.module in PUBLIC, path
                assert set(names) <= set(import_module(node.module).__all__), path
