"""A finished answer as the chunks of a stream; added up, they are the answer."""

import json
import re
from collections.abc import Iterator
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk

__all__ = ["message_chunks", "replayed"]

_SOME_WORDS = re.compile(r"(?:\S+\s*|\s+){1,4}")


def replayed(answer: Any) -> Iterator[Any]:
    """Texts and messages by a few words at a time, anything else as one chunk."""
    if type(answer) is str:
        yield from _SOME_WORDS.findall(answer) or [answer]
    elif type(answer) is AIMessage and not answer.invalid_tool_calls:
        yield from message_chunks(answer)
    else:
        yield answer


def message_chunks(message: AIMessage) -> Iterator[AIMessageChunk]:
    """A message as chunks; everything but the words comes with the last."""
    content: Any = message.content
    if isinstance(content, str):
        *first, content = _SOME_WORDS.findall(content) or [content]
        yield from (AIMessageChunk(content=words, id=message.id) for words in first)
    calls: list[Any] = [
        {
            "name": call["name"],
            "args": json.dumps(call["args"]),
            "id": call["id"],
            "index": n,
            "type": "tool_call_chunk",
        }
        for n, call in enumerate(message.tool_calls)
    ]
    yield AIMessageChunk(
        content=content,
        id=message.id,
        name=message.name,
        additional_kwargs=message.additional_kwargs,
        response_metadata=message.response_metadata,
        usage_metadata=message.usage_metadata,
        tool_call_chunks=calls,
        chunk_position="last",
    )
