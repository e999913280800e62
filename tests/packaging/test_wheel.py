"""What pip installs: exactly `langcache`, with everything the demo needs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
RUN = "from langcache.cli.app import main; main()"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built once."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    finished = subprocess.run(build, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_the_top_level_is_langcache_alone(wheel: Path) -> None:
    """Nothing else lands in site-packages, beside the metadata."""
    with ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    assert {"langcache"} == {top for top in tops if not top.endswith(".dist-info")}
    assert len(tops) == 2


def test_every_file_and_cassette_is_in_it(wheel: Path) -> None:
    """The wheel holds the package as it is, pages and styles too, and the cassettes where the demo looks for them."""
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
        for path in (ROOT / "cassettes").glob("*.yaml"):
            assert path.read_bytes() == archive.read(f"langcache/cli/demo/cassettes/{path.name}")
    files = [path for path in (ROOT / "langcache").rglob("*") if path.is_file() and path.parent.name != "__pycache__"]
    assert set() == {path.relative_to(ROOT).as_posix() for path in files} - names


def test_the_demo_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """Unpacked, away from the checkout, it finds its own cassettes."""
    unpacked, folder = tmp_path / "unpacked", tmp_path / "work"
    folder.mkdir()
    with ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    finished = subprocess.run(
        [sys.executable, "-c", f"import langcache, sys; sys.stderr.write(langcache.__file__); {RUN}", "demo", "--json"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    assert str(unpacked / "langcache" / "__init__.py") == finished.stderr
    assert json.loads(finished.stdout)["http_requests"] > 0
