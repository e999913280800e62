"""Which fields of a model are its own state: counted or collected in while it runs, not set by its user.

A test double that counts its calls, or LangChain's ``FakeListChatModel`` that remembers its place, would otherwise have
another key after every call. Only models that LangChain cannot serialise are looked at; a vendor's model has no such
fields, and what its methods assign are parameters.
"""

import dis
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType
from typing import Any

from langchain_core.language_models import BaseLanguageModel

__all__ = ["own_state"]

_RUN = ("_generate", "_agenerate", "_stream", "_astream", "_call", "_acall")
_GROWS = frozenset({"append", "extend", "add", "update", "insert", "appendleft", "setdefault", "pop", "popleft"})


def own_state(model: Any) -> frozenset[str]:
    """Names of *model*'s fields that its own running assigns or grows."""
    cls: Any = type(model)
    if not isinstance(model, BaseLanguageModel) or cls.is_lc_serializable():
        return frozenset()
    return _of_class(cls)


@lru_cache(maxsize=256)
def _of_class(cls: Any) -> frozenset[str]:
    changed: set[str] = set()
    todo, seen = list(_RUN), set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        for code in _codes(cls, name):
            for instruction, following in _pairs(code):
                if instruction.opname == "STORE_ATTR" or following.argval in _GROWS:
                    changed.add(str(instruction.argval))
                if callable(getattr(cls, str(instruction.argval), None)):
                    todo.append(str(instruction.argval))
    return frozenset(changed & set(cls.model_fields))


def _codes(cls: type, name: str) -> Iterator[CodeType]:
    """Every method of that name, for one may call another with ``super()``."""
    for base in cls.__mro__:
        code = getattr(vars(base).get(name), "__code__", None)
        if isinstance(code, CodeType):
            yield code


def _pairs(code: CodeType) -> Iterator[tuple[dis.Instruction, dis.Instruction]]:
    instructions = list(dis.get_instructions(code))
    yield from zip(instructions, [*instructions[1:], instructions[-1]], strict=True)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _pairs(constant)
