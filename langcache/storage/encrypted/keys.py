"""Keys, and what is derived from them: an id to find them by, and a cipher of its own for each namespace.

Derivation is HKDF-SHA256 (RFC 5869) with the purpose and the namespace as its info, so that no tenant's key says
anything of another's.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from langcache.errors import DeclarationError

KEY_BYTES: Final = 32
ID_BYTES: Final = 8

_NONCE_BYTES: Final = 12
_CIPHERS: Final = 1024
"""Namespaces whose ciphers are kept; making one anew takes some 20 microseconds."""

_LABELS: Final = 4096
"""Labels whose other form is kept."""


class EncryptionKey:
    """A key of 256 bits.

    Args:
        secret: 32 bytes, or those in base64 as :func:`generate_key` writes them.

    Raises:
        DeclarationError: *secret* is neither; the message does not hold it.
    """

    def __init__(self, secret: bytes | str) -> None:
        self._secret = secret if isinstance(secret, bytes) else _decoded(secret)
        if len(self._secret) != KEY_BYTES:
            raise DeclarationError(f"an encryption key has {KEY_BYTES} bytes; make one with generate_key()")
        self.id = self._derive(b"id", "", ID_BYTES)
        self.cipher = lru_cache(_CIPHERS)(self._cipher)

    def __repr__(self) -> str:
        return f"EncryptionKey(id={self.id.hex()})"

    def _cipher(self, namespace: str) -> "Cipher":
        values = self._derive(b"values", namespace, KEY_BYTES)
        return Cipher(values, self._derive(b"labels", namespace, 2 * KEY_BYTES))

    def _derive(self, purpose: bytes, namespace: str, length: int) -> bytes:
        info = b"langcache\0" + purpose + b"\0" + namespace.encode()
        return HKDF(SHA256(), length, salt=None, info=info).derive(self._secret)


class Cipher:
    """Encrypts for one namespace.

    Args:
        values: key for values, AES-256-GCM (NIST SP 800-38D) with random nonces: below 2**32 puts per namespace.
        labels: key for labels, AES-SIV (RFC 5297): equal labels look equal, so that they can be searched for.
    """

    def __init__(self, values: bytes, labels: bytes) -> None:
        self._values, self._labels = AESGCM(values), AESSIV(labels)
        # The same few labels come again and again.
        self.hide, self.show = lru_cache(_LABELS)(self._hide), lru_cache(_LABELS)(self._show)

    def encrypt(self, value: bytes, context: bytes) -> bytes:
        """*value* as ciphertext that opens only with the same *context*."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._values.encrypt(nonce, value, context)

    def decrypt(self, data: bytes, context: bytes) -> bytes | None:
        """What was encrypted; None if *data* is not that, or *context* differs."""
        try:
            return self._values.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError):
            return None

    def _hide(self, label: str) -> str:
        """*label* as another text, always the same."""
        # A byte in front, since SIV takes no empty text.
        return urlsafe_b64encode(self._labels.encrypt(b"\0" + label.encode(), None)).decode()

    def _show(self, hidden: str) -> str | None:
        """The label behind *hidden*; None if there is none."""
        try:
            return self._labels.decrypt(urlsafe_b64decode(hidden), None)[1:].decode()
        except (InvalidTag, ValueError):
            return None


def generate_key() -> str:
    """A new random key, in base64: to be kept where secrets are kept, never in the store it is for."""
    return urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _decoded(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text)
    except (NotBase64, ValueError):
        raise DeclarationError("an encryption key is 32 bytes in base64; make one with generate_key()") from None
