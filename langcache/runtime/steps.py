"""A flow is a generator of steps; two drivers pump it, so that every decision is written once.

The shape follows httpx's auth flows: the generator decides, the step does the waiting.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

__all__ = ["Flow", "Show", "Step", "adrive", "adrive_stream", "drive", "drive_stream", "show"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """One thing a flow waits for, in a blocking and an awaitable form."""

    run: Callable[[], T]
    arun: Callable[[], Awaitable[T]]


@dataclass(frozen=True, slots=True)
class Show(Step[None]):
    """A chunk for whoever consumes the stream; goes on when the next one is wanted."""

    chunk: Any


def show(chunk: Any) -> Show:
    """The step that shows *chunk*; only the drivers of streams know it."""
    return Show(_unshown, _unshown, chunk)


def _unshown() -> Any:
    raise AssertionError("a flow that shows chunks is driven by drive_stream or adrive_stream")


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


def drive_stream(flow: Flow[None]) -> Generator[Any, None, None]:
    """Pump *flow*, giving out what it shows; a consumer that stops early ends it where it stands."""
    try:
        step = flow.send(None)
        while True:
            if isinstance(step, Show):
                yield step.chunk
                step = flow.send(None)
                continue
            try:
                result = step.run()
            except BaseException as error:
                step = flow.throw(error)
            else:
                step = flow.send(result)
    except StopIteration:
        return
    finally:
        flow.close()


async def adrive_stream(flow: Flow[None]) -> AsyncGenerator[Any, None]:
    """`drive_stream`, awaited."""
    try:
        step = flow.send(None)
        while True:
            if isinstance(step, Show):
                yield step.chunk
                step = flow.send(None)
                continue
            try:
                result = await step.arun()
            except BaseException as error:
                step = flow.throw(error)
            else:
                step = flow.send(result)
    except StopIteration:
        return
    finally:
        flow.close()
