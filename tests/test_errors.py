"""The error tree is the one its docstring draws."""

import re
from typing import Any

from langcache import errors
from langcache.stages import StageFailed

ELSEWHERE = [StageFailed.__name__]
"""Public errors that live beside what raises them."""


def _tree(kind: Any, depth: int = 0) -> list[tuple[int, str]]:
    order = [*vars(errors), *ELSEWHERE]
    ours = [sub for sub in kind.__subclasses__() if sub.__name__ in order]
    ours.sort(key=lambda sub: order.index(sub.__name__))
    return [(depth, kind.__name__), *(row for sub in ours for row in _tree(sub, depth + 1))]


def test_the_docstring_draws_the_tree() -> None:
    """Every class, in its place."""
    lines = re.findall(r"^    ((?:[ │├└─]{4})*)(\w+)", errors.__doc__ or "", re.MULTILINE)
    drawn = [(len(indent) // 4, name) for indent, name in lines]
    assert drawn == _tree(errors.LangcacheError)


def test_everything_we_raise_can_be_caught_by_one_name() -> None:
    """``except LangcacheError`` misses nothing public."""
    assert all(issubclass(getattr(errors, name), errors.LangcacheError) for name in errors.__all__)
    assert sorted([*errors.__all__, *ELSEWHERE]) == sorted(name for _, name in _tree(errors.LangcacheError))


def test_wrong_values_are_value_errors_and_wrong_types_type_errors() -> None:
    """So that code which knows nothing of us handles them."""
    for name, builtin in (
        ("DeclarationError", ValueError),
        ("StoreURLError", ValueError),
        ("UnkeyableError", TypeError),
        ("UnstorableError", TypeError),
        ("MaskedValueUsed", TypeError),
    ):
        assert issubclass(getattr(errors, name), builtin)


def test_a_refusal_says_where_and_never_what() -> None:
    """Reason, slot, form and position are stable words and numbers."""
    refused = errors.Refused("leak", slot="startup_name", form="partial", position=0)
    assert str(refused) == "leak (slot startup_name, form partial, at 0)"
    assert str(errors.Refused("truncated")) == "truncated"
