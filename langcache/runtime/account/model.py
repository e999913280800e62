"""What is read back of an account. Times are seconds since the epoch, days and hours those of UTC, money is USD.

Helper calls (background refreshes, checks) are no requests. What they cost is in ``cost_usd`` like any other call, and
is subtracted from ``saved_usd``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from langcache.runtime.account.plain import Plain

__all__ = ["Bucket", "PeriodStats", "Slice", "StageCounts", "TopKey"]

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Slice(Plain):
    """The share of one chain, prompt version, generation type or model.

    Attributes:
        requests: calls of users.
        outcomes: how many of them had each outcome.
        hit_rate: hits, fresh or stale, per request.
        input_tokens, output_tokens: what provider calls used.
        cost_usd: what they cost, as far as prices are known.
        saved_usd: what the hits would have cost, less the cost of helper calls.
        unpriced: requests and helper calls whose model has no known price.
    """

    requests: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    hit_rate: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = ZERO
    saved_usd: Decimal = ZERO
    unpriced: int = 0


@dataclass(frozen=True, slots=True)
class TopKey(Plain):
    """A kind of user, as one key of a chain stands for it.

    Attributes:
        key: the key's digest.
        features: the normalised features by name, readable; empty if the entry is gone that told them.
        calls: provider calls made for it, helper calls included.
        unpriced: requests and helper calls whose model has no known price, which the sums of money lack.
        last_used: when it was last asked for.
    """

    key: str
    chain: str = ""
    prompt_version: str = ""
    features: Mapping[str, str] = field(default_factory=dict)
    requests: int = 0
    hits: int = 0
    calls: int = 0
    cost_usd: Decimal = ZERO
    saved_usd: Decimal = ZERO
    unpriced: int = 0
    last_used: float = 0.0


@dataclass(frozen=True, slots=True)
class StageCounts(Plain):
    """What became of one stage of a pipeline; its money is apart from that of requests."""

    executed: int = 0
    reused: int = 0
    invalidated: int = 0
    failed: int = 0
    cost_usd: Decimal = ZERO
    saved_usd: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Bucket(Plain):
    """One day, hour or minute; percentiles are None where there was nothing to measure.

    Attributes:
        start: its beginning, in seconds since the epoch.
        hit_rate_limit: the hit rate if each distinct key had been called exactly once in it; None where its keys are
            not kept any more, or were not kept apart (minutes).
    """

    start: float
    requests: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    hit_rate: float = 0.0
    hit_rate_limit: float | None = None
    cost_usd: Decimal = ZERO
    saved_usd: Decimal = ZERO
    hit_latency_p50_s: float | None = None
    hit_latency_p95_s: float | None = None
    call_latency_p50_s: float | None = None
    call_latency_p95_s: float | None = None


@dataclass(frozen=True, slots=True)
class PeriodStats(Plain):
    """What all processes of a namespace did in the last days.

    Attributes:
        days: how many days of UTC it covers, today included.
        hit_rate: hits, fresh or stale, per request.
        miss_rate: requests that could have been hits and had to call (``miss``, ``refresh``, ``refused``), per request.
        hit_rate_limit: the hit rate if each distinct key had been called exactly once in the period:
            1 - distinct keys / requests that were not bypassed.
        distinct_keys: how many keys were asked for.
        is_sampled: whether there were more keys than are kept, so that `distinct_keys` and the limit are estimates.
        calls_saved: requests that made no provider call.
        saved_usd: what hits would have cost, less what helper calls cost; `saved_today_usd` since midnight UTC.
        unpriced: requests and helper calls whose model has no known price, which the sums of money lack.
        helpers: background refreshes and checks; they are no requests.
        refusals, bypasses: how many, by reason.
        top: the keys asked for most.
        stages: by ``"pipeline:stage"``.
        entries, size_bytes: what is stored now; None where the store cannot say without walking all of it.
        dropped: events that this process could not keep, and the account therefore lacks.
        store_trouble: why the account could not be read or written, if so.
    """

    days: int
    requests: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    hit_rate: float = 0.0
    miss_rate: float = 0.0
    hit_rate_limit: float = 0.0
    distinct_keys: int = 0
    is_sampled: bool = False
    calls_saved: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = ZERO
    saved_usd: Decimal = ZERO
    saved_today_usd: Decimal = ZERO
    unpriced: int = 0
    helpers: int = 0
    helper_cost_usd: Decimal = ZERO
    refusals: Mapping[str, int] = field(default_factory=dict)
    bypasses: Mapping[str, int] = field(default_factory=dict)
    by_chain: Mapping[str, Slice] = field(default_factory=dict)
    by_prompt_version: Mapping[str, Slice] = field(default_factory=dict)
    by_generation_type: Mapping[str, Slice] = field(default_factory=dict)
    by_model: Mapping[str, Slice] = field(default_factory=dict)
    top: tuple[TopKey, ...] = ()
    stages: Mapping[str, StageCounts] = field(default_factory=dict)
    entries: int | None = None
    size_bytes: int | None = None
    dropped: int = 0
    store_errors: int = 0
    corrupt_entries: int = 0
    store_trouble: str | None = None
