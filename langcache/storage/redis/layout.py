"""How records lie in Redis: the names of keys, and the header in front of each value.

Names::

    <prefix>e:{<bytes in namespace>:<namespace>:<key>}   the entry, a string
    <prefix>l:{<the same>}                               its lease, a hash
    <prefix>w:{<the same>}                               wakes those who wait for the lease, a stream
    <prefix>c:{<bytes in namespace>:<namespace>:<name>}  a sheet of counts, a hash: one field for each cell
    <prefix>b:{<the same>}:<batch>                       says that the batch has been added to that sheet

The length in front makes every name say one namespace and key only. The braces are a hash tag: whatever a key
holds, the part that Redis Cluster hashes (to the first closing brace) is the same in all three names, so that
they share a slot.

Header, big-endian::

    4 bytes   magic "LCR1"
    4 bytes   crc32 of the rest of the header, the labels included
    8 bytes   when the answer was made, seconds since the epoch
    8 bytes   when it is gone, seconds since the epoch; infinity: never
    4 bytes   length of the labels, in bytes
    rest      labels, each behind its length in 4 bytes

Bytes without a whole header are handed on as a value without labels: whether they mean anything is for the
checksum around each payload to say.
"""

import math
import struct
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from langcache.storage.base import Record, Row

HEAD_BYTES: Final = 256
"""As much of a value as a scan reads first; nearly all headers are shorter."""

_MAGIC: Final = b"LCR1"
_CHECKED = struct.Struct(">ddI")
_START = struct.Struct(">4sI")
_LENGTH = struct.Struct(">I")
_FIXED_BYTES: Final = _START.size + _CHECKED.size
_GLOB = str.maketrans({letter: "\\" + letter for letter in "\\*?[]^-"})


@dataclass(frozen=True, slots=True)
class Names:
    """What keys are called.

    Args:
        prefix: in front of all names, so that a database can be shared.
    """

    prefix: str

    def entry(self, namespace: str, key: str) -> bytes:
        """Where the record is."""
        return self._name("e", namespace, key)

    def lease(self, namespace: str, key: str) -> bytes:
        """Where the lease is."""
        return self._name("l", namespace, key)

    def wake(self, namespace: str, key: str) -> bytes:
        """Where those who wait for the lease are told."""
        return self._name("w", namespace, key)

    def sheet(self, namespace: str, name: str) -> bytes:
        """Where a sheet of counts is."""
        return self._name("c", namespace, name)

    def batch(self, namespace: str, name: str, batch: str) -> bytes:
        """What is there once *batch* has been added to a sheet."""
        return self._name("b", namespace, name) + b":" + batch.encode()

    def entries(self, namespace: str | None) -> bytes:
        """A pattern for all entries of *namespace*, or of all of them."""
        return self._pattern("e", namespace)

    def leases(self, namespace: str) -> bytes:
        """A pattern for all leases of *namespace*."""
        return self._pattern("l", namespace)

    def wake_of(self, lease: bytes) -> bytes:
        """The name beside the lease's own name."""
        start = len(self.prefix.encode())
        return lease[:start] + b"w" + lease[start + 1 :]

    def read(self, entry: bytes) -> tuple[str, str]:
        """The namespace and key of an entry's name."""
        length, _, rest = entry[len(self.prefix.encode()) + 3 : -1].partition(b":")
        return rest[: int(length)].decode(), rest[int(length) + 1 :].decode()

    def _name(self, kind: str, namespace: str, key: str) -> bytes:
        return f"{self.prefix}{kind}:{{{len(namespace.encode())}:{namespace}:{key}}}".encode()

    def _pattern(self, kind: str, namespace: str | None) -> bytes:
        start = f"{self.prefix}{kind}:{{"
        if namespace is not None:
            start += f"{len(namespace.encode())}:{namespace}:"
        return (start.translate(_GLOB) + "*").encode()


def pack(record: Record) -> bytes:
    """*record* as one string."""
    return header(record) + record.value


def header(record: Record) -> bytes:
    """What stands in front of the value."""
    labels = b"".join(_LENGTH.pack(len(label)) + label for label in sorted(map(str.encode, record.labels)))
    expires_at = math.inf if record.expires_at is None else record.expires_at
    checked = _CHECKED.pack(record.created_at, expires_at, len(labels)) + labels
    return _START.pack(_MAGIC, crc32(checked)) + checked


def unpack(data: bytes) -> Record:
    """The record in *data*."""
    found = _read(data)
    if found is None:
        return Record(data, 0.0)
    size, created_at, expires_at, labels = found
    return Record(data[size:], created_at, expires_at, labels)


def row(key: str, head: bytes, size_bytes: int) -> Row:
    """What a scan shows of the string that begins with *head*."""
    found = _read(head)
    _, created_at, expires_at, labels = (0, 0.0, None, frozenset[str]()) if found is None else found
    return Row(key, size_bytes, created_at, expires_at, labels)


def header_bytes(head: bytes) -> int:
    """How long the header that begins with *head* says it is, in bytes."""
    if len(head) < _FIXED_BYTES or not head.startswith(_MAGIC):
        return 0
    return _FIXED_BYTES + int(_CHECKED.unpack_from(head, _START.size)[2])


def _read(data: bytes) -> tuple[int, float, float | None, frozenset[str]] | None:
    size = header_bytes(data)
    if not size or size > len(data) or _START.unpack_from(data)[1] != crc32(data[_START.size : size]):
        return None
    created_at, expires_at, _ = _CHECKED.unpack_from(data, _START.size)
    labels, at = [], _FIXED_BYTES
    while at < size:
        end = at + _LENGTH.size + _LENGTH.unpack_from(data, at)[0]
        labels.append(data[at + _LENGTH.size : end].decode())
        at = end
    return size, created_at, None if expires_at == math.inf else expires_at, frozenset(labels)
