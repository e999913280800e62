"""A store whose values and labels are ciphertext in the store behind it.

A value's layout::

    3 bytes    magic "LCE"
    1 byte     format version
    8 bytes    id of the key
    12 bytes   nonce
    rest       ciphertext and its tag

The header, the namespace and the entry's key are authenticated with it, so a value copied elsewhere does not open.
In clear stay: namespaces, entry keys (which are hashes), times, sizes, and which entries share a label; of counts, the
names of sheets and fields, which are words of langcache, and the numbers, but not what a row is about.
"""

import logging
import struct
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from dataclasses import replace
from typing import Final

from langcache.errors import DeclarationError
from langcache.storage.base import Cells, Lease, Record, Row, Sheet, Store
from langcache.storage.codec import CIPHERTEXT
from langcache.storage.counters import Sum, add_up
from langcache.storage.encrypted.keys import ID_BYTES, Cipher, EncryptionKey
from langcache.storage.wrapper import Wrapper

logger = logging.getLogger("langcache")

_HEADER_BYTES: Final = len(CIPHERTEXT) + ID_BYTES
_UNKNOWN_TOLD: Final = 8
_LENGTHS = struct.Struct(">II")

UNREADABLE: Final = b"unreadable\0"
"""In front of bytes that nobody with a known key wrote: the checksum around each payload then refuses them."""


class EncryptedStore(Wrapper):
    """Values as AES-256-GCM ciphertext, labels as AES-SIV ciphertext; both under keys derived for each namespace.

    A value under a key that is not given is a miss, told once, and left alone: another process may have it. One that is
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
        self._unknown: set[bytes] = set()
        self._told_of_sums = False

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

    def add_counts(self, namespace: str, sheets: Collection[Sheet], *, batch: str, now: float) -> None:
        """See :meth:`Store.add_counts`."""
        self.inner.add_counts(namespace, self._hidden_sheets(namespace, sheets), batch=batch, now=now)

    def read_counts(self, namespace: str, names: Collection[str], *, now: float) -> dict[str, dict[str, Cells]]:
        """See :meth:`Store.read_counts`; what was added under several keys adds up."""
        return self._shown_sheets(namespace, self.inner.read_counts(namespace, names, now=now))

    def drop_counts(self, namespace: str, name: str, rows: Collection[str]) -> None:
        """See :meth:`Store.drop_counts`."""
        self.inner.drop_counts(namespace, name, self._hidden_rows(namespace, rows))

    async def aadd_counts(self, namespace: str, sheets: Collection[Sheet], *, batch: str, now: float) -> None:
        """See :meth:`Store.aadd_counts`."""
        await self.inner.aadd_counts(namespace, self._hidden_sheets(namespace, sheets), batch=batch, now=now)

    async def aread_counts(self, namespace: str, names: Collection[str], *, now: float) -> dict[str, dict[str, Cells]]:
        """See :meth:`Store.aread_counts`; what was added under several keys adds up."""
        return self._shown_sheets(namespace, await self.inner.aread_counts(namespace, names, now=now))

    async def adrop_counts(self, namespace: str, name: str, rows: Collection[str]) -> None:
        """See :meth:`Store.adrop_counts`."""
        await self.inner.adrop_counts(namespace, name, self._hidden_rows(namespace, rows))

    def _hidden_sheets(self, namespace: str, sheets: Collection[Sheet]) -> list[Sheet]:
        """Rows under other names, always the same, so that the store behind adds them up."""
        cipher = self._current.cipher(namespace)
        return [
            replace(sheet, rows={cipher.hide(row): _hidden_texts(cipher, cells) for row, cells in sheet.rows.items()})
            for sheet in sheets
        ]

    def _hidden_rows(self, namespace: str, rows: Collection[str]) -> list[str]:
        return [key.cipher(namespace).hide(row) for key in self._keys.values() for row in rows]

    def _shown_sheets(self, namespace: str, found: dict[str, dict[str, Cells]]) -> dict[str, dict[str, Cells]]:
        shown: dict[str, dict[str, Cells]] = {}
        for name, rows in found.items():
            sums: dict[str, Sum] = {}
            for hidden, cells in rows.items():
                ciphers = (key.cipher(namespace) for key in self._keys.values())
                found_by = next(((row, each) for each in ciphers if (row := each.show(hidden)) is not None), None)
                if found_by is None:
                    self._warn_of_sums()
                    continue
                row, cipher = found_by
                add_up(sums.setdefault(row, {}), _shown_texts(cipher, cells))
            shown[name] = dict(sums)
        return shown

    def _sealed(self, namespace: str, key: str, record: Record) -> Record:
        cipher, header = self._current.cipher(namespace), CIPHERTEXT + self._current.id
        value = header + cipher.encrypt(record.value, _context(header, namespace, key))
        return replace(record, value=value, labels=frozenset(map(cipher.hide, record.labels)))

    def _opened(self, namespace: str, key: str, record: Record | None) -> Record | None:
        if record is None:
            return None
        header, body = record.value[:_HEADER_BYTES], record.value[_HEADER_BYTES:]
        value = None
        if header.startswith(CIPHERTEXT) and len(header) == _HEADER_BYTES:
            written_with = self._keys.get(header[len(CIPHERTEXT) :])
            if written_with is None:
                self._warn_of(header[len(CIPHERTEXT) :])
                return None
            value = written_with.cipher(namespace).decrypt(body, _context(header, namespace, key))
        return replace(
            record,
            value=UNREADABLE + record.value if value is None else value,
            labels=self._shown(namespace, record.labels, None),
        )

    def _warn_of(self, unknown: bytes) -> None:
        """Say once that a key is missing; of unknown ones a few are told, since any bytes look like one."""
        if unknown not in self._unknown and len(self._unknown) < _UNKNOWN_TOLD:
            self._unknown.add(unknown)
            logger.warning(
                "langcache: stored entries are encrypted under the key %s, which was not given, and count as misses; "
                "if it is still in use, give it in encryption_keys=, behind the current one",
                unknown.hex(),
            )

    def _warn_of_sums(self) -> None:
        if not self._told_of_sums:
            self._told_of_sums = True
            logger.warning(
                "langcache: counts are encrypted under a key that was not given, or are in clear, and are missing in "
                "every sum; if the key is still in use, give it in encryption_keys=, behind the current one"
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


def _hidden_texts(cipher: Cipher, cells: Cells) -> Cells:
    return {name: cipher.hide(value) if isinstance(value, str) else value for name, value in cells.items()}


def _shown_texts(cipher: Cipher, cells: Cells) -> Cells:
    shown = {name: cipher.show(value) if isinstance(value, str) else value for name, value in cells.items()}
    return {name: value for name, value in shown.items() if value is not None}


def _context(header: bytes, namespace: str, key: str) -> bytes:
    place, name = namespace.encode(), key.encode()
    return header + _LENGTHS.pack(len(place), len(name)) + place + name
