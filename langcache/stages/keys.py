"""What makes two stage runs the same: pure.

The *base* is all that is known before a stage runs; the key adds what the run read. Since what a run reads is known
only afterwards, the sets of things read are kept by base, and each leads to at most one entry (verifying traces:
Mokhov, Mitchell, Peyton Jones, "Build Systems à la Carte", 2018, 4.2.2).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from langcache.core.encoding import SCHEME, canonical, digest

__all__ = ["FORMAT", "Parts", "cache_key", "entry_place", "lease_place", "reads_place", "session_place"]

FORMAT = 1
"""Version of entries and keys: a change makes old entries unreachable instead of wrong."""

KEY_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Parts:
    """All that a stage's run depends on but the things it reads; digests, never values.

    Attributes:
        pipeline, family: where it is declared.
        prompt_hash, agent_version: as declared, or found in its runnable.
        code: digest of its code, or of its explicit version.
        item: digest of the item; None without for_each.
        dependencies: what it is given, in order, with output hashes; see `Task.given`.
    """

    pipeline: str
    family: str
    prompt_hash: str | None
    agent_version: str | None
    code: str
    item: str | None
    dependencies: Sequence[Any]

    def base(self) -> str:
        """The digest of all of it."""
        parts: list[Any] = [
            "langcache stage", SCHEME, FORMAT, self.pipeline, self.family, self.prompt_hash, self.agent_version,
            self.code, self.item, list(self.dependencies),
        ]  # fmt: skip
        return digest(canonical(parts))


def cache_key(instance: str, base: str, tokens: Iterable[str], digest_of: Callable[[str], str]) -> str:
    """The key of the entry made by a run that read *tokens*, each with the digest it has now."""
    reads = {token: digest_of(token) for token in tokens}
    return f"{instance}:{digest(canonical([base, reads]))[:KEY_DIGITS]}"


def entry_place(key: str) -> str:
    """Where in the namespace an entry is stored."""
    return f"entry/{key}"


def reads_place(base: str) -> str:
    """Where the sets of things read are kept."""
    return f"reads/{base}"


def lease_place(base: str, inputs: str) -> str:
    """What two runs of one stage on the same inputs must both hold, known before either runs."""
    return f"run/{base}/{inputs}"


def session_place(session_id: str) -> str:
    """Where a session's account is kept."""
    return f"session/{session_id}"
