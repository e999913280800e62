"""`Pipeline`: what users declare stages on, run, plan, invalidate and look into."""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar
from uuid import uuid4

from langcache.errors import DeclarationError
from langcache.runtime.cache import Cache, check_cache
from langcache.runtime.steps import Flow, adrive, drive
from langcache.stages.archive import Archive
from langcache.stages.calling import Calling
from langcache.stages.config import StageConfig
from langcache.stages.declaration import Stage, declare
from langcache.stages.execution import Execution, Listener
from langcache.stages.identity import Identities
from langcache.stages.inputs import Values
from langcache.stages.leases import LEASE_S, Leases
from langcache.stages.planning import Planning
from langcache.stages.results import PlanLine, Progress, Run, Settled
from langcache.stages.schedule import Task
from langcache.stages.sessions import Sessions
from langcache.stages.settling import Settling
from langcache.stages.upkeep import Upkeep

__all__ = ["Pipeline"]

F = TypeVar("F", bound=Callable[..., Any])
CONCURRENCY = 8


class Pipeline(Archive):
    """Stages that depend on each other, each run once for the same inputs, code, prompt and upstream outputs.

    Args:
        name: part of every key; two pipelines of one name and cache share their entries.
        cache: whose store, namespace, clock and prices are used.
        config: a `StageConfig`, or a mapping of its settings.
        max_concurrency: most stages under way at once in one run.
        lease_s: after how long without a sign of life a run that holds a stage counts as dead.

    Raises:
        DeclarationError: an unknown or impossible setting.
    """

    def __init__(
        self,
        name: str,
        *,
        cache: Cache,
        config: StageConfig | Mapping[str, Any] | None = None,
        max_concurrency: int = CONCURRENCY,
        lease_s: float = LEASE_S,
    ) -> None:
        if not name or max_concurrency < 1 or lease_s <= 0:
            raise DeclarationError("a pipeline has a name, and max_concurrency and lease_s above zero")
        check_cache(cache)
        super().__init__(name, cache, StageConfig.of(config))
        self._limit, self._lease_s = max_concurrency, lease_s
        self._identities = Identities(self._classes)

    # Declaring.

    def stage(
        self,
        name: str,
        *,
        runnable: Any = None,
        depends_on: str | Iterable[str] = (),
        for_each: str | None = None,
        same_item: str | Iterable[str] = (),
        in_order: bool = False,
        reads: str | Iterable[str] | None = None,
        prompt_version: str | None = None,
        prompt: Any = None,
        agent_version: str | None = None,
        version: str | None = None,
        tags: str | Iterable[str] = (),
        validate: Callable[[Any], Any] | None = None,
        expires_after: timedelta | float | None = None,
        folder: str | None = None,
    ) -> Callable[[F], F]:
        """Declare a stage: decorates ``(inputs, upstream)``, with *for_each* ``(inputs, upstream, item)``.

        With *runnable* the call itself declares it, and nothing need be decorated: the Runnable takes a dict of
        ``inputs``, ``upstream`` and ``item``.

        Args:
            name: unique; with *for_each* it holds ``{id}``, the item's place.
            runnable: runs instead of a function.
            depends_on: stages, and families as a whole. ``upstream`` holds the output of each; of a family, a dict by
                instance. All of them count in the key.
            for_each: the stage whose output is the list of items. It counts in the key only where the stage reads it.
            same_item: families over the same items, of which each instance is given its own sibling's output.
            in_order: each instance also depends on the one before, found in ``upstream`` under its own family's name.
            reads: the only inputs it is shown. Without it, what it reads of ``inputs`` counts in the key (a Runnable
                reads all of them).
            prompt_version, prompt: version or text of its prompt; either counts in the key.
            agent_version: who does the work.
            version: stands for its code; without it, its code and the user's code it calls count.
            tags: for invalidation.
            validate: judges the output: a `Report`, a bool or a list of problems. A new validator judges stored
                outputs anew; a failed output is kept for reading and never reused.
            expires_after: lifetime of its entries, as timedelta or seconds; a shorter one counts for stored ones, too.
            folder: where `export` puts it.

        Raises:
            DeclarationError: it cannot work, or the name is taken.
        """
        if not isinstance(name, str):  # a bare @pipe.stage would declare nothing, and say nothing
            raise DeclarationError('a stage is declared by its name: @pipe.stage("name")')
        options = {name: value for name, value in locals().items() if name not in ("self", "name", "runnable")}

        def decorate(function: F) -> F:
            self.add(declare(name, function=function, **options))
            return function

        if runnable is None:
            return decorate
        self.add(declare(name, runnable=runnable, **options))
        return lambda function: function

    def add(self, stage: Stage) -> None:
        """Add a declared stage.

        Raises:
            DeclarationError: its name is taken.
        """
        if stage.name in self._stages:
            raise DeclarationError(f"pipeline {self.name!r} already has a stage called {stage.name!r}")
        self._stages[stage.name] = stage
        self._graph = None

    # Running.

    def run(
        self,
        inputs: Mapping[str, Any],
        *,
        session_id: str | None = None,
        on_progress: Listener | None = None,
    ) -> Run:
        """Run what is not stored yet; independent stages side by side, in threads.

        Args:
            inputs: names to data; what a stage reads of them counts in its key.
            session_id: the account to keep; a new one by default.
            on_progress: told of each step, possibly from another thread.

        Raises:
            StageFailed: a stage failed; what finished is committed.
            DeclarationError: the graph cannot work.
            UnkeyableError: an input is no data.
        """
        return self._execution(inputs, session_id, on_progress).run()

    async def arun(
        self,
        inputs: Mapping[str, Any],
        *,
        session_id: str | None = None,
        on_progress: Listener | None = None,
    ) -> Run:
        """`run`, awaited; async stages in tasks, others in threads."""
        return await self._execution(inputs, session_id, on_progress).arun()

    def stream(self, inputs: Mapping[str, Any], *, session_id: str | None = None) -> Iterator[Progress]:
        """`run`, as an iterator of its progress; raises what `run` raises, after the last step.

        Leaving the loop early does not stop the run.
        """
        steps: SimpleQueue[Progress | None] = SimpleQueue()
        with ThreadPoolExecutor(1, thread_name_prefix="langcache-stream") as threads:
            context = contextvars.copy_context()
            running = threads.submit(
                context.run, partial(self.run, inputs, session_id=session_id, on_progress=steps.put)
            )
            running.add_done_callback(lambda _: steps.put(None))
            yield from iter(steps.get, None)
        running.result()

    async def astream(self, inputs: Mapping[str, Any], *, session_id: str | None = None) -> AsyncIterator[Progress]:
        """`stream`, awaited; leaving the loop early cancels the run."""
        steps: asyncio.Queue[Progress | None] = asyncio.Queue()
        running = asyncio.create_task(self.arun(inputs, session_id=session_id, on_progress=steps.put_nowait))
        running.add_done_callback(lambda _: steps.put_nowait(None))
        try:
            while (step := await steps.get()) is not None:
                yield step
        finally:
            if not running.done():
                running.cancel()
            await asyncio.wait([running])
        running.result()

    def _execution(self, inputs: Mapping[str, Any], session_id: str | None, listener: Listener | None) -> Execution:
        settling = self._settling(inputs, session_id or uuid4().hex)
        return Execution(
            self.graph,
            settling,
            Sessions(settling.vault),
            Upkeep(settling.vault, self.config),
            self._limit,
            _quiet(listener),
        )

    def _settling(self, inputs: Mapping[str, Any], session_id: str) -> Settling:
        vault = self.vault()
        return Settling(
            pipeline=self.name,
            session_id=session_id,
            vault=vault,
            values=Values(inputs),
            identities=self._identities,
            calling=Calling(self.cache, self._identities, self.config.analytics_enabled),
            leases=Leases(vault, self._lease_s),
            lifetime_s=self.config.default_expiry_s,
        )

    def settle(
        self, name: str, inputs: Mapping[str, Any], session_id: str, upstream: Mapping[str, str]
    ) -> Flow[Settled]:
        """One stage by itself, for hosts that schedule on their own.

        Args:
            name: the stage's.
            inputs: as for `run`.
            session_id: who makes a new entry.
            upstream: cache keys of what it depends on; an entry that is gone is left out.

        Raises:
            Broken: the stage failed.
            KeyError: no such stage.
        """
        settling = self._settling(inputs, session_id)
        given = {}
        for dependency, key in upstream.items():
            entry = yield from settling.vault.entry(key)
            if entry is not None:
                given[dependency] = {dependency: Settled(entry, reused=True)}
        task = Task(name, self._stages[name], (0, 0), None, given, None, False)
        with settling.leases:
            return (yield from settling.settle(task))

    def plan(self, inputs: Mapping[str, Any]) -> list[PlanLine]:
        """What `run` would do with each stage, and why; nothing is run or written.

        Raises:
            DeclarationError: the graph cannot work.
            UnkeyableError: an input is no data.
        """
        return drive(Planning(self.graph, self._settling(inputs, "")).plan())

    async def aplan(self, inputs: Mapping[str, Any]) -> list[PlanLine]:
        """`plan`, awaited."""
        return await adrive(Planning(self.graph, self._settling(inputs, "")).plan())


def _quiet(listener: Listener | None) -> Listener:
    """*listener*, or nobody; one that fails must not fail the run."""

    def listen(progress: Any) -> None:
        if listener is not None:
            with suppress(Exception):
                listener(progress)

    return listen
