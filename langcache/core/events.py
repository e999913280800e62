"""What happened to one request; never a slot value, never the prompt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

__all__ = ["Event", "Outcome", "StageEvent", "StageOutcome", "Usage"]

Outcome = Literal["hit", "stale", "miss", "refresh", "bypass", "refused"]
StageOutcome = Literal["executed", "reused", "invalidated", "failed"]


@dataclass(frozen=True, slots=True)
class Usage:
    """What one provider call used."""

    model: str | None
    input_tokens: int
    output_tokens: int
    details: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Event:
    """One request's account.

    Attributes:
        outcome: what the cache did.
        key: digest of the key; empty where none could be made.
        reason: why the answer was refused or the cache bypassed; the declaration to mend, never a value.
        input_tokens, output_tokens: what this request used; 0 on a hit.
        cache_read_tokens, cache_write_tokens: those of ``input_tokens`` that the provider's own prompt cache read or
            wrote.
        cost_usd: what this request cost; None if a model's price is unknown, or the run was broken off.
        saved_usd: what the hit would have cost; None if unknown, 0 where nothing was saved.
        latency_s: from the call to the answer.
        age_s: age of the stored answer; None where none was served.
        attempts: runs of the chain, retries included; 0 on a hit.
        namespace: whose account it is on; None: that of the cache it was recorded with.
        session, stage: of the pipeline it happened in, if it did.
        is_helper: a call of ours and not of a user, such as a refresh in the background.
        lapsed_s: age of the stored answer that had outlived its lifetime and was not served, if there was one.
        parts: the readable parts of the key, see `langcache.core.entry.Entry.about`; only where an answer was looked
            at, to be stored or refused.
        template: digest of the stored answer's texts; None where none was stored.
    """

    chain: str
    prompt_version: str = ""
    generation_type: str | None = None
    tags: tuple[str, ...] = ()
    outcome: Outcome = "miss"
    key: str = ""
    reason: str | None = None
    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: Decimal | None = Decimal(0)
    saved_usd: Decimal | None = Decimal(0)
    latency_s: float = 0.0
    age_s: float | None = None
    attempts: int = 0
    details: dict[str, Any] = field(default_factory=dict)
    """More of the reason: slot, form and position of a refusal, errors of the attempts."""
    namespace: str | None = None
    session: str | None = None
    stage: str | None = None
    is_helper: bool = False
    lapsed_s: float | None = None
    parts: Mapping[str, Any] | None = None
    template: str | None = None

    def anew(self) -> "Event":
        """An event of a helper call for the same request, with nothing on its account."""
        return Event(
            self.chain,
            self.prompt_version,
            self.generation_type,
            self.tags,
            key=self.key,
            namespace=self.namespace,
            session=self.session,
            stage=self.stage,
            is_helper=True,
        )


@dataclass(frozen=True, slots=True)
class StageEvent:
    """What became of one stage of a pipeline.

    Attributes:
        pipeline, session, stage: which.
        outcome: ``executed``: it ran, and what it made was kept; ``reused``: what it had made before was taken;
            ``invalidated``: what it had made was put aside; ``failed``: it ran and raised.
        cost_usd: what running it cost, as far as prices are known.
        saved_usd: what taking it again saved.
        latency_s: how long it took.
        namespace: as for `Event`.
    """

    pipeline: str
    session: str
    stage: str
    outcome: StageOutcome
    cost_usd: Decimal = Decimal(0)
    saved_usd: Decimal = Decimal(0)
    latency_s: float = 0.0
    namespace: str | None = None
