"""Everything langcache raises.

::

    LangcacheError
    ├── DeclarationError      a profile, policy, directive or option that cannot work (also a ValueError)
    ├── StoreURLError         a store URL that names no store (also a ValueError)
    ├── NotCached             ``only-if-cached`` was asked and nothing fresh is stored
    ├── UnkeyableError        an input or runnable that cannot be part of a key
    ├── UnstorableError       an answer of a type that cannot be stored
    ├── MaskedValueUsed       a chain computed with a masked value instead of printing it
    ├── Refused               an answer that must not be stored; carries the reason, never the value
    ├── StoreError            a store failed; never reaches the chain
    │   ├── CorruptEntry      stored bytes that fail their checksum or format
    │   │   └── EncryptedEntry    stored bytes whose key was not given: well, and somebody else's
    │   └── ForeignFile       a database file that is not ours
    └── StageFailed           a stage of a pipeline failed; defined in `langcache.stages`

Only the first three ever reach a caller of a wrapped chain, and `StageFailed` whoever runs a pipeline: a cache that
fails never fails the chain.
"""

__all__ = [
    "CorruptEntry",
    "DeclarationError",
    "EncryptedEntry",
    "ForeignFile",
    "LangcacheError",
    "MaskedValueUsed",
    "NotCached",
    "Refused",
    "StoreError",
    "StoreURLError",
    "UnkeyableError",
    "UnstorableError",
]


class LangcacheError(Exception):
    """The base of every error in this package."""


class DeclarationError(LangcacheError, ValueError):
    """A declaration that cannot work; the message names the field and the fix."""


class StoreURLError(LangcacheError, ValueError):
    """A store URL that cannot be understood; the message shows one that can."""


class NotCached(LangcacheError):
    """``only-if-cached`` was asked for and no stored answer may be used (RFC 9111, 5.2.1.7)."""


class UnkeyableError(LangcacheError, TypeError):
    """A value or runnable has no canonical encoding, so no key can stand for it."""


class UnstorableError(LangcacheError, TypeError):
    """An answer whose type cannot be written down as data and rebuilt."""


class MaskedValueUsed(LangcacheError, TypeError):
    """A chain computed with a masked value; the run is repeated on real values."""


class Refused(LangcacheError):
    """An answer that must not be stored.

    Args:
        reason: a short stable code, such as ``"leak"`` or ``"truncated"``; statistics count by it.
        slot: name of the slot concerned, never its value.
        form: how the value showed, such as ``"exact"`` or ``"partial"``.
        position: offset in the answer's text, in characters.
    """

    def __init__(
        self, reason: str, *, slot: str | None = None, form: str | None = None, position: int | None = None
    ) -> None:
        self.reason, self.slot, self.form, self.position = reason, slot, form, position
        where = ", ".join(
            f"{name} {value}" for name, value in (("slot", slot), ("form", form), ("at", position)) if value is not None
        )
        super().__init__(f"{reason} ({where})" if where else reason)


class StoreError(LangcacheError):
    """A store could not do what was asked; the chain answers without it."""


class CorruptEntry(StoreError):
    """Stored bytes are not what was written."""


class EncryptedEntry(CorruptEntry):
    """Stored bytes are encrypted and no key was given: of no use here, but neither set aside nor overwritten."""


class ForeignFile(StoreError):
    """A file at the store's path that langcache did not make; it is neither written nor moved."""
