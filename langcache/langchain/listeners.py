"""Who listens to the tokens of a masked run hears them filled: a page that shows them must not show placeholders.

That is whatever LangChain and LangGraph stream through (``astream_events``, ``stream_mode="messages"``) and any handler
of the user's that overrides ``on_llm_new_token``. Tracers are left alone: a trace shows what the provider saw.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler, BaseCallbackManager
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, GenerationChunk, LLMResult
from langchain_core.tracers._streaming import _StreamingCallbackHandler, _V2StreamingCallbackHandler
from langchain_core.tracers.base import BaseTracer

from langcache.langchain.chunks import ChunkFiller
from langcache.langchain.message_chunks import MessageFiller
from langcache.templating.stream import StreamFiller

__all__ = ["filled_listeners"]

Whole = Callable[[Any], Any]


def filled_listeners(config: Any, text: Callable[[], StreamFiller], whole: Whole) -> Any:
    """A config whose listeners hear filled tokens.

    Args:
        config: for a masked run.
        text: makes the filler of one text.
        whole: fills a value that is complete.
    """
    manager = config.get("callbacks")
    if not isinstance(manager, BaseCallbackManager) or not any(map(_listens, manager.handlers)):
        return config
    known: dict[int, Any] = {}

    def told(handler: Any) -> Any:
        if not _listens(handler):
            return handler
        if id(handler) not in known:
            known[id(handler)] = _filled(handler, _Tokens(text, whole))
        return known[id(handler)]

    copy = manager.copy()
    copy.handlers = [told(each) for each in manager.handlers if not _is_protocol(each)]
    copy.inheritable_handlers = [told(each) for each in manager.inheritable_handlers if not _is_protocol(each)]
    return {**config, "callbacks": copy}


def _listens(handler: Any) -> bool:
    if isinstance(handler, _StreamingCallbackHandler):
        return True
    heard = type(handler).on_llm_new_token is not BaseCallbackHandler.on_llm_new_token
    return heard and not isinstance(handler, BaseTracer)


def _is_protocol(handler: Any) -> bool:
    """LangGraph's v3 events take a message apart in a way of their own; they get the node's whole message instead."""
    return isinstance(handler, _V2StreamingCallbackHandler)


class _Tokens:
    """The fillers of the model calls, and of the taps, of one masked run."""

    def __init__(self, text: Callable[[], StreamFiller], whole: Whole) -> None:
        self._make, self._whole = text, whole
        self._runs: dict[Any, ChunkFiller] = {}

    def filler(self) -> ChunkFiller:
        """A filler of its own."""
        return ChunkFiller(self._make, self._whole, grows=False)

    def chunk(self, run_id: Any, token: Any, chunk: Any) -> list[tuple[Any, Any]]:
        """What may be told of a token: at most one pair of text and chunk."""
        filler = self._runs.setdefault(run_id, self.filler())
        if not isinstance(chunk, ChatGenerationChunk) or not isinstance(chunk.message, AIMessageChunk):
            shown = filler.feed(token)
            return [(text, GenerationChunk(text=text) if chunk is not None else None) for text in shown]
        info = self._told(chunk.generation_info)
        return [(each.content, _as_chunk(each, info)) for each in filler.feed(chunk.message)]

    def rest(self, run_id: Any) -> list[tuple[Any, Any]]:
        """What was held back of a run that ends."""
        filler = self._runs.pop(run_id, None)
        rests = filler.finish() if filler is not None else []
        return [(r, None) if isinstance(r, str) else (r.content, _as_chunk(r, None)) for r in rests if r is not None]

    def filled(self, value: Any) -> Any:
        """A complete value, filled if it can be."""
        if isinstance(value, LLMResult):
            generations = [[self._generation(each) for each in some] for some in value.generations]
            return value.model_copy(update={"generations": generations, "llm_output": self._told(value.llm_output)})
        if isinstance(value, AIMessageChunk):
            whole = value.model_copy(update={"chunk_position": "last"})
            return MessageFiller(self._make, self._whole).feed(whole)
        try:
            return self._whole(value)
        except Exception:
            return value  # what only a listener sees may be anything

    def _generation(self, generation: Any) -> Any:
        if isinstance(generation, ChatGeneration):
            info = self._told(generation.generation_info)
            return type(generation)(message=self.filled(generation.message), generation_info=info)
        return generation.model_copy(update={"text": self.filled(generation.text)})

    def _told(self, beside: Any) -> Any:
        return beside and MessageFiller(self._make, self._whole).told(beside)


def _as_chunk(message: AIMessageChunk, info: Any) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=message, generation_info=info)


def _filled(handler: Any, tokens: _Tokens) -> Any:
    """The same handler (its state is shared) that hears filled tokens."""
    kind = type(handler)
    members = _async_members(kind, tokens) if _is_async(kind) else _sync_members(kind, tokens)
    if isinstance(handler, _StreamingCallbackHandler):
        members.update(_taps(kind, tokens))
    made: Any = type(kind.__name__, (kind,), {"__module__": kind.__module__, **members})
    twin = made.__new__(made)
    twin.__dict__ = handler.__dict__
    return twin


def _is_async(kind: Any) -> bool:
    return asyncio.iscoroutinefunction(kind.on_llm_new_token)


def _sync_members(kind: Any, tokens: _Tokens) -> dict[str, Any]:
    def on_llm_new_token(self: Any, token: Any, *, chunk: Any = None, run_id: Any, **kwargs: Any) -> None:
        for text, filled in tokens.chunk(run_id, token, chunk):
            kind.on_llm_new_token(self, text, chunk=filled, run_id=run_id, **kwargs)

    def on_llm_end(self: Any, response: Any, *, run_id: Any, **kwargs: Any) -> None:
        for text, filled in tokens.rest(run_id):
            kind.on_llm_new_token(self, text, chunk=filled, run_id=run_id, **kwargs)
        kind.on_llm_end(self, tokens.filled(response), run_id=run_id, **kwargs)

    def on_chain_end(self: Any, outputs: Any, **kwargs: Any) -> None:
        kind.on_chain_end(self, tokens.filled(outputs), **kwargs)

    return {"on_llm_new_token": on_llm_new_token, "on_llm_end": on_llm_end, "on_chain_end": on_chain_end}


def _async_members(kind: Any, tokens: _Tokens) -> dict[str, Any]:
    async def on_llm_new_token(self: Any, token: Any, *, chunk: Any = None, run_id: Any, **kwargs: Any) -> None:
        for text, filled in tokens.chunk(run_id, token, chunk):
            await kind.on_llm_new_token(self, text, chunk=filled, run_id=run_id, **kwargs)

    async def on_llm_end(self: Any, response: Any, *, run_id: Any, **kwargs: Any) -> None:
        for text, filled in tokens.rest(run_id):
            await kind.on_llm_new_token(self, text, chunk=filled, run_id=run_id, **kwargs)
        await kind.on_llm_end(self, tokens.filled(response), run_id=run_id, **kwargs)

    async def on_chain_end(self: Any, outputs: Any, **kwargs: Any) -> None:
        await kind.on_chain_end(self, tokens.filled(outputs), **kwargs)

    return {"on_llm_new_token": on_llm_new_token, "on_llm_end": on_llm_end, "on_chain_end": on_chain_end}


def _taps(kind: Any, tokens: _Tokens) -> dict[str, Any]:
    """Of what passes a tap the listener gets a filled copy; what goes on inside the run stays as it was."""

    def tap_output_iter(self: Any, run_id: Any, output: Iterator[Any]) -> Iterator[Any]:
        tap = _Tap(tokens)
        tapped = kind.tap_output_iter(self, run_id, iter(tap))
        for chunk in output:
            for _ in tap.told(chunk):
                next(tapped)
            yield chunk
        for _ in tap.rest():
            next(tapped)

    async def tap_output_aiter(self: Any, run_id: Any, output: AsyncIterator[Any]) -> AsyncIterator[Any]:
        tap = _Tap(tokens)
        tapped = kind.tap_output_aiter(self, run_id, aiter(tap))
        async for chunk in output:
            for _ in tap.told(chunk):
                await anext(tapped)
            yield chunk
        for _ in tap.rest():
            await anext(tapped)

    return {"tap_output_iter": tap_output_iter, "tap_output_aiter": tap_output_aiter}


class _Tap:
    """Gives a listener's tap one filled chunk at a time."""

    def __init__(self, tokens: _Tokens) -> None:
        self._filler = tokens.filler()
        self._next: Any = None

    def told(self, chunk: Any) -> Iterator[None]:
        """Lay ready what is to be told of a chunk."""
        for filled in self._filler.feed(chunk):
            self._next = filled
            yield

    def rest(self) -> Iterator[None]:
        """Lay ready what was held back."""
        for filled in self._filler.finish():
            if filled is not None:
                self._next = filled
                yield

    def __iter__(self) -> Iterator[Any]:
        while True:
            yield self._next

    async def __aiter__(self) -> AsyncIterator[Any]:
        while True:
            yield self._next
