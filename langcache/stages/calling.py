"""Running what users declared: functions sync and async, Runnables, validators; from threads and from tasks."""

import asyncio
import inspect
from collections.abc import Callable, Iterable, Set as AbstractSet
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from langcache.runtime.cache import Cache
from langcache.runtime.steps import Flow, Step
from langcache.stages.awaiting import finished
from langcache.stages.declaration import Stage
from langcache.stages.failure import reason_of
from langcache.stages.identity import Identities
from langcache.stages.inputs import EVERYTHING, Recorded, Values
from langcache.stages.metering import Meter, measuring
from langcache.stages.outputs import Output
from langcache.stages.schedule import Task, values_of
from langcache.stages.validation import Report, as_report

__all__ = ["Calling"]

Call = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Calling:
    """How stages are run.

    Attributes:
        cache: whose events count as spent inside a stage.
        identities: watches runnables while they run.
        metered: whether costs are counted.
    """

    cache: Cache
    identities: Identities
    metered: bool

    def call(self, task: Task, values: Values, meter: Meter) -> Flow[tuple[Any, AbstractSet[str]]]:
        """Run the stage; its output, and the tokens of what it read, which grow while what it was given is read."""
        stage = task.stage
        if stage.runnable is not None:
            whole = {name: item for name, item in values.values.items() if stage.reads is None or name in stage.reads}
            given = {"inputs": Recorded(whole).copy(), "upstream": _upstream(task, set()).copy()}
            given |= {} if task.item is None else {"item": task.item.value}
            runnable, watching = stage.runnable, self.identities.watched(stage)
            acall = partial(runnable.ainvoke, given)
            call = acall if _is_async_only(watching.found.objects) else partial(runnable.invoke, given)
            value = yield self._step(call, acall, meter, watching)
            return value, {EVERYTHING} | _source_tokens(task)
        tokens: set[str] = set()
        arguments = [Recorded(values.values, only=stage.reads, tokens=tokens), _upstream(task, tokens)]
        arguments += [] if task.item is None else [task.item.value]
        function = stage.function
        assert function is not None
        value = yield self._calling(lambda: function(*arguments), function, meter)
        return value, tokens

    def validate(self, stage: Stage, output: Output, meter: Meter) -> Flow[Report | None]:
        """What the stage's validator says of a fresh copy of *output*; None without a validator.

        One that raises, or says nothing, has not passed it: what was paid for is still kept for reading.
        """
        validator = stage.validate
        if validator is None:
            return None
        value = output.value()
        try:
            return as_report((yield self._calling(lambda: validator(value), validator, meter)))
        except Exception as error:
            return Report(False, (reason_of(error),))

    def _calling(self, call: Call, function: Any, meter: Meter) -> Step[Any]:
        if _is_async(function):
            return self._step(call, call, meter, nullcontext())
        return self._step(_stopless(call), lambda: asyncio.to_thread(_stopless(call)), meter, nullcontext())

    def _step(self, call: Call, acall: Call, meter: Meter, around: AbstractContextManager[Any]) -> Step[Any]:
        def run() -> Any:
            with measuring(self.cache, meter, enabled=self.metered), around:
                return finished(call())

        async def arun() -> Any:
            with measuring(self.cache, meter, enabled=self.metered), around:
                value = await acall()
                return await value if inspect.isawaitable(value) else value

        return Step(run, arun)


def _upstream(task: Task, tokens: set[str]) -> Any:
    """What the stage is given of its dependencies: a dict; with for_each one that notes if the whole list is read."""
    given = values_of(task)
    if task.source is None:
        return given
    return Recorded(given, tokens=tokens, marks={str(task.stage.for_each): f"<{task.stage.for_each}"})


def _source_tokens(task: Task) -> set[str]:
    return set() if task.source is None else {f"<{task.stage.for_each}"}


def _is_async(function: Any) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)


def _is_async_only(objects: Iterable[Any]) -> bool:
    """Whether a runnable among *objects* is made of an async function alone, which LangChain's ``invoke`` refuses."""
    return any(hasattr(item, "afunc") and not hasattr(item, "func") for item in objects)


def _stopless(call: Call) -> Call:
    """*call*, with StopIteration as an error like any other (as PEP 479 has it): no future takes it, and waits on."""

    def called() -> Any:
        try:
            return call()
        except StopIteration as stop:
            raise RuntimeError("a function raised StopIteration") from stop

    return called
