"""A request without LangChain, to drive the flow with: the chain's answer and its accidents are told beforehand."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

from langcache.core.directives import NONE, Directives, parse
from langcache.core.entry import Entry
from langcache.core.events import Event, Usage
from langcache.core.policy import Expiry
from langcache.runtime.flow import Engine
from langcache.runtime.guard import GuardedStore
from langcache.runtime.ledger import Ledger
from langcache.runtime.retry import RetryPolicy
from langcache.runtime.steps import adrive, drive
from langcache.runtime.work import Produced
from langcache.storage.base import Store
from langcache.storage.registry import open_store
from langcache.testing import FakeClock

Half = Literal["sync", "async"]


class Transient(Exception):
    """What a provider raises when it is worth another try."""

    status_code = 503


@dataclass
class Chain:
    """What runs: each run takes the next of *says*, the last one again and again; an exception is raised."""

    says: list[Any] = field(default_factory=lambda: ["Hello NAME."])
    runs: list[bool] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    abefore: Callable[[], Any] | None = None
    ended_well: list[bool] = field(default_factory=list)
    usages: list[Usage] = field(default_factory=lambda: [Usage("known", 10, 20)])
    refusal: str | None = None

    def next(self, masked: bool) -> Produced:
        self.runs.append(masked)
        said = self.says.pop(0) if len(self.says) > 1 else self.says[0]
        if isinstance(said, BaseException):
            raise said
        return Produced(said if masked else str(said).replace("NAME", "Real"), list(self.usages), self.refusal)


@dataclass
class Request:
    """Implements `langcache.runtime.work.Work`: masks ``NAME``, fills in *user*."""

    chain: Chain
    directives: Directives = NONE
    user: str = "Ada"
    key: str = "key"
    namespace: str = "default"
    repeats: bool = True
    bypass: str | None = None
    masks: bool = True
    labels: frozenset[str] = frozenset({"chain:plan"})
    event: Event = field(default_factory=lambda: Event("plan"))
    on_template: Exception | None = None
    on_reveal: Exception | None = None
    on_fill: list[Exception] = field(default_factory=list)
    lost: list[Usage] = field(default_factory=list)

    def run(self, masked: bool) -> Produced:
        self.chain.before()
        return self.chain.next(masked)

    async def arun(self, masked: bool) -> Produced:
        if self.chain.abefore is not None:
            await self.chain.abefore()
        await asyncio.sleep(0)
        return self.chain.next(masked)

    def apart(self) -> "Request":
        return replace(self, event=self.event.anew())

    def template(self, produced: Produced) -> Any:
        if self.on_template is not None:
            raise self.on_template
        return produced.output

    def reveal(self, produced: Produced) -> Any:
        if self.on_reveal is not None:
            raise self.on_reveal
        return produced.output.replace("NAME", self.user)

    def fill(self, entry: Entry) -> Any:
        if self.on_fill:
            raise self.on_fill.pop(0)
        return entry.body.replace("NAME", self.user)

    def about(self) -> dict[str, Any]:
        return {}

    def masked_run_ended(self, well: bool) -> None:
        self.chain.ended_well.append(well)


def _price(usage: Usage) -> Decimal | None:
    return Decimal(usage.output_tokens) if usage.model == "known" else None


class Asker:
    """An engine on a fake clock, asked in one of its two halves."""

    def __init__(
        self,
        half: Half,
        store: Store | None = None,
        attempts: int = 1,
        clock: FakeClock | None = None,
        **expiry: Any,
    ) -> None:
        self.half, self.clock, self.ledger = half, clock or FakeClock(), Ledger()
        self.store = open_store("memory://") if store is None else store
        self.events: list[Event] = []
        self.engine = Engine(
            store=GuardedStore(self.store, self.clock),
            retry=RetryPolicy(attempts=attempts),
            clock=self.clock,
            expiry=Expiry(**{"ttl_s": 100.0, **expiry}),
            price=_price,
            record=self.events.append,
        )
        self.chain = Chain()
        self._runner = asyncio.Runner() if half == "async" else None

    def request(self, directives: str | Iterable[str] = (), **more: Any) -> Request:
        return Request(self.chain, parse(directives), **more)

    def ask(self, directives: str | Iterable[str] = (), **more: Any) -> Any:
        return self.answer(self.request(directives, **more))

    def answer(self, request: Request) -> Any:
        if self._runner is None:
            return drive(self.engine.answer(request))
        return self._runner.run(self._aanswer(request))

    async def _aanswer(self, request: Request) -> Any:
        answer = await adrive(self.engine.answer(request))
        await asyncio.gather(*self.engine.tasks)
        return answer

    @property
    def last(self) -> Event:
        return self.events[-1]

    @property
    def outcomes(self) -> list[str]:
        return [event.outcome for event in self.events]

    def close(self) -> None:
        self.store.close()
        if self._runner is not None:
            self._runner.close()
