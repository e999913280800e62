"""Digests of the user's values: plain data, and LangChain's messages and documents by what they say."""

import sys
from typing import Any

from langcache.core.encoding import canonical, digest
from langcache.runtime.doors import door

__all__ = ["digest_of_value"]


def digest_of_value(value: Any) -> str:
    """The digest of *value*; a message's id and usage do not count.

    Raises:
        UnkeyableError: it is no data.
    """
    return digest(canonical(value, _foreign))


def _foreign(value: Any) -> Any:
    if "langchain_core.messages" not in sys.modules:
        return NotImplemented
    return door("plain_message")(value)
