"""What pip installs of the orchestrator: `ai_orchestrator` alone, with its cassette and its command."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[2] / "integrations" / "langcache-orchestrator"
SOURCE = ROOT / "src"


def test_the_wheel_holds_the_package_its_cassette_and_its_command(tmp_path: Path) -> None:
    """Every file of the package and nothing else; what the stand-in said stays in the checkout."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    finished = subprocess.run(build, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    (built,) = tmp_path.glob("*.whl")
    with ZipFile(built) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        (command,) = (archive.read(name) for name in archive.namelist() if name.endswith("/entry_points.txt"))
    files = (path for path in SOURCE.rglob("*") if path.is_file() and path.parent.name != "__pycache__")
    assert {path.relative_to(SOURCE).as_posix() for path in files} == names
    assert "ai_orchestrator/cassettes/todo_app.yaml" in names
    assert b"ai-orchestrator = ai_orchestrator.cli:main" in command
