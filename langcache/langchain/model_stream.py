"""The stream of a chat model: its own chunks, filled on the way, gathered as the result of a call."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, message_chunk_to_message
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import ensure_config

from langcache.errors import Refused
from langcache.langchain.message_chunks import MessageFiller
from langcache.langchain.watch import Watched
from langcache.runtime.work import Produced

__all__ = [
    "GenerationFiller",
    "ModelSource",
    "amodel_stream",
    "model_stream",
    "streams",
    "told",
    "told_calls",
    "told_streams",
]


_END: Any = object()
_config: ContextVar[Any] = ContextVar("langcache_model_config", default=None)


def told(run_manager: Any) -> tuple[Mapping[str, Any], Sequence[str]]:
    """Metadata and tags of a model call. LangChain keeps them from ``_stream``; see `told_streams` and `told_calls`."""
    if run_manager is not None:
        return run_manager.metadata or {}, run_manager.tags or ()
    config = ensure_config(_config.get())
    return config.get("metadata") or {}, config.get("tags") or ()


def told_streams(kind: Any) -> dict[str, Any]:
    """``stream`` and ``astream`` for a subclass of *kind*, that tell its ``_stream`` the call's config."""

    def stream(self: Any, input: Any, config: Any = None, **kwargs: Any) -> Iterator[Any]:
        chunks = kind.stream(self, input, config, **kwargs)
        token = _config.set(config)
        try:
            first = next(chunks, _END)  # `_stream` is entered here
        finally:
            _config.reset(token)
        with closing(chunks):
            if first is not _END:
                yield first
                yield from chunks

    async def astream(self: Any, input: Any, config: Any = None, **kwargs: Any) -> AsyncIterator[Any]:
        async with aclosing(kind.astream(self, input, config, **kwargs)) as chunks:
            token = _config.set(config)
            try:
                first = await anext(chunks, _END)
            finally:
                _config.reset(token)
            if first is not _END:
                yield first
                async for chunk in chunks:
                    yield chunk

    return {"stream": stream, "astream": astream}


def told_calls(kind: Any) -> dict[str, Any]:
    """What ``invoke`` of a subclass of *kind* calls, which may stream as well: it tells ``_stream`` of its run."""

    def call(self: Any, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
        with _telling(run_manager):
            return kind._generate_with_cache(self, messages, stop=stop, run_manager=run_manager, **kwargs)  # noqa: SLF001

    async def acall(self: Any, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
        with _telling(run_manager):
            return await kind._agenerate_with_cache(self, messages, stop=stop, run_manager=run_manager, **kwargs)  # noqa: SLF001

    return {"_generate_with_cache": call, "_agenerate_with_cache": acall}


@contextmanager
def _telling(run_manager: Any) -> Iterator[None]:
    config = None if run_manager is None else {"metadata": run_manager.metadata or {}, "tags": run_manager.tags or []}
    token = _config.set(config)
    try:
        yield
    finally:
        _config.reset(token)


def streams(model: Any, *, sync: bool) -> bool:
    """Whether the model implements streaming; async may use the sync half."""
    kind: Any = type(model)
    if kind._stream is not BaseChatModel._stream:  # noqa: SLF001
        return True
    return not sync and kind._astream is not BaseChatModel._astream  # noqa: SLF001


def model_stream(
    model: Any, messages: Sequence[BaseMessage], stop: Any, arguments: Mapping[str, Any]
) -> Iterator[ChatGenerationChunk]:
    """The chunks of the model itself, as LangChain's own ``stream`` asks for them."""
    return model._stream(list(messages), stop=stop, **arguments)  # type: ignore[no-any-return]  # noqa: SLF001


def amodel_stream(
    model: Any, messages: Sequence[BaseMessage], stop: Any, arguments: Mapping[str, Any]
) -> AsyncIterator[ChatGenerationChunk]:
    """`model_stream`, awaited."""
    return model._astream(list(messages), stop=stop, **arguments)  # type: ignore[no-any-return]  # noqa: SLF001


@dataclass(slots=True)
class ModelSource:
    """Implements `langcache.langchain.chain_stream.Source`.

    Args:
        watched: the model.
        observed: told the result of the call.
    """

    watched: Watched
    observed: Callable[[ChatResult], Produced]

    def failure(self, error: Exception) -> Exception:
        """All a model can fail with is the provider's."""
        return error

    def finished(self, output: Any) -> Produced:
        """The gathered chunks as one result."""
        if output is None:
            raise ValueError("the model's stream held no chunk")
        message = message_chunk_to_message(output.message)
        return self.observed(
            ChatResult(generations=[ChatGeneration(message=message, generation_info=output.generation_info)])
        )


class GenerationFiller:
    """`MessageFiller` for the chunks of a model."""

    def __init__(self, messages: MessageFiller) -> None:
        self._messages = messages

    @property
    def refused(self) -> Refused | None:
        """Why what came so far cannot be read."""
        return self._messages.refused

    @property
    def unfilled(self) -> Refused | None:
        """Why a value could not be written."""
        return self._messages.unfilled

    def feed(self, chunk: Any) -> list[Any]:
        """The chunk, as far as it may be shown."""
        message, info = self._messages.feed(chunk.message), chunk.generation_info
        return [ChatGenerationChunk(message=message, generation_info=info and self._messages.told(info))]

    def finish(self) -> list[Any]:
        """What was held back."""
        return [ChatGenerationChunk(message=message) for message in self._messages.finish()]
