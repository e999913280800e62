"""A store whose values and labels are ciphertext in the store behind it.

A value's layout::

    3 bytes    magic "LCE"
    1 byte     format version
    8 bytes    id of the key
    12 bytes   nonce
    rest       ciphertext and its tag

The header, the namespace and the entry's key are authenticated with it, so a value copied elsewhere does not open.
In clear stay: namespaces, entry keys (which are hashes), times, sizes, and which entries share a label.
"""

import struct
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from dataclasses import replace
from typing import Final

from langcache.errors import DeclarationError
from langcache.storage.base import Lease, Record, Row, Store
from langcache.storage.encrypted.keys import ID_BYTES, Cipher, EncryptionKey
from langcache.storage.wrapper import Wrapper

_START: Final = b"LCE\x01"
_HEADER_BYTES: Final = len(_START) + ID_BYTES
_LENGTHS = struct.Struct(">II")

UNREADABLE: Final = b"unreadable\0"
"""In front of bytes that nobody with a known key wrote: the checksum around each payload then refuses them."""


class EncryptedStore(Wrapper):
    """Values as AES-256-GCM ciphertext, labels as AES-SIV ciphertext; both under keys derived for each namespace.

    A value under a key that is not given is a miss, and left alone: another process may have that key. One that is
    no ciphertext, was altered, or was moved from elsewhere comes back behind :data:`UNREADABLE`, never as it is.

    Args:
        inner: where the ciphertext goes; closed with this store.
        keys: the first encrypts; all decrypt. To rotate, put a new one in front, and drop the old one when what
            it encrypted has expired.
    """

    def __init__(self, inner: Store, keys: Iterable[EncryptionKey | bytes | str]) -> None:
        super().__init__(inner)
        made = [key if isinstance(key, EncryptionKey) else EncryptionKey(key) for key in keys]
        if not made:
            raise DeclarationError("an encrypted store needs a key; make one with generate_key()")
        self._current = made[0]
        self._keys = {key.id: key for key in made}

    def get(self, namespace: str, key: str, *, now: float) -> Record | None:
        """See :meth:`Store.get`."""
        return self._opened(namespace, key, self.inner.get(namespace, key, now=now))

    def put(self, namespace: str, key: str, record: Record, *, now: float, lease: Lease | None = None) -> bool:
        """See :meth:`Store.put`."""
        return self.inner.put(namespace, key, self._sealed(namespace, key, record), now=now, lease=lease)

    def scan(self, namespace: str, *, now: float, labels: Collection[str] = ()) -> Iterator[Row]:
        """See :meth:`Store.scan`; once for each key, if there are labels to look for."""
        for cipher, hidden in self._searches(namespace, labels):
            for row in self.inner.scan(namespace, now=now, labels=hidden):
                yield replace(row, labels=self._shown(namespace, row.labels, cipher))

    async def aget(self, namespace: str, key: str, *, now: float) -> Record | None:
        """See :meth:`Store.aget`."""
        return self._opened(namespace, key, await self.inner.aget(namespace, key, now=now))

    async def aput(self, namespace: str, key: str, record: Record, *, now: float, lease: Lease | None = None) -> bool:
        """See :meth:`Store.aput`."""
        return await self.inner.aput(namespace, key, self._sealed(namespace, key, record), now=now, lease=lease)

    async def ascan(self, namespace: str, *, now: float, labels: Collection[str] = ()) -> AsyncIterator[Row]:
        """See :meth:`Store.ascan`; once for each key, if there are labels to look for."""
        for cipher, hidden in self._searches(namespace, labels):
            async for row in self.inner.ascan(namespace, now=now, labels=hidden):
                yield replace(row, labels=self._shown(namespace, row.labels, cipher))

    def _sealed(self, namespace: str, key: str, record: Record) -> Record:
        cipher, header = self._current.cipher(namespace), _START + self._current.id
        value = header + cipher.encrypt(record.value, _context(header, namespace, key))
        return replace(record, value=value, labels=frozenset(map(cipher.hide, record.labels)))

    def _opened(self, namespace: str, key: str, record: Record | None) -> Record | None:
        if record is None:
            return None
        header, body = record.value[:_HEADER_BYTES], record.value[_HEADER_BYTES:]
        value = None
        if header.startswith(_START) and len(header) == _HEADER_BYTES:
            written_with = self._keys.get(header[len(_START) :])
            if written_with is None:
                return None
            value = written_with.cipher(namespace).decrypt(body, _context(header, namespace, key))
        return replace(
            record,
            value=UNREADABLE + record.value if value is None else value,
            labels=self._shown(namespace, record.labels, None),
        )

    def _searches(self, namespace: str, labels: Collection[str]) -> list[tuple[Cipher | None, list[str]]]:
        """What to look for: a record's labels are all under the key of its value, so no two searches find it."""
        if not labels:
            return [(None, [])]
        ciphers = [key.cipher(namespace) for key in self._keys.values()]
        return [(cipher, [cipher.hide(label) for label in labels]) for cipher in ciphers]

    def _shown(self, namespace: str, hidden: Collection[str], cipher: Cipher | None) -> frozenset[str]:
        ciphers = [key.cipher(namespace) for key in self._keys.values()] if cipher is None else [cipher]
        shown = (next((label for each in ciphers if (label := each.show(text)) is not None), None) for text in hidden)
        return frozenset(label for label in shown if label is not None)


def encrypted(store: Store, *, keys: Iterable[EncryptionKey | bytes | str]) -> EncryptedStore:
    """*store*, with all it holds encrypted.

    Args:
        store: any store.
        keys: as for :class:`EncryptedStore`.

    Raises:
        DeclarationError: there is no key, or one that is none.
    """
    return EncryptedStore(store, keys)


def _context(header: bytes, namespace: str, key: str) -> bytes:
    place, name = namespace.encode(), key.encode()
    return header + _LENGTHS.pack(len(place), len(name)) + place + name
