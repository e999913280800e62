"""Replays recorded requests under another rule: how many calls they would have taken.

A key's requests are recorded by the hour. Within an hour they are taken to be spread evenly, which is exact for the
number of calls wherever a lifetime is long beside the gaps between requests.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from math import ceil, inf

from langcache.runtime.account.keys import KeyAccount

__all__ = ["calls_needed", "cost_per_call", "lapses", "misses", "saved_by_merging"]

HOUR_S, MINUTE_S = 3600.0, 60.0


def misses(key: KeyAccount) -> int:
    """Calls made for *key* because nothing fresh was stored; those of ``no-cache`` and the like would remain."""
    return key.outcomes.get("miss", 0)


def lapses(key: KeyAccount, youngest_s: float) -> int:
    """Calls made because the answer had expired, at *youngest_s* or later.

    Those are recorded only while the store still has the expired answer; others are told by the time since the call
    before.
    """
    later = sum(at + MINUTE_S - before >= youngest_s for before, at in pairwise(sorted(key.called)))
    return min(max(key.lapsed, later), misses(key))


def cost_per_call(key: KeyAccount) -> Decimal:
    """What a call for *key* cost on average, in USD."""
    return key.cost_usd / key.calls if key.calls else Decimal(0)


def calls_needed(keys: Iterable[KeyAccount], ttl_s: float) -> int:
    """How many calls the requests to *keys* take if they share one entry that lives *ttl_s*."""
    hours: Counter[float] = Counter()
    for key in keys:
        hours.update(key.requested)
    starts = sorted(hours)
    if ttl_s == inf:
        return min(1, len(starts))
    calls, free_until = 0, -inf
    while (at := _next_request(starts, hours, free_until)) is not None:
        calls, free_until = calls + 1, at + ttl_s
    return calls


def _next_request(starts: Sequence[float], hours: Counter[float], after: float) -> float | None:
    """When the first request at or after that time came."""
    begin = bisect_left(starts, after - HOUR_S)
    for start in starts[begin : begin + 3]:
        step = HOUR_S / hours[start]
        number = max(0, ceil((after - start) / step - 0.5)) if after > start else 0
        if number < hours[start]:
            return start + (number + 0.5) * step
    return None


def saved_by_merging(keys: Sequence[KeyAccount], ttl_s: float) -> tuple[int, Decimal]:
    """Calls and USD that one entry for all of *keys* would have saved.

    What their separate entries are reckoned to have taken is compared with what one takes, and the ratio applied to
    the calls that were really made, so that errors of reckoning cancel out.
    """
    made = sum(map(misses, keys))
    there = sum(misses(key) == 0 for key in keys)  # entries from before the period: their first request was no call
    apart = sum(calls_needed([key], ttl_s) for key in keys) - there
    if not made or apart <= 0:
        return 0, Decimal(0)
    together = calls_needed(keys, ttl_s) - bool(there)
    saved = round(made * max(0.0, 1 - together / apart))
    spent = sum((misses(key) * cost_per_call(key) for key in keys), Decimal(0))
    return saved, spent * saved / made
