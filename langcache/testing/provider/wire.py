"""What the two wire formats share: the question asked, the answer to write, the frames of a stream."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from langcache.testing.provider.script import Fault, Reply

__all__ = ["Ask", "Frame", "MisunderstoodError", "Turn", "Wire", "compact", "pieces", "text_of"]


class MisunderstoodError(ValueError):
    """A request the stand-in cannot answer; the message says what it can."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a request asks for, whoever's format it came in.

    Args:
        model: as the client named it; echoed.
        last_user_text: text of the last user message.
        prompt_chars: characters of all messages, for the token estimate.
        stream: whether the answer goes out as server-sent events.
        include_usage: whether a stream ends with its usage (OpenAI's ``stream_options``).
        schema: JSON schema the answer's text must follow, if any.
        json_mode: whether the text must be JSON of any shape.
        forced_tool: name and JSON schema of the tool that must be called, if any.
    """

    model: str
    last_user_text: str
    prompt_chars: int
    stream: bool
    include_usage: bool
    schema: Mapping[str, Any] | None = None
    json_mode: bool = False
    forced_tool: tuple[str, Mapping[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer to write: a question, its reply, and the request's *number*, which every id is made from."""

    ask: Ask
    reply: Reply
    number: int

    @property
    def input_tokens(self) -> int:
        """As the reply says, else a quarter of the prompt's characters."""
        given = self.reply.input_tokens
        return max(1, self.ask.prompt_chars // 4) if given is None else given

    @property
    def output_tokens(self) -> int:
        """As the reply says, else a quarter of the answer's characters."""
        if self.reply.output_tokens is not None:
            return self.reply.output_tokens
        said = self.reply.text + (self.reply.refusal or "") + (self.reply.reasoning or "")
        called = "".join(call.name + compact(call.args) for call in self.reply.tool_calls)
        return max(1, len(said + called) // 4)

    def finish(self, words: Mapping[str, str], *, calls: str, declines: str, done: str) -> str:
        """Why the model stopped, translated with *words* into one vendor's vocabulary."""
        if self.reply.finish is not None:
            return words.get(self.reply.finish, self.reply.finish)
        if self.reply.refusal is not None:
            return declines
        return calls if self.reply.tool_calls else done


@dataclass(frozen=True, slots=True)
class Frame:
    """One server-sent event as bytes; *is_piece* when it carries a piece of the answer's content."""

    data: bytes
    is_piece: bool = False


class Wire(Protocol):
    """One vendor's format: read a request, write an answer, a stream, an error."""

    vendor: str
    path: str
    request_id_header: str

    def read(self, body: Mapping[str, Any]) -> Ask:
        """The question in *body*. Raises: Misunderstood."""

    def answer(self, turn: Turn) -> dict[str, Any]:
        """The JSON of a whole answer."""

    def stream(self, turn: Turn) -> Iterator[Frame]:
        """The same answer as server-sent events."""

    def error(self, fault: Fault, number: int) -> dict[str, Any]:
        """The JSON of an HTTP error."""

    def stream_error(self, fault: Fault, number: int) -> Frame:
        """The event that breaks a stream off."""


def compact(data: Any) -> str:
    """JSON without spaces, as providers write tool arguments."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def pieces(reply: Reply) -> list[str]:
    """The text of *reply* as a stream delivers it: its chunks, else words with the space before them."""
    if reply.chunks is not None:
        return list(reply.chunks)
    first, *rest = reply.text.split(" ")
    return [piece for piece in (first, *(f" {word}" for word in rest)) if piece]


def text_of(content: Any) -> str:
    """The text of a message's content, given as a string or as blocks."""
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else []
    return "".join(str(block.get("text", "")) for block in blocks if isinstance(block, dict))
