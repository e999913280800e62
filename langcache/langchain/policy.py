"""What to do for one chain of an app nobody rewrites (door 2)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langcache.core.directives import parse
from langcache.core.naming import check_labels, names
from langcache.core.profile import Profile
from langcache.errors import DeclarationError

__all__ = ["ChainPolicy"]

METADATA_NAME = "chain"


@dataclass(frozen=True)
class ChainPolicy:
    """How the calls of one chain are cached when they reach the model doors.

    A call belongs to the chain if its ``run_name``, one of its tags, or ``metadata["chain"]`` is *name*.

    Args:
        name: the chain's name.
        profile: what of the user decides, fills, or does neither; a value in ``metadata["profile"]`` beats one among
            the prompt's variables, which beats one from ``with cache.user({...})``. Without a profile, exact caching.
        prompt_version: part of the key.
        generation_type, tags: label entries for statistics and invalidation.
        directives: what applies to this chain unless a call says otherwise.

    Raises:
        DeclarationError: the profile is not a `Profile`, the name is empty, a label cannot be written down, or a
            directive is unknown.
    """

    name: str
    profile: type[Profile] | None = None
    prompt_version: str | None = None
    generation_type: str | None = None
    tags: str | Sequence[str] = ()
    directives: str | Iterable[str] | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise DeclarationError("a ChainPolicy needs the chain's name")
        if self.profile is not None and not (isinstance(self.profile, type) and issubclass(self.profile, Profile)):
            raise DeclarationError(f"policy {self.name!r}: profile is a subclass of langcache.Profile")
        check_labels(
            name=self.name,
            prompt_version=self.prompt_version,
            generation_type=self.generation_type,
            tags=names(self.tags),
        )
        parse(self.directives)

    def covers(self, run_name: str | None, tags: Iterable[str], metadata: Mapping[str, Any]) -> bool:
        """Whether a call with this run name, these tags and this metadata belongs to the chain."""
        return self.name in (run_name, metadata.get(METADATA_NAME)) or self.name in tags
