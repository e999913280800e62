"""The envelope: the payload comes back under its key, and anything else is corrupt."""

from random import Random

import pytest
from hypothesis import example, given, strategies as st

from langcache.errors import CorruptEntry
from langcache.storage.codec import COMPRESS_FROM_BYTES, open_sealed, seal

keys = st.text(max_size=80)
payloads = st.binary(max_size=300) | st.builds(lambda part: part * 500, st.binary(min_size=10, max_size=40))


@given(keys, payloads)
@example("", b"")
def test_what_was_sealed_is_opened(key, payload):
    """Any payload, any key."""
    assert open_sealed(key, seal(key, payload)) == payload


@given(keys, keys, payloads)
def test_another_key_is_corrupt(key, other, payload):
    """An entry copied under another key is refused there."""
    if key == other:
        other += "x"
    with pytest.raises(CorruptEntry):
        open_sealed(other, seal(key, payload))


@given(payloads, st.data())
def test_any_changed_byte_is_corrupt(payload, data):
    """Each byte counts, header and body."""
    sealed = bytearray(seal("k", payload))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CorruptEntry):
        open_sealed("k", bytes(sealed))


@given(payloads, st.data())
def test_any_cut_is_corrupt(payload, data):
    """A torn write is never half an answer."""
    sealed = seal("k", payload)
    with pytest.raises(CorruptEntry):
        open_sealed("k", sealed[: data.draw(st.integers(0, len(sealed) - 1))])


@given(st.binary(max_size=400) | st.builds(lambda tail: b"LC\x01\x01" + tail, st.binary(max_size=400)))
def test_any_bytes_are_corrupt_and_nothing_worse(data):
    """Bytes that nobody sealed raise CorruptEntry, never another error."""
    with pytest.raises(CorruptEntry):
        open_sealed("k", data)


def test_long_text_takes_less_room():
    """Compression is used where it pays, and only there."""
    text = b"The plan has ten steps. " * 1000
    assert len(seal("k", text)) < len(text) // 4
    noise = Random(0).randbytes(COMPRESS_FROM_BYTES)
    assert seal("k", noise).endswith(noise)
