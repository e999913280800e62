"""What is installed: versions, and who else answers to the name ``langcache``."""

import platform
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

import langcache
from langcache.cli.doctor.finding import Finding, failed, ok
from langcache.storage.registry import DISTRIBUTION

__all__ = ["check_installation"]

REDIS_SDK = "langcache"
"""Redis's own SDK of that name: another distribution that imports as ours does."""

REINSTALL = f"pip uninstall {REDIS_SDK} && pip install --force-reinstall --no-deps {DISTRIBUTION}"


def check_installation() -> Iterator[Finding]:
    """Versions, the name clash, and a folder in the way."""
    yield from _versions()
    yield _name_clash()
    yield _shadowed()


def _versions() -> Iterator[Finding]:
    wanted = [Requirement(text) for text in metadata.requires(DISTRIBUTION) or ()]
    wrong = list(dict.fromkeys(fault for each in wanted if (fault := _fault(each)) is not None))
    if wrong:
        yield failed("versions", "; ".join(wrong), f"pip install --upgrade {DISTRIBUTION}")
        return
    base = [DISTRIBUTION, *(each.name for each in wanted if _is_needed(each))]
    versions = [f"{name} {_version(name)}" for name in base]
    yield ok("versions", ", ".join([f"Python {platform.python_version()}", *versions]))


def _fault(requirement: Requirement) -> str | None:
    """What is wrong with what is installed; an extra's library may be missing."""
    version = _version(requirement.name)
    if version is None:
        return f"{requirement.name} is missing" if _is_needed(requirement) else None
    if requirement.specifier.contains(version, prereleases=True):
        return None
    return f"{requirement.name} {version} is not {requirement.specifier}"


def _is_needed(requirement: Requirement) -> bool:
    """Whether it is one of the base, not of an extra."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _name_clash() -> Finding:
    version = _version(REDIS_SDK)
    if version is None:
        return ok("name clash", "Redis's SDK of the same import name is not installed")
    what = f"the distribution {REDIS_SDK} {version} (Redis's SDK) is beside ours, and imports as langcache too"
    return failed("name clash", what, f"{REINSTALL}; keep Redis's SDK in another environment")


def _shadowed() -> Finding:
    ours = Path(langcache.__file__).resolve().parent
    for entry in (str(Path.cwd()), *sys.path):
        folder = Path(entry or ".")
        for other in (folder / "langcache" / "__init__.py", folder / "langcache.py"):
            if other.is_file() and other.resolve().parent != ours:
                return failed("import", f"{other} can be imported in place of ours", "rename it, or run elsewhere")
    return ok("import", f"langcache is imported from {ours}")
