"""Which names code changes as it runs: assigned, grown, or written into.

A log that a function appends to, or a counter it raises, is no setting of it: keyed on, every run would have a key of
its own. Read from bytecode, so approximate: what is missed costs hits, and what only looks changed must be changed by
the very code that is described.
"""

import dis
from collections.abc import Iterator
from types import CodeType

__all__ = ["changed_names", "method_codes"]

_GROWS = frozenset({"append", "extend", "add", "update", "insert", "appendleft", "setdefault", "pop", "popleft"})
_ASSIGNS = frozenset({"STORE_ATTR", "STORE_DEREF"})
_WRITES = frozenset({"STORE_SUBSCR", "DELETE_SUBSCR"})
_AUGMENTS = frozenset({"COPY", "DUP_TOP_TWO"})


def changed_names(code: CodeType) -> set[str]:
    """Names of attributes and captured variables that *code*, or a function inside it, changes."""
    return {name for each in _all(code) for name in _changed(each)}


def _changed(code: CodeType) -> Iterator[str]:
    found = list(_instructions(code))
    for at, instruction in enumerate(found):
        following = found[at + 1 : at + 3]
        grows = following and following[0].argval in _GROWS
        if instruction.opname in _ASSIGNS or grows or _is_written_into(instruction, following):
            yield str(instruction.argval)


def _is_written_into(loaded: dis.Instruction, following: list[dis.Instruction]) -> bool:
    """``name[key] = …`` or ``name[key] += …``, where the key is a plain name or constant."""
    if len(following) < 2 or not (loaded.opname.startswith("LOAD_") and following[0].opname.startswith("LOAD_")):
        return False
    return following[1].opname in _WRITES | _AUGMENTS


def _instructions(code: CodeType) -> Iterator[dis.Instruction]:
    """The instructions of *code* that do something."""
    return (each for each in dis.get_instructions(code) if each.opname != "CACHE")


def _all(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _all(constant)


def method_codes(cls: type, names: list[str]) -> Iterator[CodeType]:
    """The code of the methods of *cls* called *names*, of those they name, and so on."""
    todo, seen = list(names), set[str]()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        for base in cls.__mro__:  # every one of that name, for one may call another with ``super()``
            code = getattr(vars(base).get(name), "__code__", None)
            if isinstance(code, CodeType):
                yield code
                todo += [n for each in _all(code) for n in each.co_names if callable(getattr(cls, n, None))]
