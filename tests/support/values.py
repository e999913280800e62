"""Values of every kind that can be part of a key, for hypothesis."""

import dataclasses
from datetime import timedelta, timezone
from enum import Enum, IntFlag, StrEnum
from pathlib import PurePosixPath
from typing import Any

from hypothesis import strategies as st
from pydantic import BaseModel


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Shade(StrEnum):
    RED = "red"


class Level(float, Enum):
    LOW = 1.5


class Rights(IntFlag):
    READ = 1


@dataclasses.dataclass(frozen=True)
class Point:
    x: Any
    y: Any = 0


@dataclasses.dataclass(frozen=True)
class Spot:
    x: Any
    y: Any = 0


class Model(BaseModel):
    x: Any
    y: Any = 0


class Twin(BaseModel):
    x: Any
    y: Any = 0


_ZONES = st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, 1, -1, 2]),
    st.floats(allow_nan=False),
    st.sampled_from([0.0, -0.0, 1.0, 1.5]),
    st.text(st.characters(), max_size=6),
    st.sampled_from(["", "1", "red", "é", "e\u0301", "\ud83d\ude00", "😀", "\ud800", "a1:", "s1:a"]),
    st.binary(max_size=6),
    st.decimals(allow_nan=False),
    st.dates(),
    st.datetimes(timezones=st.none() | _ZONES),
    st.times(timezones=st.none() | _ZONES),
    st.timedeltas(),
    st.uuids(),
    st.sampled_from([*Colour, *Shade, *Level, *(Rights(1 << bit) for bit in range(6))]),
    st.sampled_from([PurePosixPath("a/b"), PurePosixPath("a")]),
)


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = st.one_of(st.booleans(), st.integers(), st.text(max_size=3), st.none())
    return st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(keys, inner, max_size=3),
        st.frozensets(scalars, max_size=3),
        *(st.builds(make, x=inner, y=inner) for make in (Point, Spot, Model, Twin)),
    )


values = st.recursive(scalars, _nested, max_leaves=8)
"""Anything with a canonical form."""


def spelled_out(value: Any) -> str:
    """An independent, unambiguous spelling: equal exactly for values that must share a key."""
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if isinstance(value, Enum):
        return f"{kind}({value.name!r}, {value.value!r})"
    if isinstance(value, dict):
        return f"{kind}({sorted((spelled_out(k), spelled_out(v)) for k, v in value.items())})"
    if isinstance(value, frozenset | set):
        return f"set({sorted(map(spelled_out, value))})"
    if isinstance(value, list | tuple):
        return f"{kind}({[spelled_out(item) for item in value]})"
    if isinstance(value, Point | Spot | Model | Twin):
        return f"{kind}({spelled_out(value.x)}, {spelled_out(value.y)})"
    fold = getattr(value, "fold", "")
    return f"{kind}({value!a}, {value.isoformat() if hasattr(value, 'isoformat') else ''}, {fold})"
