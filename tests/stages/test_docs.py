"""The page on stages runs, is complete, and its table is what the script prints."""

import importlib.util
import re
from dataclasses import fields
from pathlib import Path

import langcache.stages
from langcache.stages import StageConfig

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/stages.md").read_text(encoding="utf-8")


def test_the_examples_run(tmp_path, monkeypatch):
    """In order, as one program."""
    monkeypatch.chdir(tmp_path)
    scope = {"__name__": "__main__"}
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(block, scope)
    scope["cache"].close()


def test_the_table_is_what_the_script_prints():
    """Executions are counted, not claimed."""
    spec = importlib.util.spec_from_file_location("versus", ROOT / "benchmarks/stages_vs_langgraph.py")
    versus = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(versus)
    said = PAGE.partition("<!-- table -->\n")[2].partition("\n<!-- end -->")[0]
    assert said == "\n".join(versus.table())


def test_every_public_name_and_setting_is_on_the_page():
    """What is not written down does not exist."""
    undocumented = {"PlanLine", "Progress", "Run"}  # what calls return; described where they are returned
    names = [*(set(langcache.stages.__all__) - undocumented), *(field.name for field in fields(StageConfig))]
    assert [name for name in names if f"{name}" not in PAGE] == []
