"""What a command that looks into entries needs: the key, where they are encrypted."""

from langcache.errors import EncryptedEntry
from langcache.runtime.cache import Cache
from langcache.runtime.inspection import is_encrypted

__all__ = ["require_readable"]


def require_readable(cache: Cache, name: str = "the cache") -> None:
    """Let no command say that there is nothing where it only cannot see it.

    Raises:
        EncryptedEntry: what *cache* holds is encrypted, and its key was not given; it is called *name*.
    """
    if is_encrypted(cache):
        raise EncryptedEntry(f"{name} is encrypted, and its key was not given")
