"""A chat model wrapped: still a chat model, answering every user of one kind with one call.

The wrapped model is an instance of a subclass made for it, and shares the original's state: what changes in one
changes in the other. Only generating is overridden, so whatever LangChain builds on a chat model (``bind_tools``,
``with_structured_output``, ``create_agent``) builds on this one.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, ValidationError

from langcache.core.profile import Profile
from langcache.errors import DeclarationError
from langcache.langchain.model_call import ModelCall
from langcache.langchain.model_stream import (
    amodel_stream,
    model_stream,
    streams,
    told_calls,
    told_streams,
)
from langcache.langchain.model_work import ModelWork
from langcache.langchain.per_object import PerObject
from langcache.langchain.settings import Chain, Settings, check
from langcache.langchain.watch import Watched
from langcache.runtime import ambient
from langcache.runtime.cache import Cache
from langcache.runtime.steps import adrive, adrive_stream, drive, drive_stream

__all__ = ["is_wrapped_model", "work_of", "wrap_model"]

COPIES_KEPT = 16
"""Copies of one wrapped model whose fingerprints are remembered, the oldest forgotten first."""

_FOR_TRACERS = ("ls_structured_output_format", "structured_output_format")
"""Arguments that ``invoke`` keeps from the model."""


def wrap_model(
    cache: Cache,
    model: BaseChatModel,
    *,
    profile: type[Profile] | None = None,
    name: str | None = None,
    prompt_version: str | None = None,
    **declared: Any,
) -> BaseChatModel:
    """See `Cache.wrap`.

    The profile's values come from ``cache.user({...})`` and, before those, ``metadata["profile"]``; a call without any
    is cached exactly.

    Raises:
        DeclarationError: the model holds a function, and no *prompt_version* is given.
    """
    settings = Settings(name or model.get_name(), profile or Profile, prompt_version, **declared)
    check(settings)
    watched = Watched(model)
    if prompt_version is None and watched.found.opaque:
        raise DeclarationError(
            f"model {settings.name!r} holds {watched.found.opaque[0]!r}, which cannot be fingerprinted: give wrap() a "
            "prompt_version, and a new one with every edit"
        )
    chain = Chain(cache, model, settings, watched)
    return _sharing(model, _subclass(type(model), chain))


def _sharing(model: BaseChatModel, kind: type[BaseChatModel]) -> BaseChatModel:
    """An instance of *kind* with the very state of *model*."""
    twin = kind.__new__(kind)
    for name in ("__dict__", "__pydantic_private__", "__pydantic_extra__", "__pydantic_fields_set__"):
        object.__setattr__(twin, name, getattr(model, name))
    return twin


def _subclass(kind: type[BaseChatModel], chain: Chain) -> type[BaseChatModel]:
    """A subclass of *kind* that asks the cache before it generates."""
    members: dict[str, Any] = {
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__doc__": kind.__doc__,
        "model_config": ConfigDict(defer_build=True),
        "_generate": _generate,
        "_agenerate": _agenerate,
    }
    if kind._stream is not BaseChatModel._stream or kind._astream is not BaseChatModel._astream:  # noqa: SLF001
        members.update(_stream=_stream, _astream=_astream, **told_streams(kind), **told_calls(kind))
    metaclass: Any = type(kind)
    made: Any = metaclass(kind.__name__, (kind,), members)
    # A property of the class goes before the shared state: LangChain's own cache must not ask twice, and a hit has
    # nothing to wait for, see `ModelCall.pace`.
    made.cache = property(lambda self: False, lambda self, value: None)
    made.rate_limiter = property(lambda self: None, lambda self, value: self.__dict__.update(rate_limiter=value))
    made._langcache = chain  # noqa: SLF001
    made._langcache_of_copy = PerObject(partial(_of_copy, chain), kept=COPIES_KEPT)  # noqa: SLF001
    for native in ("_stream_chat_model_events", "_astream_chat_model_events"):
        if hasattr(kind, native):
            setattr(made, native, None)
    return made  # type: ignore[no-any-return]


def _chain_of(model: Any) -> Chain:
    """The chain of a wrapped model; a copy of one (``model_copy``, ``configurable_fields``) is a model of its own."""
    kind: Any = type(model)
    chain: Chain = kind._langcache  # noqa: SLF001
    if model.__dict__ is chain.runnable.__dict__:
        return chain
    return kind._langcache_of_copy(model)  # type: ignore[no-any-return] # noqa: SLF001


def _of_copy(chain: Chain, model: BaseChatModel) -> Chain:
    plain = _sharing(model, type(chain.runnable))
    return Chain(chain.cache, plain, chain.settings, Watched(plain))


def is_wrapped_model(model: Any) -> bool:
    """Whether `wrap_model` made it."""
    return isinstance(model, BaseChatModel) and hasattr(type(model), "_langcache")


def _normalised(messages: list[BaseMessage]) -> list[BaseMessage]:
    """As the model is handed them; as they are where a later LangChain does it elsewhere, which few messages show."""
    try:
        from langchain_core.language_models._utils import _normalize_messages
    except ImportError:
        return messages
    return _normalize_messages(messages)


def work_of(model: Any, inputs: Any, config: Mapping[str, Any], kwargs: Mapping[str, Any]) -> ModelWork:
    """The call that ``invoke`` of a wrapped model would make, read and keyed; nothing is run."""
    arguments = {name: value for name, value in kwargs.items() if name not in ("stop", *_FOR_TRACERS)}
    messages = _normalised(model._convert_input(inputs).to_messages())  # noqa: SLF001 -- no public twin
    call = SimpleNamespace(metadata=config.get("metadata"), tags=config.get("tags"))
    return ModelCall(_chain_of(model), messages, kwargs.get("stop"), call, arguments)


def _generate(self: Any, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
    """The answer, from the cache or from the model."""
    work = ModelCall(_chain_of(self), messages, stop, run_manager, kwargs)
    if ambient.inside_wrapped():
        return work.generate(messages)
    return work.result(drive(work.chain.cache.engine.answer(work)))


async def _agenerate(self: Any, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
    """`_generate`, awaited."""
    work = ModelCall(_chain_of(self), messages, stop, run_manager, kwargs)
    if ambient.inside_wrapped():
        return await work.agenerate(messages)
    return work.result(await adrive(work.chain.cache.engine.answer(work)))


def _stream(
    self: Any, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any
) -> Iterator[ChatGenerationChunk]:
    """The answer in chunks: as they come from the model, filled on the way; a stored one replayed."""
    work = ModelCall(_chain_of(self), messages, stop, run_manager, _whole(kwargs))
    if ambient.inside_wrapped():
        work.pace()
        yield from model_stream(work.model, messages, stop, kwargs)
        return
    work.streamed_with = kwargs if streams(work.model, sync=True) else None
    chunks = drive_stream(work.chain.cache.engine.stream(work, work.replayed))
    try:
        yield from chunks
    except ValidationError:
        work.broke()
        raise
    finally:
        chunks.close()
        for stream in work.opened:
            stream.close()


async def _astream(
    self: Any, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any
) -> AsyncIterator[ChatGenerationChunk]:
    """`_stream`, awaited."""
    work = ModelCall(_chain_of(self), messages, stop, run_manager, _whole(kwargs))
    if ambient.inside_wrapped():
        await work.apace()
        async for chunk in amodel_stream(work.model, messages, stop, kwargs):
            yield chunk
        return
    work.streamed_with = kwargs if streams(work.model, sync=False) else None
    chunks = adrive_stream(work.chain.cache.engine.stream(work, work.replayed))
    try:
        async for chunk in chunks:
            yield chunk
    except ValidationError:
        work.broke()
        raise
    finally:
        await chunks.aclose()
        for stream in work.opened:
            await stream.aclose()


def _whole(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in kwargs.items() if name not in ("stream", "stream_usage")}
