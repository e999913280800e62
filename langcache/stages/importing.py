"""What a stage's function imports itself, had now: code that is only there once the stage has run has no key."""

import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from importlib.util import resolve_name
from types import ModuleType
from typing import Any

from langcache.stages.bytecode import Import

__all__ = ["imported"]


def imported(statement: Import, scope: Mapping[str, Any]) -> ModuleType | None:
    """The module that *statement* gives a function with the globals *scope*.

    None if it cannot be had, which is for the function to say, or to do without.
    """
    try:
        name = resolve_name("." * statement.level + statement.name, scope.get("__package__"))
        module = import_module(name)
    except Exception:
        return None
    for submodule in statement.names:
        if not hasattr(module, submodule):
            with suppress(Exception):
                import_module(f"{name}.{submodule}")
    return module if statement.names else sys.modules[name.partition(".")[0]]
