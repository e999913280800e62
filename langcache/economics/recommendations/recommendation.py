"""What a recommendation is, and how sure it may be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import sqrt
from typing import Literal

from langcache.runtime.account.plain import Plain

__all__ = ["Effort", "Recommendation", "lower_bound"]

Effort = Literal["low", "medium", "high"]

Z = 1.6448536269514722
"""The normal quantile of 95 %, one-sided."""


@dataclass(frozen=True, slots=True)
class Recommendation(Plain):
    """A change worth making.

    Attributes:
        strategy: a short stable name, such as ``"unneeded-feature"``.
        description: what to change, why, and from how many observations that follows.
        potential_savings_usd: what the recorded period would have cost less under the changed rule. Several
            recommendations need not add up: two may save the same calls.
        implementation_effort: ``"low"``: a declaration; ``"medium"``: a declaration and a thought; ``"high"``: code.
        confidence: a lower bound, 95 % sure, of the share named in the description; see `lower_bound`.
        evidence: what it was concluded from: counts, names of features, normalised features; never a slot value.
    """

    strategy: str
    description: str
    potential_savings_usd: Decimal
    implementation_effort: Effort
    confidence: float
    evidence: Mapping[str, object] = field(default_factory=dict)


def lower_bound(positive: int, observed: int) -> float:
    """What share is, with 95 % confidence, at least positive, if *positive* of *observed* were; 0 if none was seen.

    The lower end of the score interval: E. B. Wilson, "Probable inference, the law of succession, and statistical
    inference", JASA 22 (1927), which keeps its promise for few observations and for shares near 1 (R. G. Newcombe,
    Statistics in Medicine 17, 1998).
    """
    if positive == 0:
        return 0.0  # where the interval begins; in floats it may end up beside it
    share, z2 = positive / observed, Z * Z
    centre = share + z2 / (2 * observed)
    spread = Z * sqrt((share * (1 - share) + z2 / (4 * observed)) / observed)
    return max(0.0, (centre - spread) / (1 + z2 / observed))
