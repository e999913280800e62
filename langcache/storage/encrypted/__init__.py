"""Encryption at rest, in front of any store."""

from langcache.storage.encrypted.keys import EncryptionKey, generate_key
from langcache.storage.encrypted.store import EncryptedStore, encrypted

__all__ = ["EncryptedStore", "EncryptionKey", "encrypted", "generate_key"]
