"""Histograms that add up: times by the logarithm, eight buckets to the octave, so that each is known within 5 %."""

from collections.abc import Mapping
from math import ceil, log2

__all__ = ["bucket_of", "percentile", "upper_bound"]

PER_OCTAVE = 8
LEAST_S = 1e-6


def bucket_of(seconds: float) -> int:
    """The bucket *seconds* are in."""
    return ceil(log2(seconds if seconds > LEAST_S else LEAST_S) * PER_OCTAVE)


def upper_bound(bucket: int) -> float:
    """The longest time in *bucket*, in seconds."""
    return float(2.0 ** (bucket / PER_OCTAVE))


def percentile(buckets: Mapping[int, int], share: float) -> float | None:
    """The time that a *share* of all stays within, as the middle of its bucket; None of nothing."""
    left = share * sum(buckets.values())
    for bucket in sorted(buckets):
        left -= buckets[bucket]
        if left <= 0:
            return float(upper_bound(bucket) * 2.0 ** (-0.5 / PER_OCTAVE))
    return None
