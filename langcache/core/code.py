"""What a callable does, as plain values: an edited body, default or captured constant changes them.

Bytecode differs between Python versions, so an upgrade costs misses, never a wrong hit.
"""

from functools import partial
from types import CodeType
from typing import Any

__all__ = ["describe_callable"]

_PLAIN = (str, int, float, bool, bytes, type(None))


def describe_callable(function: Any) -> Any:
    """Name, bytecode, constants, defaults and captured plain values of *function*; equal in every process."""
    if isinstance(function, partial):
        return ["partial", describe_callable(function.func), _plain(function.args), _plain(function.keywords)]
    function = getattr(function, "__wrapped__", function)
    inner = getattr(function, "__func__", function)
    name = f"{getattr(inner, '__module__', '')}:{getattr(inner, '__qualname__', type(inner).__qualname__)}"
    code = getattr(inner, "__code__", None)
    if not isinstance(code, CodeType):
        return [name]
    captured = [_plain(_content(cell)) for cell in inner.__closure__ or ()]
    return [name, _code(code), _plain(inner.__defaults__), _plain(inner.__kwdefaults__), captured]


def _code(code: CodeType) -> list[Any]:
    constants = [_code(c) if isinstance(c, CodeType) else _plain(c) for c in code.co_consts]
    return [code.co_code, constants, list(code.co_names), list(code.co_varnames)]


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet filled: a function that refers to itself
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(repr(_plain(item)) for item in value)
    if isinstance(value, dict):
        return sorted([repr(_plain(key)), _plain(item)] for key, item in value.items())
    if callable(value) and hasattr(value, "__code__"):
        return describe_callable(value)
    return f"{type(value).__module__}:{type(value).__qualname__}"
