"""Opening the store a cache was told of: by URL, by environment, by default; sealed where there are keys."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from langcache.errors import DeclarationError, StoreError, StoreURLError
from langcache.runtime.offline import OfflineStore
from langcache.storage.base import Store
from langcache.storage.registry import default_url, open_store

__all__ = ["ENV_URL", "open_or_offline", "sealed"]

ENV_URL = "LANGCACHE_URL"


def open_or_offline(url: str | None, options: Mapping[str, Any]) -> Store:
    """The store at *url*, else at ``LANGCACHE_URL``, else the user's own; one that cannot be opened is offline.

    Raises:
        StoreURLError: the URL names no store.
    """
    if not isinstance(url, str | None):  # named by its type: a text that went astray may hold a password
        raise StoreURLError(f"a store URL is text, not a {type(url).__name__}; write sqlite:///langcache.db")
    try:
        return open_store(url or os.environ.get(ENV_URL) or default_url(), **options)
    except StoreError as error:
        return OfflineStore(error)


def sealed(store: Store, keys: Sequence[bytes | str]) -> Store:
    """*store*, encrypted under the first of *keys* and readable under all, if there are any.

    Raises:
        DeclarationError: a key is none, or cryptography is not installed.
    """
    if not keys:
        return store
    try:
        from langcache.storage.encrypted import encrypted
    except ModuleNotFoundError as error:
        fix = 'pip install "langcache-middleware[encryption]"'
        raise DeclarationError(f"encryption_keys need {error.name}: {fix}") from error
    return encrypted(store, keys=keys)
