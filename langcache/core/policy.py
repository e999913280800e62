"""Whether a stored answer may be served: lifetimes and directives, decided in one place."""

from dataclasses import dataclass
from typing import Literal

from langcache.core.directives import Directives
from langcache.core.entry import Entry

__all__ = ["Expiry", "Verdict", "judge"]

Verdict = Literal["none", "fresh", "revalidate", "stale"]

KEPT_STALE_S = 86_400.0
"""An expired entry is kept this much longer at least, for a call that asks for ``stale-if-error``."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """How long answers live.

    Attributes:
        ttl_s: fresh for this long.
        jitter: share of the lifetime by which each entry's is shortened at random, so that entries written
            together do not expire together.
        stale_if_error_s, stale_while_revalidate_s: what applies where no directive says otherwise.
    """

    ttl_s: float
    jitter: float = 0.0
    stale_if_error_s: float | None = None
    stale_while_revalidate_s: float | None = None

    def fresh_until(self, now: float, chance: float = 0.0) -> float:
        """When an entry written *now* expires; *chance* in [0, 1) picks its share of the jitter."""
        return now + self.ttl_s * (1.0 - self.jitter * chance)

    def gone_at(self, fresh_until: float) -> float:
        """When the store may drop it."""
        return fresh_until + max(self.stale_if_error_s or 0, self.stale_while_revalidate_s or 0, KEPT_STALE_S)


def judge(entry: Entry | None, asked: Directives, expiry: Expiry, now: float) -> Verdict:
    """What *entry* is good for.

    ``fresh``: serve it. ``revalidate``: serve it and refresh in the background. ``stale``: only instead of an error.
    """
    if entry is None:
        return "none"
    fresh_until = entry.fresh_until
    if asked.max_age_s is not None:
        fresh_until = min(fresh_until, entry.created_at + asked.max_age_s)
    if now < fresh_until:
        return "fresh"
    expired_s = now - fresh_until
    # Who asks for max-age accepts nothing older (RFC 9111, 5.2.1.1), unless the same request says so.
    defaults = expiry if asked.max_age_s is None else _NO_DEFAULTS
    if expired_s < _allowed(asked.stale_while_revalidate_s, defaults.stale_while_revalidate_s):
        return "revalidate"
    if expired_s < _allowed(asked.stale_if_error_s, defaults.stale_if_error_s):
        return "stale"
    return "none"


def _allowed(asked_s: float | None, default_s: float | None) -> float:
    return (default_s or 0.0) if asked_s is None else asked_s


_NO_DEFAULTS = Expiry(0.0)
