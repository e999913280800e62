"""The texts in an account's rows."""

from langcache.errors import EncryptedEntry

__all__ = ["require_clear"]


def require_clear(text: object) -> None:
    """Let no sum be made without what is encrypted: it would pass for an idle cache.

    Args:
        text: a list in JSON, as all names in rows are; or None.

    Raises:
        EncryptedEntry: it is another text.
    """
    if text is not None and not str(text).startswith("["):  # no ciphertext does, in base64
        raise EncryptedEntry("the account is encrypted, and its key was not given")
