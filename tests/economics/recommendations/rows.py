"""Recorded rows, written by hand: what a ledger would have kept of some requests."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from typing import Any

from langcache.runtime.account.histogram import bucket_of, upper_bound
from langcache.runtime.account.keys import Account, KeyAccount

__all__ = ["DAY_S", "HOUR_S", "START", "account", "key"]

HOUR_S, DAY_S = 3_600.0, 86_400.0
START = 1_000_000_800.0
"""The beginning of an hour."""
_numbers = count()


def key(
    times: Sequence[float] = (0.0,), ttl_s: float = float("inf"), chain: str = "plan", usd: str = "0.5", **more: Any
) -> KeyAccount:
    """A key asked for at *times*, in seconds from the start, whose entries lived *ttl_s*."""
    called, lapsed_ages, made = Counter[float](), Counter[float](), None
    for at in times:
        if made is None or at >= made + ttl_s:
            if made is not None:
                lapsed_ages[upper_bound(bucket_of(at - made))] += 1
            made = at
            called[START + at - at % 60] += 1
    calls = sum(called.values())
    return KeyAccount(
        **{
            "key": f"key-{next(_numbers)}",
            "chain": chain,
            "template": "same",
            "has_parts": True,
            "requests": len(times),
            "outcomes": {"miss": calls, "hit": len(times) - calls},
            "calls": calls,
            "created": calls,
            "called": called,
            "lapsed": sum(lapsed_ages.values()),
            "lapsed_ages": lapsed_ages,
            "requested": Counter(START + at - at % HOUR_S for at in times),
            "cost_usd": Decimal(usd) * calls,
            **more,
        }
    )


def account(*keys: KeyAccount, days: int = 30, **more: Any) -> Account:
    """The account of a period with these keys."""
    return Account(days, START, START + days * DAY_S, keys, distinct_keys=len(keys), **more)
