"""Which modules come with Python or a distribution, so that their names say what they do."""

import sys
import sysconfig
from functools import lru_cache, partial
from importlib.util import find_spec
from types import FunctionType, MethodType
from typing import Any

__all__ = ["home_of", "is_library", "is_library_class", "is_of_user"]

_HOSTS = ("langchain", "langgraph", "langcache")
"""Beginnings of packages in which nobody's stages are at home."""

_HEAP_TYPE = 1 << 9
"""Flag of a class made by a class statement (CPython's ``Py_TPFLAGS_HEAPTYPE``)."""


def home_of(function: Any) -> str | None:
    """The top-level package that *function* is of, which need not be a library because it is installed."""
    while isinstance(function, partial):
        function = function.func
    home = _package_of(getattr(function, "__module__", None) or "")
    return None if _is_python(home) or home.startswith(_HOSTS) else home


def is_library(module: str | None, home: str | None) -> bool:
    """Whether *module* is fixed by its name; never what is of the package *home*, installed or not."""
    return module is not None and _package_of(module) != home and _is_installed(module)


def is_library_class(cls: type, home: str | None) -> bool:
    """The same of a class; one made by `exec` without a ``__name__`` only says that it is a builtin."""
    made_up = cls.__module__ == "builtins" and bool(cls.__flags__ & _HEAP_TYPE)
    return is_library(cls.__module__, home) and not made_up


def is_of_user(value: Any, home: str | None) -> bool:
    """Whether *value* is a function, method or class that a user wrote."""
    if isinstance(value, type):
        return not is_library_class(value, home)
    return isinstance(value, FunctionType | MethodType) and not is_library(value.__module__, home)


def _package_of(module: str) -> str:
    return module.partition(".")[0]


@lru_cache(maxsize=4096)
def _is_installed(module: str) -> bool:
    package = _package_of(module)
    path = _path_of(module, package)
    return package == "langcache" or _is_python(package) or (path is not None and path.startswith(_folders()))


def _is_python(package: str) -> bool:
    """Whether *package* comes with Python; a user's may have the same name."""
    path = _path_of(package, package)
    return package in sys.stdlib_module_names and (path is None or path.startswith(_folders()))


def _path_of(module: str, package: str) -> str | None:
    """Where *module* is, or its package would be imported from; None if it is in no file."""
    loaded = sys.modules.get(module) or sys.modules.get(package)
    if loaded is not None:
        return getattr(loaded, "__file__", None) or next(iter(getattr(loaded, "__path__", ())), None)
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return None
    return None if spec is None else spec.origin or next(iter(spec.submodule_search_locations or ()), None)


@lru_cache(maxsize=1)
def _folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple({paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")})
