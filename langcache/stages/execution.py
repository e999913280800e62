"""One run of a pipeline: which task next is decided in one place, and waited for with threads or with tasks."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from langcache.runtime.steps import Flow, adrive, drive
from langcache.stages.failure import StageFailed, reason_of
from langcache.stages.graph import Graph
from langcache.stages.results import Outputs, Progress, Run, Settled
from langcache.stages.schedule import Schedule, Task
from langcache.stages.sessions import Sessions, StageStatus
from langcache.stages.settling import Broken, Settling
from langcache.stages.upkeep import Upkeep

__all__ = ["Execution"]

Listener = Callable[[Progress], None]


@dataclass(slots=True)
class Execution:
    """One run.

    Attributes:
        graph: what is run.
        settling: settles one task.
        sessions: where the account is kept.
        upkeep: what is done after each run.
        limit: most stages under way at once.
        listen: told of every step.
    """

    graph: Graph
    settling: Settling
    sessions: Sessions
    upkeep: Upkeep
    limit: int
    listen: Listener
    schedule: Schedule = field(init=False)
    account: Run = field(init=False)
    stages: dict[str, StageStatus] = field(default_factory=dict)
    started: float = 0.0

    def __post_init__(self) -> None:
        self.schedule = Schedule(self.graph)
        self.account = Run(self.settling.session_id, Outputs(self.schedule.settled, self.schedule.instances))
        self.started = self.settling.vault.now()

    def run(self) -> Run:
        """Run in threads; one that need not share the time runs in the caller's.

        Raises:
            StageFailed: a stage failed.
        """
        drive(self.sessions.begin(self.account.session_id))
        try:
            with self.settling.leases, ThreadPoolExecutor(self.limit, thread_name_prefix="langcache-stage") as threads:
                self._pump(threads)
        finally:
            drive(self._end())
        return self._finished()

    def _pump(self, threads: ThreadPoolExecutor) -> None:
        under_way: dict[Future[Settled], Task] = {}
        try:
            self._work_off(threads, under_way)
        finally:
            # Ctrl-C ends the run and not the siblings under way: what they still commit is on the account too.
            for future, task in under_way.items():
                self._note(task, future.result)

    def _work_off(self, threads: ThreadPoolExecutor, under_way: dict[Future[Settled], Task]) -> None:
        while True:
            while not under_way and not self.schedule.has_ready(2) and (task := self.schedule.take()):
                self._note(task, lambda task=task: drive(self._settle(task)))  # type: ignore[misc]
            while len(under_way) < self.limit and (task := self.schedule.take()):
                context = contextvars.copy_context()
                under_way[threads.submit(context.run, drive, self._settle(task))] = task
            if not under_way:
                return
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                self._note(under_way.pop(future), future.result)

    async def arun(self) -> Run:
        """Run in tasks.

        Raises:
            StageFailed: a stage failed.
        """
        await adrive(self.sessions.begin(self.account.session_id))
        try:
            with self.settling.leases:
                await self._apump()
        finally:
            await adrive(self._end())
        return self._finished()

    async def _apump(self) -> None:
        under_way: dict[asyncio.Task[Settled], Task] = {}
        try:
            while True:
                while len(under_way) < self.limit and (task := self.schedule.take()):
                    under_way[asyncio.create_task(adrive(self._settle(task)))] = task
                if not under_way:
                    return
                done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                for future in done:
                    self._note(under_way.pop(future), future.result)
        finally:
            for future in under_way:
                future.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    def _settle(self, task: Task) -> Flow[Settled]:
        self.listen(Progress("started", task.name))
        return (yield from self.settling.settle(task))

    def _note(self, task: Task, result: Callable[[], Settled]) -> None:
        """Take in how *task* ended. Whatever is no `Exception` ends the run at once."""
        try:
            settled = result()
        except Exception as error:
            self._note_failure(task, error)
            return
        self.schedule.done(task, settled)
        self.account.settle(task.name, settled)
        key = settled.entry.cache_key
        self.stages[task.name] = StageStatus(
            "finished", key, settled.reused, 0 if settled.reused else 1, settled.cost_usd
        )
        self.listen(
            Progress(
                "reused" if settled.reused else "executed",
                task.name,
                key,
                settled.cost_usd,
                settled.saved_usd,
                0.0 if settled.reused else settled.entry.lineage.seconds,
            )
        )

    def _note_failure(self, task: Task, error: Exception) -> None:
        self.schedule.failed(task.name, error)
        reason, cost, seconds = reason_of(error), Decimal(0), 0.0
        if isinstance(error, Broken):
            reason, cost, seconds = error.reason, error.meter.cost_usd, error.seconds
            self.account.cost_usd += cost
            self.account.saved_usd += error.meter.saved_usd
            self.account.unpriced += error.meter.unpriced
        self.stages[task.name] = StageStatus("failed", None, False, 1, cost, reason)
        self.listen(Progress("failed", task.name, None, cost, seconds=seconds, reason=reason))

    def _end(self) -> Flow[None]:
        account = self.account
        account.seconds = max(0.0, self.settling.vault.now() - self.started)
        complete = not self.schedule.failures and not any(self.schedule.unreached())
        state: Any = "finished" if complete else "failed"
        yield from self.sessions.end(account.session_id, state, self.stages, account.cost_usd, account.saved_usd)
        reused = [settled.entry.cache_key for settled in self.schedule.settled.values() if settled.reused]
        yield from self.upkeep.after_run(account.session_id, reused, bool(account.executed))
        self.listen(Progress("finished", None, None, account.cost_usd, account.saved_usd, account.seconds))

    def _finished(self) -> Run:
        self._put_in_order()
        if not self.schedule.failures:
            return self.account
        (name, error), *others = self.schedule.failures.items()
        reason = error.reason if isinstance(error, Broken) else reason_of(error)
        raise StageFailed(name, reason, others=tuple(other for other, _ in others), run=self.account) from (
            error.__cause__ if isinstance(error, Broken) else error
        )

    def _put_in_order(self) -> None:
        """Report in topological order, whatever order threads ended in."""
        account, instances = self.account, self.schedule.instances
        order = [name for family in self.graph.order for name in instances.get(family, ())]
        account.entries = {name: account.entries[name] for name in order if name in account.entries}
        settled = {name: self.schedule.settled.pop(name) for name in order if name in self.schedule.settled}
        self.schedule.settled.update(settled)
        place = {name: number for number, name in enumerate(order)}
        for names in (account.reused, account.executed, account.uncommitted):
            names.sort(key=place.__getitem__)
