"""A flow is a generator of steps; two drivers pump it, so that every decision is written once.

The shape follows httpx's auth flows: the generator decides, the step does the waiting.
"""

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

__all__ = ["Flow", "Step", "adrive", "drive"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """One thing a flow waits for, in a blocking and an awaitable form."""

    run: Callable[[], T]
    arun: Callable[[], Awaitable[T]]


Flow = Generator[Step[Any], Any, T]


def drive(flow: Flow[T]) -> T:
    """Pump *flow*, blocking on each step."""
    try:
        step = flow.send(None)
        while True:
            try:
                result = step.run()
            except BaseException as error:
                step = flow.throw(error)
            else:
                step = flow.send(result)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
    finally:
        flow.close()


async def adrive(flow: Flow[T]) -> T:
    """Pump *flow*, awaiting each step."""
    try:
        step = flow.send(None)
        while True:
            try:
                result = await step.arun()
            except BaseException as error:
                step = flow.throw(error)
            else:
                step = flow.send(result)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
    finally:
        flow.close()
