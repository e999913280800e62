"""The durable account of a session: all runs under one name, stage by stage."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

from langcache.errors import StoreError
from langcache.runtime.steps import Flow
from langcache.stages.entries import Entry
from langcache.stages.keys import session_place
from langcache.stages.vault import Vault

__all__ = ["SessionStatus", "Sessions", "StageStatus"]

State = Literal["unknown", "running", "failed", "finished"]


@dataclass(frozen=True, slots=True)
class StageStatus:
    """One stage instance in a session.

    Attributes:
        state: finished or failed.
        cache_key: of its entry; None if it never finished.
        reused: whether its entry was there before the last run that needed it.
        attempts: how often this session ran it, failures included; runs that were killed in the middle are not known.
        cost_usd: what that cost, failures included.
        error: why it failed last; None once it is finished.
    """

    state: Literal["finished", "failed"]
    cache_key: str | None = None
    reused: bool = False
    attempts: int = 0
    cost_usd: Decimal = Decimal(0)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """What is known of a session.

    Attributes:
        session_id: its name.
        state: running also means killed: a dead process cannot say so.
        runs: how many were started.
        started_at, updated_at: seconds since the epoch.
        cost_usd, saved_usd: of all its runs.
        stages: by instance.
    """

    session_id: str
    state: State = "unknown"
    runs: int = 0
    started_at: float | None = None
    updated_at: float | None = None
    cost_usd: Decimal = Decimal(0)
    saved_usd: Decimal = Decimal(0)
    stages: Mapping[str, StageStatus] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able data; money as text, exact to the digit."""
        data = asdict(self)
        data["cost_usd"], data["saved_usd"] = str(self.cost_usd), str(self.saved_usd)
        for name, stage in self.stages.items():
            data["stages"][name]["cost_usd"] = str(stage.cost_usd)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "SessionStatus":
        """What `to_dict` wrote."""
        stages = {
            name: StageStatus(**{**stage, "cost_usd": Decimal(stage["cost_usd"])})
            for name, stage in data["stages"].items()
        }
        money = {name: Decimal(data[name]) for name in ("cost_usd", "saved_usd")}
        return cls(**{**data, **money, "stages": stages})


@dataclass(slots=True)
class Sessions:
    """The sessions of one pipeline.

    Attributes:
        vault: where they are kept.
    """

    vault: Vault

    def read(self, session_id: str) -> Flow[SessionStatus]:
        """What is known of *session_id*, including what a run committed before it was killed."""
        status = (yield from self._told(session_id)) or SessionStatus(session_id)
        stages = dict(status.stages)
        for row in (yield self.vault.rows(["entry", f"session:{session_id}"])):
            entry = yield from self.vault.entry(row.key.removeprefix("entry/"))
            if entry is not None and _is_news(entry, status):
                stages[entry.stage] = _finished(stages.get(entry.stage), entry)
        missing = sum((stages[name].cost_usd - _cost(status.stages.get(name)) for name in stages), Decimal(0))
        return replace(status, stages=stages, cost_usd=status.cost_usd + missing)

    def begin(self, session_id: str) -> Flow[None]:
        """Note that a run starts; what an earlier one left unsaid, since it was killed, is made up for."""
        now = self.vault.now()
        before = yield from self._told(session_id)
        made_up = None
        if before is not None and before.state == "running":
            made_up = yield from self.read(session_id)

        def change(status: SessionStatus) -> SessionStatus:
            status = made_up or status
            started = now if status.started_at is None else status.started_at
            return replace(status, state="running", runs=status.runs + 1, started_at=started, updated_at=now)

        yield from self._update(session_id, change)

    def end(
        self,
        session_id: str,
        state: State,
        stages: Mapping[str, StageStatus],
        cost_usd: Decimal,
        saved_usd: Decimal,
    ) -> Flow[None]:
        """Note how a run ended; *stages* with the attempts and cost of this run alone."""
        now = self.vault.now()

        def change(status: SessionStatus) -> SessionStatus:
            known = dict(status.stages)
            for name, stage in stages.items():
                before = known.get(name, StageStatus("failed"))
                known[name] = replace(
                    stage, attempts=before.attempts + stage.attempts, cost_usd=before.cost_usd + stage.cost_usd
                )
            return replace(
                status,
                state=state,
                updated_at=now,
                cost_usd=status.cost_usd + cost_usd,
                saved_usd=status.saved_usd + saved_usd,
                stages=known,
            )

        yield from self._update(session_id, change)

    def _told(self, session_id: str) -> Flow[SessionStatus | None]:
        data = yield from self.vault.load(session_place(session_id))
        return None if data is None else SessionStatus.from_dict(data)

    def _update(self, session_id: str, change: Any) -> Flow[None]:
        def changed(data: Any) -> Any:
            status = SessionStatus(session_id) if data is None else SessionStatus.from_dict(data)
            return change(status).to_dict()

        try:
            yield from self.vault.update(session_place(session_id), changed, labels=["session"])
            yield self.vault.call("flush")
        except StoreError as error:
            self.vault.told(error)


def _is_news(entry: Entry, status: SessionStatus) -> bool:
    """Whether *entry* was committed after the account was last written: by a run that was killed, or still runs.

    Older ones are on it, also where the session has since made another of the same stage.
    """
    if status.state not in ("unknown", "running") or entry.metadata.validation_status == "failed":
        return False
    if status.updated_at is not None and entry.metadata.created_at < status.updated_at:
        return False
    known = status.stages.get(entry.stage)
    return known is None or known.cache_key != entry.cache_key


def _finished(before: StageStatus | None, entry: Entry) -> StageStatus:
    earlier = before or StageStatus("failed")
    cost = earlier.cost_usd + (entry.lineage.cost_usd or 0)
    return StageStatus("finished", entry.cache_key, False, earlier.attempts + 1, cost)


def _cost(stage: StageStatus | None) -> Decimal:
    return Decimal(0) if stage is None else stage.cost_usd
