"""Entries on their way to bytes and back."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, strategies as st

from langcache.core.entry import FORMAT, Entry, labels_of, read_about
from langcache.errors import CorruptEntry

times = st.floats(allow_nan=False, allow_infinity=False)
text = st.text(st.characters(codec="utf-8"))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | times | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
entries = st.builds(
    Entry,
    body=json_values,
    created_at=times,
    fresh_until=times | st.just(float("inf")),
    model=st.none() | text,
    input_tokens=st.integers(0),
    output_tokens=st.integers(0),
    cost_usd=st.none() | st.decimals(allow_nan=False, allow_infinity=False),
    about=st.dictionaries(text, json_values, max_size=3),
    took_s=st.floats(0, allow_infinity=False),
)


@given(entries)
def test_an_entry_comes_back_as_it_was(entry: Entry) -> None:
    """To the digit of its cost; what only people read is a line of its own."""
    data = entry.to_bytes()
    back = Entry.from_bytes(data)
    assert (entry.body, entry.created_at, entry.fresh_until, entry.took_s, entry.model) == (
        back.body,
        back.created_at,
        back.fresh_until,
        back.took_s,
        back.model,
    )
    assert (entry.input_tokens, entry.output_tokens, entry.cost_usd) == (
        back.input_tokens,
        back.output_tokens,
        back.cost_usd,
    )
    assert entry.about == read_about(data)
    assert data.count(b"\n") == 1


def _line(*hot: Any) -> bytes:
    return json.dumps(hot).encode() + b"\n{}"


@given(st.binary())
@example(b"")
@example(b"\n")
@example(b"[" * 100_000 + b"\n{}")
@example(b"null\n{}")
@example(b"\xff\n{}")
@example(_line(FORMAT, 1.0, 2.0, 0.5, None, 0, 0, None))
@example(_line(FORMAT + 1, 1.0, 2.0, 0.5, None, 0, 0, None, "x"))
@example(_line(FORMAT, float("nan"), 2.0, 0.5, None, 0, 0, None, "x"))
@example(_line(FORMAT, 1.0, float("nan"), 0.5, None, 0, 0, None, "x"))
@example(_line(FORMAT, 10**400, 2.0, 0.5, None, 0, 0, None, "x"))
@example(_line(FORMAT, 1.0, 2.0, 0.5, None, float("inf"), 0, None, "x"))
@example(_line(FORMAT, 1.0, 2.0, 0.5, None, 0, 0, "sNaN", "x"))
@example(_line(FORMAT, 1.0, 2.0, 0.5, None, 0, 0, "Infinity", "x"))
@example(_line(FORMAT, 1.0, 2.0, 0.5, None, 0, 0, [1], "x"))
@example(_line(FORMAT, [], 2.0, 0.5, None, 0, 0, None, "x"))
@example(_line(FORMAT, 1.0, 2.0, -0.5, None, 0, 0, None, "x"))
@example(_line(FORMAT, 1.0, 2.0, float("inf"), None, 0, 0, None, "x"))
@example(_line(*"123456789"))
def test_other_bytes_are_corrupt_and_nothing_else(data: bytes) -> None:
    """Law 9: never guessed at, and never an error the chain would see."""
    for read in (Entry.from_bytes, read_about):
        try:
            read(data)
        except CorruptEntry:
            continue
        assert read is read_about or data.startswith(b"[%d," % FORMAT)


@given(entries, st.data())
def test_a_damaged_entry_is_an_entry_or_corrupt(entry: Entry, data: st.DataObject) -> None:
    """The checksum finds accidents; what passes it by malice or by a bug must still not break a chain."""
    written = bytearray(entry.to_bytes())
    at = data.draw(st.integers(0, len(written) - 1))
    written[at] = data.draw(st.integers(0, 255))
    try:
        back = Entry.from_bytes(bytes(written))
    except CorruptEntry:
        return
    assert back.created_at == back.created_at
    assert back.cost_usd is None or back.cost_usd.is_finite()


@pytest.mark.parametrize("about", [b"[]", b"1", b"", b"{", b"\xff"])
def test_a_description_is_a_mapping(about: bytes) -> None:
    """`explain` reads it."""
    with pytest.raises(CorruptEntry):
        read_about(b"[]\n" + about)


def test_labels_say_what_an_entry_is_found_by() -> None:
    """A type is told from a tag of the same name."""
    assert labels_of("plan", "v1", None, ()) == {"chain:plan", "prompt:v1"}
    assert labels_of("plan", "v1", "full", ("full", "b")) == {
        "chain:plan",
        "prompt:v1",
        "type:full",
        "tag:full",
        "tag:b",
    }


def test_costs_keep_their_digits() -> None:
    """Binary floats would not."""
    entry = Entry("x", 1.0, 2.0, cost_usd=Decimal("0.1000000000000000000000001"))
    assert Entry.from_bytes(entry.to_bytes()).cost_usd == entry.cost_usd
