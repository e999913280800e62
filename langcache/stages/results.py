"""What a run gives: outputs, what was reused and executed, and what it cost and saved."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from langcache.stages.entries import Entry

__all__ = ["Outputs", "PlanLine", "Progress", "Run", "Settled"]


@dataclass(frozen=True, slots=True)
class Settled:
    """One stage instance that is done.

    Attributes:
        entry: what it made, now or earlier.
        reused: whether it was there already.
        committed: False where the store would not take it; a later run executes it again.
        cost_usd, saved_usd: of this run. A reused stage saves what making it cost.
        unpriced: calls of this run whose price is unknown.
    """

    entry: Entry
    reused: bool
    committed: bool = True
    cost_usd: Decimal = Decimal(0)
    saved_usd: Decimal = Decimal(0)
    unpriced: int = 0


class Outputs(Mapping[str, Any]):
    """Outputs by stage, each rebuilt when asked for; a family's name gives those of all its instances."""

    def __init__(self, settled: Mapping[str, Settled], families: Mapping[str, list[str]]) -> None:
        self._settled, self._families = settled, families

    def __getitem__(self, name: str) -> Any:
        if name in self._settled:
            return self._settled[name].entry.output.value()
        if name in self._families:
            return {instance: self[instance] for instance in self._families[name]}
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._settled)

    def __len__(self) -> int:
        return len(self._settled)

    def __contains__(self, name: object) -> bool:
        return name in self._settled

    def __repr__(self) -> str:
        return f"<outputs of {', '.join(self._settled)}>"


@dataclass(slots=True)
class Run:
    """What one run did.

    Attributes:
        session_id: the session it belongs to.
        outputs: by stage; of instances by their own names.
        reused, executed: names of instances, in topological order.
        cost_usd: what this run cost, failed stages included.
        saved_usd: what it would have cost on top without the cache.
        unpriced: calls whose price is unknown, so that `cost_usd` is a floor.
        uncommitted: executed, but the store would not take them.
        entries: the entry of each instance.
        seconds: how long it took.
    """

    session_id: str
    outputs: Outputs
    reused: list[str] = field(default_factory=list)
    executed: list[str] = field(default_factory=list)
    cost_usd: Decimal = Decimal(0)
    saved_usd: Decimal = Decimal(0)
    unpriced: int = 0
    uncommitted: list[str] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict, repr=False)
    seconds: float = 0.0

    def settle(self, name: str, settled: Settled) -> None:
        """Add one instance to the account."""
        self.entries[name] = settled.entry
        (self.reused if settled.reused else self.executed).append(name)
        if not settled.committed:
            self.uncommitted.append(name)
        self.cost_usd += settled.cost_usd
        self.saved_usd += settled.saved_usd
        self.unpriced += settled.unpriced


@dataclass(frozen=True, slots=True)
class Progress:
    """One thing that happened in a run.

    Attributes:
        kind: what happened.
        stage: to which instance; None for the run as a whole.
        cache_key: of the entry reused or made.
        cost_usd, saved_usd: of this stage in this run.
        seconds: how long it took.
        reason: why it failed.
    """

    kind: Literal["started", "reused", "executed", "failed", "finished"]
    stage: str | None
    cache_key: str | None = None
    cost_usd: Decimal = Decimal(0)
    saved_usd: Decimal = Decimal(0)
    seconds: float = 0.0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PlanLine:
    """What a run would do with one stage.

    Attributes:
        stage: the instance; a family as a whole where its items are not known yet.
        action: what would be done.
        reason: why.
        cache_key: of the entry that would be reused.
        saved_usd: what reusing it saves; None if unknown.
        certain: False where a dependency would run first: if that gives what it gave, this one is reused after all.
    """

    stage: str
    action: Literal["reuse", "run"]
    reason: str
    cache_key: str | None = None
    saved_usd: Decimal | None = None
    certain: bool = True
