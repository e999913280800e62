"""Answers as plain JSON data and back."""

import dataclasses
import json
import subprocess
import sys
from collections import OrderedDict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st
from pydantic import BaseModel, SecretStr, field_validator
from support.answers import Box, Step, Task, answers, keys, plain
from support.values import Colour, Shade

from langcache.core.classes import Classes, schema_digest
from langcache.core.packing import pack, unpack
from langcache.errors import CorruptEntry, LangcacheError, UnstorableError

NAME = f"{Task.__module__}:Task"


def packed(value: Any, classes: Classes | None = None) -> Any:
    data = pack(value, lambda text: text, lambda number: None, classes or Classes())
    return json.loads(json.dumps(data))


def unpacked(data: Any, classes: Classes | None = None) -> Any:
    return unpack(data, lambda segments: "".join(map(str, segments)), classes or Classes())


@given(answers)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_an_answer_comes_back_equal_and_of_its_type(answer: Any) -> None:
    """Through JSON, whatever is nested in what: field aliases, validators, generics, dollar signs in keys."""
    classes = Classes()
    back = unpacked(packed(answer, classes), classes)
    assert (answer, type(answer)) == (back, type(back))
    assert repr(answer) == repr(back)


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan"), -0.0, 1e308, 2**80])
def test_numbers_that_json_lacks_come_back(number: float) -> None:
    """Written as text."""
    assert repr(unpacked(packed([number]))) == repr([number])


def test_texts_with_gaps_are_filled_wherever_they_are() -> None:
    """Each text leaf goes through the caller's hands, also keys, and fields of a class, which validates again."""
    answer = {"for MIT": [Task(**{"Task Title": "MIT"}), ("MIT",)], "x": Step("a", [Step("MIT")])}
    classes = Classes()
    data = pack(answer, lambda text: text.partition("MIT") if "MIT" in text else text, lambda _: None, classes)
    written = json.dumps(data)
    assert "$t" in written
    filled = unpack(json.loads(written), lambda segments: "".join(segments).replace("MIT", "CMU"), classes)
    assert filled == {"for CMU": [Task(**{"Task Title": "CMU"}), ("CMU",)], "x": Step("a", [Step("CMU")])}
    with pytest.raises(ValueError, match="at most 1000"):
        unpack(json.loads(written), lambda segments: "x" * 1001, classes)


def test_every_number_is_shown_to_the_caller() -> None:
    """It may be a personal value, and a number cannot hold a placeholder."""
    seen: list[Any] = []
    pack([1, {"a": 2.5, "b": True}, Box[int](inside=7)], lambda text: text, seen.append, Classes())
    assert seen == [1, 2.5, 7]


def test_text_that_only_adds_methods_is_text() -> None:
    """LangChain's text accessor, for one."""

    class Text(str):
        __slots__ = ()

    assert (unpacked(packed(Text("x"))), type(unpacked(packed(Text("x"))))) == ("x", str)


class Hidden(BaseModel):
    secret: SecretStr


class Lossy(BaseModel):
    value: Any


class Strict(BaseModel):
    value: str

    @field_validator("value")
    @classmethod
    def _breaks(cls, value: str) -> str:
        return {"fine": value}[value]


@dataclasses.dataclass(eq=False)
class Identity:
    x: int


@dataclasses.dataclass
class Noted:
    value: float
    source: Any = dataclasses.field(default=None, compare=False)
    note: str = dataclasses.field(default="", init=False, compare=False)
    inner: "list[Noted]" = dataclasses.field(default_factory=list)


def _noted(note: str, **fields: Any) -> Noted:
    made = Noted(1, **fields)
    made.note = note
    return made


def _loop() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


@pytest.mark.parametrize(
    "answer",
    [
        object(),
        {1, 2},
        b"bytes",
        Colour.RED,
        Shade.RED,
        {1: "x"},
        {None: "x"},
        OrderedDict(a=1),
        1j,
        Task,
        Hidden(secret=SecretStr("x")),
        Lossy(value=object()),
        Lossy(value=(1, 2)),
        Identity(1),
        _noted("lost"),
        _noted("", source=("k", 1)),
        _noted("", source={"in": [b"k"]}),
        _noted("", inner=[_noted("lost")]),
        _loop(),
        "\ud800",
        {"\ud83d\ude00": 1},
    ],
)
def test_what_would_not_come_back_the_same_is_not_stored(answer: Any) -> None:
    """Said with the type, never the value; the answer itself is passed on untouched by the flow."""
    with pytest.raises(UnstorableError):
        packed(["deep", answer])


def test_what_a_class_does_not_compare_comes_back_too() -> None:
    """Compared field by field, since its own ``__eq__`` leaves some out; as it would, not by type."""
    classes = Classes()
    made = _noted("", source={"in": [Step("x"), 1]}, inner=[_noted("", source=datetime(2024, 1, 1, tzinfo=UTC))])
    with pytest.raises(UnstorableError, match="changes when written down"):
        packed(made, classes)
    made.source, made.inner[0].source = {"in": ["x", 1]}, "y"
    back = unpacked(packed(made, classes), classes)
    assert (back, back.source, back.inner[0].source) == (made, {"in": ["x", 1]}, "y")
    assert packed(Noted(1), classes)["v"] == packed(Noted(1.0), classes)["v"]


json_values = st.recursive(
    plain | st.floats() | st.sampled_from(["nan", NAME, schema_digest(Task)]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
@example({"$d": [["a"]]})
@example({"$d": [[["a"], 1]]})
@example({"$d": [1]})
@example({"$d": ["ab"]})
@example({"$f": "1"})
@example({"$t": "x"})
@example({"$x": ["kind", 1]})
@example({"$c": [NAME, schema_digest(Task)], "v": {"title": 1}})
@example({"$c": [NAME, schema_digest(Task)], "v": None})
@example({"$c": ["langcache:Cache", ""], "v": {}})
@example({"$c": ["os:path.join", ""], "v": {}})
@example({"$c": ["", ""], "v": {}})
def test_any_json_is_an_answer_or_one_of_three_errors(data: Any) -> None:
    """Law 9: what is stored may be anything, and breaks no chain."""
    try:
        unpacked(data, Classes((Task,)))
    except (CorruptEntry, UnstorableError, ValueError):
        return


def test_an_entry_without_a_bottom_is_corrupt() -> None:
    """JSON nests deeper than Python calls."""
    data: Any = "x"
    for _ in range(100_000):
        data = [data]
    with pytest.raises(CorruptEntry):
        unpacked(data)


def test_a_class_with_another_schema_is_another_class() -> None:
    """An answer stored before a deployment is not squeezed into what the class has become."""

    class Answer(BaseModel):
        x: int

    before = Answer
    data = packed(before(x=1), Classes())

    class Answer(BaseModel):  # type: ignore[no-redef]
        x: int
        y: int = 0

    assert unpacked(data, Classes((before,))) == before(x=1)
    with pytest.raises(UnstorableError, match="Answer"):
        unpacked(data, Classes((Answer,)))
    with pytest.raises(UnstorableError, match="Answer"):
        unpacked(data, Classes())


def test_a_validator_may_raise_anything() -> None:
    """pydantic lets what is no ValueError through."""
    classes = Classes()
    data = packed(Strict(value="fine"), classes)
    data["v"]["value"] = "other"
    with pytest.raises(UnstorableError, match="Strict"):
        unpacked(data, classes)


def test_a_loaded_class_is_found_and_nothing_is_ever_imported() -> None:
    """Law 11: stored bytes name classes, but only those this process has loaded itself."""
    assert unpacked(packed(Step("x")), Classes()) == Step("x")
    script = (
        "import json, sys\n"
        "import langcache\n"
        "from langcache.core.classes import Classes\n"
        "from langcache.core.packing import unpack\n"
        "before = set(sys.modules)\n"
        "for name in ('colorsys:x', 'langcache:Cache', 'langcache.testing:FakeClock', 'support.answers:Task'):\n"
        "    try:\n"
        "        unpack({'$c': [name, ''], 'v': {}}, str, Classes())\n"
        "    except Exception as error:\n"
        "        assert type(error).__name__ == 'UnstorableError', error\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[1], capture_output=True, check=True)
    assert json.loads(ran.stdout) == []


class Tagged:
    """A foreign type, as chat messages are to this layer."""

    def pack(self, value: Any, leaf: Any) -> tuple[str, Any] | None:
        return ("complex", [leaf(str(value.real)), leaf(value.imag)]) if isinstance(value, complex) else None

    def unpack(self, kind: str, data: Any, leaf: Any) -> Any:
        if kind != "complex":
            raise CorruptEntry("not ours")
        return complex(float(leaf(data[0])), leaf(data[1]))


def test_foreign_types_go_through_their_own_hands() -> None:
    """And what they hold is leaves like any other."""
    data = json.loads(json.dumps(pack([1 + 2j], lambda text: text, lambda _: None, Classes(), Tagged())))
    assert unpack(data, str, Classes(), Tagged()) == [1 + 2j]
    with pytest.raises(LangcacheError):
        unpack({"$x": ["other", 1]}, str, Classes(), Tagged())
