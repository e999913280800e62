"""Whether a stored answer may be served: lifetimes and directives, decided in one place."""

import math
from dataclasses import dataclass
from typing import Literal

from langcache.core.directives import Directives
from langcache.core.entry import Entry
from langcache.errors import DeclarationError

__all__ = ["Expiry", "Verdict", "is_early", "judge"]

Verdict = Literal["none", "fresh", "early", "revalidate", "stale"]

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
        early_refresh: how eagerly a fresh answer is fetched anew shortly before it expires, see `is_early`; None for
            not at all.

    Raises:
        DeclarationError: *early_refresh* is no such number.
    """

    ttl_s: float
    jitter: float = 0.0
    stale_if_error_s: float | None = None
    stale_while_revalidate_s: float | None = None
    early_refresh: float | None = None

    def __post_init__(self) -> None:
        beta = self.early_refresh
        if beta is not None and not 0 < beta < math.inf:
            raise DeclarationError(f"early_refresh is a number above zero, or None for none, not {beta!r}")

    def fresh_until(self, now: float, chance: float = 0.0) -> float:
        """When an entry written *now* expires; *chance* in [0, 1) picks its share of the jitter."""
        return now + self.ttl_s * (1.0 - self.jitter * chance)

    def gone_at(self, fresh_until: float) -> float:
        """When the store may drop it."""
        return fresh_until + max(self.stale_if_error_s or 0, self.stale_while_revalidate_s or 0, KEPT_STALE_S)


def judge(entry: Entry | None, asked: Directives, expiry: Expiry, now: float, chance: float = 1.0) -> Verdict:
    """What *entry* is good for.

    ``fresh``: serve it. ``early``: it is fresh; serve it and refresh in the background. ``revalidate``: it has expired;
    the same. ``stale``: only instead of an error. Only *chance*, drawn from (0, 1], makes an answer ``early``.
    """
    if entry is None:
        return "none"
    fresh_until = entry.fresh_until
    if asked.max_age_s is not None:
        fresh_until = min(fresh_until, entry.created_at + asked.max_age_s)
    if now < fresh_until:
        return "early" if is_early(entry, expiry.early_refresh, now, chance) else "fresh"
    expired_s = now - fresh_until
    # Who asks for max-age accepts nothing older (RFC 9111, 5.2.1.1), unless the same request says so.
    defaults = expiry if asked.max_age_s is None else _NO_DEFAULTS
    if expired_s < _allowed(asked.stale_while_revalidate_s, defaults.stale_while_revalidate_s):
        return "revalidate"
    if expired_s < _allowed(asked.stale_if_error_s, defaults.stale_if_error_s):
        return "stale"
    return "none"


def is_early(entry: Entry, beta: float | None, now: float, chance: float) -> bool:
    """Whether to fetch *entry* anew though it is fresh: XFetch.

    The nearer its expiry and the longer fetching takes, the likelier; of many readers, one is expected to begin in
    time for the new answer to be there when the old one expires (A. Vattani, F. Chierichetti, K. Lowenstein, "Optimal
    Probabilistic Cache Stampede Prevention", PVLDB 8(8), 2015, figure 4). *beta* = 1 is optimal there; more is earlier.
    """
    return beta is not None and now - entry.took_s * beta * math.log(chance) >= entry.fresh_until


def _allowed(asked_s: float | None, default_s: float | None) -> float:
    return (default_s or 0.0) if asked_s is None else asked_s


_NO_DEFAULTS = Expiry(0.0)
