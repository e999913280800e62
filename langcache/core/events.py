"""What happened to one request; never a slot value, never the prompt."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

__all__ = ["Event", "Outcome", "Usage"]

Outcome = Literal["hit", "stale", "miss", "refresh", "bypass", "refused"]


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
        cost_usd: what this request cost; None if a model's price is unknown.
        saved_usd: what the hit would have cost; None if unknown, 0 where nothing was saved.
        latency_s: from the call to the answer.
        age_s: age of the stored answer; None where none was served.
        attempts: runs of the chain, retries included; 0 on a hit.
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

    def anew(self) -> "Event":
        """An event of the same request with nothing on its account."""
        return Event(self.chain, self.prompt_version, self.generation_type, self.tags, key=self.key)
