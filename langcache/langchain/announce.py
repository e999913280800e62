"""The chain's own start and end, told to whoever listens; nothing is set up where nobody does."""

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import aclosing, closing
from typing import Any

from langchain_core.runnables.config import (
    get_async_callback_manager_for_config,
    get_callback_manager_for_config,
    patch_config,
)
from langchain_core.tracers._streaming import _StreamingCallbackHandler

from langcache.core.events import Event
from langcache.langchain.chain_stream import added

__all__ = ["Announcer"]


class Announcer:
    """One LangChain run around one request.

    Args:
        name: the run's name.
        config: the call's whole config.
        heard: whether anything listens.
    """

    event: Event

    def __init__(self, name: str, config: Any, heard: bool) -> None:
        self._name, self._config, self._heard = name, config, heard
        self._run: Any = None

    def start(self, inputs: Any) -> Any:
        """Fire the start, once; the config for what runs inside."""
        if not self._heard:
            return self._config
        if self._run is None:
            manager = get_callback_manager_for_config(self._told())
            self._run = manager.on_chain_start(None, inputs, name=self._run_name(), run_id=self._config.get("run_id"))
        return self._inside()

    async def astart(self, inputs: Any) -> Any:
        """`start`, awaited."""
        if not self._heard:
            return self._config
        if self._run is None:
            manager = get_async_callback_manager_for_config(self._told())
            self._run = await manager.on_chain_start(
                None, inputs, name=self._run_name(), run_id=self._config.get("run_id")
            )
        return self._inside()

    def end(self, inputs: Any, answer: Any) -> None:
        """Fire the end; a hit has not been started yet."""
        if self._heard:
            self.start(inputs)
            self._tell()
            self._run.on_chain_end(answer)

    async def aend(self, inputs: Any, answer: Any) -> None:
        """`end`, awaited."""
        if self._heard:
            await self.astart(inputs)
            self._tell()
            await self._run.on_chain_end(answer)

    def fail(self, inputs: Any, error: BaseException) -> None:
        """Fire the error."""
        if self._heard:
            self.start(inputs)
            self._tell()
            self._run.on_chain_error(error)

    async def afail(self, inputs: Any, error: BaseException) -> None:
        """`fail`, awaited."""
        if self._heard:
            await self.astart(inputs)
            self._tell()
            await self._run.on_chain_error(error)

    def around(self, inputs: Any, chunks: Iterator[Any], *, grows: bool) -> Generator[Any, None, None]:
        """Pass *chunks* on, between the start and the end; a consumer that stops early has had the end."""
        seen: list[Any] = []
        try:
            with closing(self._tapped(inputs, chunks)) as tapped:
                for chunk in tapped:
                    self._see(seen, chunk, grows=grows)
                    yield chunk
        except GeneratorExit:
            self.end(inputs, added(seen))
            raise
        except BaseException as error:
            self.fail(inputs, error)
            raise
        self.end(inputs, added(seen))

    async def aaround(self, inputs: Any, chunks: AsyncIterator[Any], *, grows: bool) -> AsyncGenerator[Any, None]:
        """`around`, awaited."""
        seen: list[Any] = []
        try:
            async with aclosing(self._atapped(inputs, chunks)) as tapped:
                async for chunk in tapped:
                    self._see(seen, chunk, grows=grows)
                    yield chunk
        except GeneratorExit:
            await self.aend(inputs, added(seen))
            raise
        except BaseException as error:
            await self.afail(inputs, error)
            raise
        await self.aend(inputs, added(seen))

    def _see(self, seen: list[Any], chunk: Any, *, grows: bool) -> None:
        if grows:
            seen.clear()
        if self._heard:
            seen.append(chunk)

    def _tapped(self, inputs: Any, chunks: Iterator[Any]) -> Any:
        """The chunks by way of whatever streams them on, once the run is known to it: from the first chunk on."""
        for first in chunks:
            self.start(inputs)
            whole = _put_before(first, chunks)
            yield from self._tap.tap_output_iter(self._run.run_id, whole) if self._tap else whole

    async def _atapped(self, inputs: Any, chunks: AsyncIterator[Any]) -> Any:
        async for first in chunks:
            await self.astart(inputs)
            whole = _aput_before(first, chunks)
            async for chunk in self._tap.tap_output_aiter(self._run.run_id, whole) if self._tap else whole:
                yield chunk

    @property
    def _tap(self) -> Any:
        handlers = self._run.handlers if self._run is not None else []
        return next((handler for handler in handlers if isinstance(handler, _StreamingCallbackHandler)), None)

    def _told(self) -> Any:
        self._metadata = self._outcome()
        return {
            **self._config,
            "metadata": {**(self._config.get("metadata") or {}), "langcache_outcome": self._metadata},
        }

    def _inside(self) -> Any:
        config = patch_config(self._config, callbacks=self._run.get_child())
        config.pop("run_id", None)
        config.pop("run_name", None)
        return config

    def _run_name(self) -> str:
        return self._config.get("run_name") or self._name

    def _outcome(self) -> dict[str, Any]:
        event = self.event
        told = {"outcome": event.outcome, "reason": event.reason, "key": event.key, "age_s": event.age_s}
        return {name: value for name, value in told.items() if value is not None}

    def _tell(self) -> None:
        """Bring the metadata listeners hold up to date: a miss may have become a refusal since."""
        self._metadata.update(self._outcome())


def _put_before(first: Any, chunks: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from chunks


async def _aput_before(first: Any, chunks: AsyncIterator[Any]) -> AsyncIterator[Any]:
    yield first
    async for chunk in chunks:
        yield chunk
