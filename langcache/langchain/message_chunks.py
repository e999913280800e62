"""Filling the chunks of a masked chat message: content, content blocks, the arguments of tool calls."""

from collections.abc import Callable, Iterable
from typing import Any

from langchain_core.messages import AIMessageChunk

from langcache.errors import LangcacheError, Refused
from langcache.langchain.messages import STRUCTURAL, is_reasoning
from langcache.templating.stream import StreamFiller
from langcache.templating.stream_json import JsonStreamFiller

__all__ = ["MessageFiller"]

_JSON = frozenset({"args", "partial_json", "arguments"})
"""Keys of content blocks under which JSON text arrives."""


class MessageFiller:
    """Fills the chunks of one message, or of one after another.

    Reasoning is left out, as it is from a filled message.

    Args:
        text: makes the filler of one text.
        whole: fills a value that is complete.
    """

    def __init__(self, text: Callable[[], StreamFiller], whole: Callable[[Any], Any]) -> None:
        self._make, self._whole = text, whole
        self._fillers: dict[Any, StreamFiller | JsonStreamFiller] = {}
        self._problems: list[Refused] = []
        self._id: str | None = None

    @property
    def refused(self) -> Refused | None:
        """Why what came so far cannot be read."""
        return next((filler.refused for filler in self._fillers.values() if filler.refused is not None), None)

    @property
    def unfilled(self) -> Refused | None:
        """Why a value could not be written."""
        return next((filler.unfilled for filler in self._fillers.values() if filler.unfilled is not None), None)

    def feed(self, chunk: AIMessageChunk) -> AIMessageChunk:
        """The chunk, as far as it may be shown; with the last one comes what was held back."""
        self._id = chunk.id or self._id
        content, calls = self._content(chunk.content), [self._call(call) for call in chunk.tool_call_chunks]
        if chunk.chunk_position == "last":
            content, calls = self._with_rest(content, calls)
        return AIMessageChunk(
            content=content,
            additional_kwargs=self._extra(chunk.additional_kwargs),
            response_metadata=chunk.response_metadata,
            id=chunk.id,
            name=chunk.name,
            usage_metadata=chunk.usage_metadata,
            tool_call_chunks=calls,
            chunk_position=chunk.chunk_position,
        )

    def finish(self) -> list[Any]:
        """What is held back of a message that had no last chunk."""
        content, calls = self._with_rest("", [])
        return [AIMessageChunk(content=content, tool_call_chunks=calls, id=self._id)] if content or calls else []

    def _filler(self, key: Any, json: bool) -> StreamFiller | JsonStreamFiller:
        if key not in self._fillers:
            self._fillers[key] = JsonStreamFiller(self._make) if json else self._make()
        return self._fillers[key]

    def _content(self, content: Any) -> Any:
        if isinstance(content, str):
            return self._filler("content", json=False).feed(content) if content else content
        return [self._block(block, at) for at, block in enumerate(content) if not is_reasoning(block)]

    def _block(self, block: Any, at: int) -> Any:
        if isinstance(block, str):
            return self._filler(("block", None), json=False).feed(block)
        index = block.get("index", at)
        return {key: self._value(value, (index, key)) for key, value in block.items()}

    def _value(self, value: Any, place: tuple[Any, str]) -> Any:
        if place[1] in STRUCTURAL or not value:
            return value
        if isinstance(value, str):
            return self._filler(("block", *place), json=place[1] in _JSON).feed(value)
        return self._complete(value)

    def _call(self, call: Any) -> Any:
        if not call.get("args"):
            return call
        return {**call, "args": self._filler(("call", call.get("index")), json=True).feed(call["args"])}

    def _extra(self, extra: dict[str, Any]) -> dict[str, Any]:
        return {**extra, "parsed": self._complete(extra["parsed"])} if extra.get("parsed") is not None else extra

    def _complete(self, value: Any) -> Any:
        try:
            return self._whole(value)
        except (LangcacheError, ValueError, TypeError):
            return value  # its text has been shown already, as it is

    def _with_rest(self, content: Any, calls: list[Any]) -> tuple[Any, list[Any]]:
        rests = [(key, rest) for key, filler in self._fillers.items() if (rest := filler.finish())]
        for key, rest in rests:
            if key == "content":
                content = content + rest if isinstance(content, str) else [*content, rest]
            elif key[0] == "call":
                calls = [*calls, {"name": None, "args": rest, "id": None, "index": key[1], "type": "tool_call_chunk"}]
            else:
                content = [*(content or ()), *_rest_of_block(key[1:], rest)]
        self._fillers = {}
        return content, calls


def _rest_of_block(place: Any, rest: str) -> Iterable[Any]:
    if place == (None,):
        return [rest]
    index, key = place
    return [{"type": "text" if key == "text" else "input_json_delta", key: rest, "index": index}]
