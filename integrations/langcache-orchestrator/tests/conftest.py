"""The command as people run it, in a folder of its own and without keys."""

import sys
from pathlib import Path

import pytest
from orchestrator_support import KEYS, Command, Said
from support.trust import one_authority

from ai_orchestrator.cli import main

__all__ = ["command", "one_authority"]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """``ai-orchestrator …`` in this process; the store is a file in an empty folder, which is the working folder."""
    for key in KEYS:
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setenv("LANGCACHE_URL", f"sqlite:///{tmp_path}/cache.db")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["ai-orchestrator", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        return Said(int(left.value.code or 0), out, err)

    return run
