"""The envelope around a stored payload: what comes out is what went in under the same key, or nothing.

Layout, big-endian::

    2 bytes  magic "LC"
    1 byte   format version
    1 byte   flags; bit 0: the body is zlib-compressed
    4 bytes  payload length, in bytes, before compression
    16 bytes blake2b over the header so far, the entry's key (length-prefixed), and the body
    rest     body

The checksum covers the key, so an entry copied under another key is corrupt there. It detects accidents; it
is no signature, since it has no secret.
"""

import struct
import zlib
from hashlib import blake2b
from typing import Final

from langcache.errors import CorruptEntry, EncryptedEntry

MAGIC: Final = b"LC"
CIPHERTEXT: Final = b"LCE\x01"
"""How a value of `langcache.storage.encrypted` begins, in place of a payload of ours; the last byte is its version."""
VERSION: Final = 1
COMPRESSED: Final = 1
COMPRESS_FROM_BYTES: Final = 4096
"""Payloads from this size on are compressed; below, inflating costs a hit more than reading the bytes."""

_PREFIX = struct.Struct(">2sBBI")
_KEY_LENGTH = struct.Struct(">I")
_DIGEST_BYTES = 16
_HEADER_BYTES = _PREFIX.size + _DIGEST_BYTES
_MAX_PAYLOAD_BYTES = 2**32 - 1
_SHORTEST_CIPHERTEXT_BYTES = len(CIPHERTEXT) + 8 + 12 + _HEADER_BYTES + 16
"""Of an empty payload: id of the key, nonce, what :func:`seal` adds, tag."""


def is_ciphertext(data: bytes) -> bool:
    """Whether *data* looks like a value of `langcache.storage.encrypted`; nobody without its key can tell more."""
    return data.startswith(CIPHERTEXT) and len(data) >= _SHORTEST_CIPHERTEXT_BYTES


def seal(key: str, payload: bytes, *, compress: bool = True) -> bytes:
    """Wrap *payload* for storage under *key*; large ones compressed unless *compress* is False.

    Raises:
        ValueError: the payload is 4 GiB or more.
    """
    if len(payload) > _MAX_PAYLOAD_BYTES:
        raise ValueError(f"a payload of {len(payload)} bytes cannot be stored; the limit is 4 GiB")
    flags, body = 0, payload
    if compress and len(payload) >= COMPRESS_FROM_BYTES:
        packed = zlib.compress(payload)
        if len(packed) <= len(payload) * 3 // 4:
            flags, body = COMPRESSED, packed
    prefix = _PREFIX.pack(MAGIC, VERSION, flags, len(payload))
    return prefix + _digest(prefix, key, body) + body


def open_sealed(key: str, data: bytes) -> bytes:
    """The payload that :func:`seal` wrapped under *key*.

    Raises:
        EncryptedEntry: *data* is the ciphertext of one.
        CorruptEntry: *data* is anything else.
    """
    if is_ciphertext(data):
        raise EncryptedEntry("a stored entry is encrypted, and no key was given")
    if len(data) < _HEADER_BYTES:
        raise CorruptEntry("a stored entry is too short to be one")
    prefix, digest = data[: _PREFIX.size], data[_PREFIX.size : _HEADER_BYTES]
    magic, version, flags, length = _PREFIX.unpack(prefix)
    if magic != MAGIC or version != VERSION or flags & ~COMPRESSED:
        raise CorruptEntry("a stored entry has an unknown format")
    body = data[_HEADER_BYTES:]
    if digest != _digest(prefix, key, body):
        raise CorruptEntry("a stored entry fails its checksum")
    payload = _inflate(body, length) if flags else body
    if len(payload) != length:
        raise CorruptEntry("a stored entry has the wrong length")
    return payload


def _digest(prefix: bytes, key: str, body: bytes) -> bytes:
    name = key.encode("utf-8", "surrogatepass")
    state = blake2b(prefix + _KEY_LENGTH.pack(len(name)) + name, digest_size=_DIGEST_BYTES)
    state.update(body)
    return state.digest()


def _inflate(body: bytes, length: int) -> bytes:
    # Never more than the header promised, so that forged bytes cannot fill the memory; the one byte more
    # lets the caller's length check see a body that is too long.
    inflator = zlib.decompressobj()
    try:
        return inflator.decompress(body, length + 1)
    except zlib.error as error:
        raise CorruptEntry("a stored entry cannot be decompressed") from error
