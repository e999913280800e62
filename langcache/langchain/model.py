"""A chat model wrapped: still a chat model, answering every user of one kind with one call.

The wrapped model is an instance of a subclass made for it, and shares the original's state: what changes in one
changes in the other. Only generating is overridden, so whatever LangChain builds on a chat model (``bind_tools``,
``with_structured_output``, ``create_agent``) builds on this one.
"""

import inspect
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, ValidationError

from langcache.core.classes import Classes
from langcache.core.encoding import canonical, digest
from langcache.core.profile import Profile
from langcache.errors import DeclarationError, Refused
from langcache.langchain.adapt import Instructed, with_instruction
from langcache.langchain.chain_stream import ChainStream
from langcache.langchain.fingerprint import fingerprint
from langcache.langchain.message_chunks import MessageFiller
from langcache.langchain.model_request import ModelRequest
from langcache.langchain.model_stream import (
    GenerationFiller,
    ModelSource,
    amodel_stream,
    model_stream,
    streams,
    told,
    told_calls,
    told_streams,
)
from langcache.langchain.model_work import METADATA_PROFILE, ModelWork, values_of
from langcache.langchain.per_object import PerObject
from langcache.langchain.replay import message_chunks
from langcache.langchain.settings import Chain, Settings, check
from langcache.langchain.thoughts import UNMASKABLE, calls_after_thoughts, is_forced, thinks
from langcache.langchain.watch import Watched
from langcache.runtime import ambient
from langcache.runtime.cache import Cache
from langcache.runtime.steps import adrive, adrive_stream, drive, drive_stream
from langcache.runtime.work import MaskedRunFailed, Produced, Stream

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
    # nothing to wait for, see `_Work.pace`.
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
    return _Work(_chain_of(model), messages, kwargs.get("stop"), call, arguments)


def _generate(self: Any, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
    """The answer, from the cache or from the model."""
    work = _Work(_chain_of(self), messages, stop, run_manager, kwargs)
    if ambient.inside_wrapped():
        return work.generate(messages)
    return work.result(drive(work.chain.cache.engine.answer(work)))


async def _agenerate(self: Any, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
    """`_generate`, awaited."""
    work = _Work(_chain_of(self), messages, stop, run_manager, kwargs)
    if ambient.inside_wrapped():
        return await work.agenerate(messages)
    return work.result(await adrive(work.chain.cache.engine.answer(work)))


def _stream(
    self: Any, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any
) -> Iterator[ChatGenerationChunk]:
    """The answer in chunks: as they come from the model, filled on the way; a stored one replayed."""
    work = _Work(_chain_of(self), messages, stop, run_manager, _whole(kwargs))
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
    work = _Work(_chain_of(self), messages, stop, run_manager, _whole(kwargs))
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


class _Work(ModelWork):
    """One call of a wrapped model."""

    def __init__(
        self, chain: Chain, messages: Sequence[BaseMessage], stop: Any, run_manager: Any, kwargs: Mapping[str, Any]
    ) -> None:
        self._messages, self._stop, self._run_manager, self._arguments = messages, stop, run_manager, kwargs
        self._paid: ChatResult | None = None
        self.streamed_with: Mapping[str, Any] | None = None
        self.opened: list[ChainStream] = []
        metadata, tags = told(run_manager)
        told_of = None if chain.settings.agent else metadata.get(METADATA_PROFILE)
        values = values_of(ambient.ambient_user(), told_of)
        super().__init__(chain, values, metadata, tags)
        if self.masks and self.bypass is None and not chain.masked_runs.closed():
            self.bypass = "the model's masked runs failed; wrap it with mode='abstract'"
        if self.masks and self.bypass is None and self._reasons():
            self.bypass = UNMASKABLE

    def _reasons(self) -> bool:
        """Whether calls of tools come with reasoning without which they may not go back."""
        names = ("thinking", "reasoning") if self.chain.settings.agent else ("thinking",)
        return (
            bool(self._arguments.get("tools"))
            and self._goes_on()
            and thinks(self.chain.runnable, self._arguments, *names)
        )

    def _goes_on(self) -> bool:
        """Whether a call of a tool goes back with its result."""
        return self.chain.settings.agent or not is_forced(self._arguments.get("tool_choice"))

    def _must_go_back(self, answer: Any) -> bool:
        return self._goes_on() and calls_after_thoughts(answer, unsigned=self.chain.settings.agent)

    def _requested(self) -> ModelRequest:
        found = fingerprint({"stop": self._stop, **self._arguments})
        extra = {"arguments": digest(canonical(found.parts))}
        shared = self.chain.identity()
        identity = replace(shared, classes=Classes((*shared.found.classes, *found.classes)))
        return ModelRequest(self.chain, identity, self._messages, self.inputs, extra=extra)

    # Running the model.

    def run(self, masked: bool) -> Produced | Stream:
        """One attempt; of a stream, as far as its first chunk."""
        if self.streamed_with is not None:
            self.pace()
            chunks = model_stream(self.model, self._sent(masked), self._stop, self.streamed_with)
            return self._opened(masked).open(chunks)
        with self._blaming_the_mask(masked):
            return self._observed(self.generate(self._sent(masked)))

    async def arun(self, masked: bool) -> Produced | Stream:
        """`run`, awaited."""
        if self.streamed_with is not None:
            await self.apace()
            chunks = amodel_stream(self.model, self._sent(masked), self._stop, self.streamed_with)
            return await self._opened(masked).aopen(chunks)
        with self._blaming_the_mask(masked):
            return self._observed(await self.agenerate(self._sent(masked)))

    def generate(self, messages: Sequence[BaseMessage]) -> ChatResult:
        """One call of the model itself."""
        call = _told(self.model._generate, self._run_manager)  # noqa: SLF001 -- what LangChain's own `invoke` calls
        self.pace()
        with self.chain.watched:
            return call(list(messages), self._stop, **self._arguments)  # type: ignore[no-any-return]

    async def agenerate(self, messages: Sequence[BaseMessage]) -> ChatResult:
        """`generate`, awaited."""
        call = _told(self.model._agenerate, self._run_manager)  # noqa: SLF001
        await self.apace()
        with self.chain.watched:
            return await call(list(messages), self._stop, **self._arguments)  # type: ignore[no-any-return]

    @contextmanager
    def _blaming_the_mask(self, masked: bool) -> Iterator[None]:
        """A model fails with its provider's errors, unless the SDK made an object of a class that takes no placeholder.

        Raises:
            MaskedRunFailed: it did.
        """
        try:
            yield
        except ValidationError as error:
            if not (masked and self.chain.settings.profile.declaration.names):
                raise
            raise MaskedRunFailed(type(error).__name__) from error

    def broke(self) -> None:
        """The same when the text of the answer has been shown: too late for this user, not for the next ones."""
        if self.masks and self.bypass is None:
            self.masked_run_ended(False)

    def pace(self) -> None:
        """Wait for the model's rate limiter, as LangChain does before a call."""
        if self.model.rate_limiter is not None:
            self.model.rate_limiter.acquire(blocking=True)

    async def apace(self) -> None:
        """`pace`, awaited."""
        if self.model.rate_limiter is not None:
            await self.model.rate_limiter.aacquire(blocking=True)

    def _opened(self, masked: bool) -> ChainStream:
        fills = masked and self.request is not None
        filler = GenerationFiller(MessageFiller(self.filler, self.whole)) if fills else None
        stream = ChainStream(ModelSource(self.chain.watched, self._observed), filler)
        self.opened.append(stream)
        return stream

    def apart(self) -> "_Work":
        """The same call on an account of its own."""
        twin: Any = super().apart()
        twin.streamed_with = None
        return twin  # type: ignore[no-any-return]

    def replayed(self, answers: Sequence[AIMessage]) -> Iterator[ChatGenerationChunk]:
        """A finished answer as chunks."""
        generation = self.result(answers).generations[0]
        assert isinstance(generation.message, AIMessage)
        for chunk in message_chunks(generation.message):
            info = generation.generation_info if chunk.chunk_position == "last" else None
            yield ChatGenerationChunk(message=chunk, generation_info=info)

    @property
    def model(self) -> Any:
        """The model itself, its SDK's retries off."""
        return self.chain.identity().inner[False]

    def _sent(self, masked: bool) -> Sequence[BaseMessage]:
        if not masked or self.request is None:
            return self._messages
        assert isinstance(self.request, ModelRequest)
        messages = self.request.masked_messages
        instructed = self.identity.inner[True]
        if not self.tokens or not isinstance(instructed, Instructed):
            return messages
        return with_instruction(messages, instructed.instruction)

    def template(self, produced: Produced) -> Any:
        """The packed, delexicalized answer."""
        if self.chain.identity().found is not self.identity.found:
            raise Refused("chain changed while it ran")
        return super().template(produced)

    def _observed(self, result: ChatResult) -> Produced:
        self._paid = result
        answers = [_with_metadata(generation, result) for generation in result.generations]
        return self.produced(answers, result.llm_output)

    def result(self, answers: Sequence[AIMessage]) -> ChatResult:
        """What the flow answered, as LangChain expects it; of a call that was paid for, all the provider said."""
        if self.event.outcome in ("hit", "stale") or self._paid is None:
            return ChatResult(generations=[ChatGeneration(message=answer) for answer in answers])
        paid = self._paid
        generations = [
            ChatGeneration(message=answer, generation_info=_filled(generation.generation_info, answer))
            for answer, generation in zip(answers, paid.generations, strict=True)
        ]
        whole = _filled(paid.llm_output, answers[0]) if len(answers) == 1 else paid.llm_output
        return ChatResult(generations=generations, llm_output=whole)


def _told(generate: Callable[..., Any], run_manager: Any) -> Callable[..., Any]:
    """*generate* with the run manager, if its signature has one."""
    if "run_manager" not in inspect.signature(generate).parameters:
        return generate
    return lambda *args, **kwargs: generate(*args, run_manager=run_manager, **kwargs)


def _filled(said: Mapping[str, Any] | None, answer: AIMessage) -> dict[str, Any] | None:
    """What a provider said beside an answer, as the filled answer says it; see `_with_metadata`."""
    return None if said is None else {key: answer.response_metadata.get(key, value) for key, value in said.items()}


def _with_metadata(generation: ChatGeneration, result: ChatResult) -> Any:
    """The message with everything said about it, as LangChain would put it together later."""
    message = generation.message
    whole = result.llm_output if len(result.generations) == 1 else None
    metadata = {**(whole or {}), **(generation.generation_info or {}), **message.response_metadata}
    return message.model_copy(update={"response_metadata": metadata})
