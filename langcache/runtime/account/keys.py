"""What a recommender replays: each key of a period with when it was called, and what it holds of the key's parts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from langcache.runtime.account.model import ZERO, Bucket, Slice, StageCounts
from langcache.runtime.account.plain import Plain

__all__ = ["Account", "KeyAccount", "Refusal"]


@dataclass(frozen=True, slots=True)
class Refusal(Plain):
    """Answers of one chain refused, or requests bypassed, for one reason.

    Attributes:
        outcome: ``"refused"`` or ``"bypass"``.
        slot: the name of the slot it was about, if it was about one.
        form: the form of the slot that was found, such as ``"initials"``.
    """

    outcome: str
    reason: str
    chain: str
    slot: str | None = None
    form: str | None = None
    count: int = 0
    cost_usd: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class KeyAccount(Plain):
    """One key: what it is made of and what was asked of it in the period.

    Attributes:
        key: its digest.
        model: the model that answered last.
        features: the normalised features by name, as they are in the key; None where a feature was not given.
        parts: the key's other parts by name, as digests or short words (``"slot startup_name"``: ``"given"``).
        template: digest of the stored answer's text; equal where two keys have the same template.
        has_parts: whether `features` and `parts` are known; not so if no answer was ever stored.
        requests: calls of users; `outcomes` says how they ended.
        calls: requests and helper calls that reached the provider.
        created: answers stored.
        lapsed: calls made because the stored answer had outlived its lifetime.
        lapsed_ages: for those, how old the answer was then: seconds (a bucket's upper bound) to how many.
        gaps: time between one request and the next one of this key in the same process: seconds (a bucket's upper
            bound) to how many.
        called: when the provider was called for users: beginning of the minute to how many calls.
        requested: beginning of the hour to requests.
        stampedes: calls beyond the first within one minute.
        cost_usd: of all its calls; `saved_usd` by its hits, less helper calls.
        first_used, last_used: when it was asked for, in the period, to the minute.
    """

    key: str
    chain: str = ""
    prompt_version: str = ""
    generation_type: str | None = None
    model: str | None = None
    features: Mapping[str, object] = field(default_factory=dict)
    parts: Mapping[str, object] = field(default_factory=dict)
    template: str | None = None
    has_parts: bool = False
    requests: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    calls: int = 0
    created: int = 0
    lapsed: int = 0
    lapsed_ages: Mapping[float, int] = field(default_factory=dict)
    gaps: Mapping[float, int] = field(default_factory=dict)
    called: Mapping[float, int] = field(default_factory=dict)
    requested: Mapping[float, int] = field(default_factory=dict)
    stampedes: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = ZERO
    saved_usd: Decimal = ZERO
    unpriced: int = 0
    first_used: float = 0.0
    last_used: float = 0.0


@dataclass(frozen=True, slots=True)
class Account(Plain):
    """The raw rows of a period.

    Attributes:
        days: how many days of UTC it covers, today included; `since` is the beginning of the first.
        keys: the keys kept, most requested first. All of them if not `is_sampled`; else a sample that is uniform over
            keys, and the busiest.
        distinct_keys: how many keys there were, an estimate if `is_sampled`.
        refusals: by chain, reason, slot and form; bypasses among them.
        models: what each model did, unpinned ones by the name they were asked for.
        minutes: what happened in each minute of the last two days.
        stages: what became of pipelines' stages, by ``"pipeline:stage"``.
    """

    days: int
    since: float
    until: float
    keys: tuple[KeyAccount, ...] = ()
    is_sampled: bool = False
    distinct_keys: int = 0
    refusals: tuple[Refusal, ...] = ()
    models: Mapping[str, Slice] = field(default_factory=dict)
    minutes: tuple[Bucket, ...] = ()
    stages: Mapping[str, StageCounts] = field(default_factory=dict)
