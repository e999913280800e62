"""What a code object says of names: which it looks up, which it rebinds or stores, what it imports."""

import dis
from functools import lru_cache
from types import CodeType
from typing import NamedTuple

__all__ = ["Import", "imports", "mentioned", "stored", "written"]

_WRITES = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL", "STORE_DEREF", "DELETE_DEREF"})


class Import(NamedTuple):
    """One import statement inside a function, as `__import__` takes it.

    Attributes:
        name: of the module; relative to its package where *level* is above zero.
        names: what is imported from it; empty for ``import name``.
        level: how many packages up.
    """

    name: str
    names: tuple[str, ...]
    level: int


@lru_cache(maxsize=4096)
def mentioned(code: CodeType) -> frozenset[str]:
    """Every name *code*, or code inside it, may look up."""
    return frozenset(code.co_names).union(*(mentioned(inner) for inner in _inner(code)))


@lru_cache(maxsize=4096)
def written(code: CodeType) -> frozenset[str]:
    """Names *code* rebinds outside itself: its own counters, not its configuration."""
    own = {step.argval for step in dis.get_instructions(code) if step.opname in _WRITES}
    return frozenset(own).union(*(written(inner) for inner in _inner(code)))


@lru_cache(maxsize=4096)
def stored(code: CodeType) -> frozenset[str]:
    """Attributes *code* stores on what is no local variable but ``cls``: on a class or module, and not on ``self``."""
    steps = list(dis.get_instructions(code))
    places = (place for place, step in enumerate(steps) if step.opname == "STORE_ATTR")
    own = {steps[place].argval for place in places if not _is_local(_owner(steps, place))}
    return frozenset(own).union(*(stored(inner) for inner in _inner(code)))


def _owner(steps: list[dis.Instruction], place: int) -> dis.Instruction:
    """The step that loads what the attribute stored at *place* is of."""
    if steps[place - 1].opname != "SWAP":
        return steps[place - 1]
    # C.n += 1: what loads C, COPY, LOAD_ATTR n, the rest of it, SWAP, STORE_ATTR n.
    for start in range(place - 2, 1, -1):
        step = steps[start]
        if step.opname == "LOAD_ATTR" and step.argval == steps[place].argval and steps[start - 1].opname == "COPY":
            return steps[start - 2]
    return steps[place - 1]


def _is_local(step: dis.Instruction) -> bool:
    # Newer Pythons load two variables in one step; the second is on top.
    name = step.argval[-1] if isinstance(step.argval, tuple) else step.argval
    return "LOAD_FAST" in step.opname and name != "cls"


@lru_cache(maxsize=4096)
def imports(code: CodeType) -> tuple[Import, ...]:
    """The imports in *code*; not those of code inside it."""
    found, constants = [], [None, None]
    for step in dis.get_instructions(code):
        if step.opname == "LOAD_CONST":
            constants.append(step.argval)
        elif step.opname == "IMPORT_NAME":
            # The compiler puts level and names right before it.
            level, names = constants[-2:]
            found.append(Import(step.argval, tuple(names or ()), level or 0))
    return tuple(found)


def _inner(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]
