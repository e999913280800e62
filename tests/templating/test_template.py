"""Templates as data."""

import pytest

from langcache.errors import CorruptEntry, Refused
from langcache.templating import Gap, Personal, fill, from_data, to_data


def test_templates_are_compact_data() -> None:
    """Literals are strings, gaps lists without their trailing empty fields."""
    template = ("Hi ", Gap("name"), ", ", Gap("list", "oxford", "json"))
    assert to_data(template) == ["Hi ", ["name"], ", ", ["list", "oxford", "json"]]
    assert template == from_data(to_data(template))


@pytest.mark.parametrize(
    "data",
    [
        None,
        "text",
        {"a": 1},
        [1],
        [None],
        [[]],
        [[""]],
        [[1]],
        [["a", "b", "c", "d", "e", "f"]],
        [["a", None]],
        [{}],
    ],
)
def test_malformed_data_is_corrupt(data: object) -> None:
    """Anything `to_data` would not write is refused, never guessed at."""
    with pytest.raises(CorruptEntry):
        from_data(data)


@pytest.mark.parametrize("value", [None, "", [], [""], [None]])
def test_a_gap_without_a_value_is_refused(value: object) -> None:
    """An empty slot has nothing to fill the gap with."""
    with pytest.raises(Refused, match="empty slot"):
        fill(("Hi ", Gap("name")), {"name": Personal("name", "name", value)})


def test_an_unknown_slot_or_context_is_refused() -> None:
    """A template may not name what is not there."""
    with pytest.raises(Refused, match="empty slot"):
        fill((Gap("name"),), {})
    with pytest.raises(CorruptEntry):
        fill((Gap("name", escape="brainfuck"),), {"name": Personal("name", "name", "x")})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        (200000, "200000"),
        (["MIT"], "MIT"),
        (("A", "B"), "A and B"),
        (["A", "B", "C"], "A, B and C"),
    ],
)
def test_values_as_text(value: object, text: str) -> None:
    """Scalars are written as ``str`` does, lists as running text."""
    assert text == fill((Gap("v"),), {"v": Personal("v", "v", value)})
