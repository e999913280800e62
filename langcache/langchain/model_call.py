"""One call of a wrapped chat model: how it is keyed, run, and told as LangChain expects it."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ValidationError

from langcache.core.classes import Classes
from langcache.core.encoding import canonical, digest
from langcache.errors import Refused
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
    told,
)
from langcache.langchain.model_work import METADATA_PROFILE, ModelWork, values_of
from langcache.langchain.replay import message_chunks
from langcache.langchain.settings import Chain
from langcache.langchain.thoughts import UNMASKABLE, calls_after_thoughts, is_forced, thinks
from langcache.runtime import ambient
from langcache.runtime.work import MaskedRunFailed, Produced, Stream

__all__ = ["ModelCall"]


class ModelCall(ModelWork):
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

    def apart(self) -> "ModelCall":
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
