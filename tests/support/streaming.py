"""A chat model that streams, for tests that need no HTTP."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage, message_chunk_to_message
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.outputs.chat_generation import merge_chat_generation_chunks
from pydantic import PrivateAttr

from support.models import usage


class StreamingModel(BaseChatModel):
    """Says *chunks* one after another: texts, message chunks, or exceptions to raise; counts its calls."""

    chunks: Any = ()
    model_name: str = "fake-1"
    _calls: list[list[BaseMessage]] = PrivateAttr(default_factory=list)
    _closed: list[str] = PrivateAttr(default_factory=list)

    @property
    def calls(self) -> int:
        """How often it was asked."""
        return len(self._calls)

    @property
    def closed(self) -> int:
        """How many of its streams have ended, in whatever way."""
        return len(self._closed)

    def _said(self, messages: list[BaseMessage]) -> Iterator[ChatGenerationChunk]:
        self._calls.append(messages)
        chunks = self.chunks(messages) if callable(self.chunks) else self.chunks
        for at, chunk in enumerate(chunks):
            if isinstance(chunk, BaseException):
                raise chunk
            last = at == len(chunks) - 1
            message = chunk if isinstance(chunk, AIMessageChunk) else AIMessageChunk(content=chunk)
            if last:
                message = message.model_copy(update={"usage_metadata": usage(10, 20)})
            yield ChatGenerationChunk(message=message.model_copy())

    def _stream(self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any) -> Iterator[Any]:
        try:
            yield from self._said(messages)
        finally:
            self._closed.append("stream")

    async def _astream(self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any) -> AsyncIterator[Any]:
        try:
            for chunk in self._said(messages):
                await asyncio.sleep(0)
                yield chunk
        finally:
            self._closed.append("stream")

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any) -> ChatResult:
        merged = merge_chat_generation_chunks(list(self._said(messages)))
        assert merged is not None
        message = message_chunk_to_message(merged.message)
        return ChatResult(generations=[ChatGeneration(message=message)])

    @property
    def _llm_type(self) -> str:
        return "streaming"
