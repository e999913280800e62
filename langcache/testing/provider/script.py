"""What a test says to the stand-in: the replies it gives, the faults it plays, the requests it saw."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Fault", "Reply", "ReplySource", "Request", "ToolCall"]


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request that reached the stand-in.

    Args:
        path: path and query, such as ``"/v1/chat/completions"``.
        headers: names in lower case.
        body: the bytes as they came over the wire; compare these to show that two users look alike.
        json: the body as a JSON object; empty when it was none.
        vendor: ``"openai"``, ``"anthropic"``, or ``""`` when the path is neither's.
        at_s: seconds since the stand-in started.
        number: place in the order of arrival, from 1.
    """

    path: str
    headers: Mapping[str, str]
    body: bytes
    json: dict[str, Any]
    vendor: str
    at_s: float
    number: int


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool the model asks for; *args* are its arguments as JSON data."""

    name: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of the model, in no vendor's format.

    Args:
        text: the text of the answer.
        tool_calls: calls of tools, after the text.
        finish: why the model stopped, in either vendor's words: ``stop``/``end_turn``,
            ``length``/``max_tokens``, ``tool_calls``/``tool_use``, ``content_filter``/``refusal``; another
            word is sent as it is. By default it follows from the rest.
        input_tokens: by default a quarter of the characters of the request's messages.
        output_tokens: by default a quarter of the characters of the answer.
        chunks: the pieces a streamed *text* arrives in; instead of *text*. By default words.
        refusal: the model declines, with this text.
        reasoning: thinking before the answer (Anthropic's ``thinking``, else ``reasoning_content``).
        delay_s: seconds to wait before the first byte.
    """

    text: str = ""
    tool_calls: Sequence[ToolCall] = ()
    finish: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    chunks: Sequence[str] | None = None
    refusal: str | None = None
    reasoning: str | None = None
    delay_s: float = 0.0

    def __post_init__(self) -> None:
        if self.chunks is not None and not self.text:
            object.__setattr__(self, "text", "".join(self.chunks))
        if self.chunks is not None and "".join(self.chunks) != self.text:
            raise ValueError("Reply: chunks do not add up to text; give one of the two")


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure, played instead of a reply.

    ``Fault(429)`` answers with an HTTP error in the format of the vendor that was called; the other kinds
    come from :meth:`timeout`, :meth:`disconnect` and :meth:`midstream`.

    Args:
        status: HTTP status; 529 is Anthropic's "overloaded".
        headers: such as ``{"retry-after": "1"}``, ``{"x-should-retry": "false"}``.
        error: the vendor's code, such as ``"insufficient_quota"``; by default the usual one for *status*.
        message: text of the error.
    """

    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    message: str | None = None
    kind: Literal["status", "timeout", "disconnect", "midstream"] = "status"
    seconds: float = 0.0
    after_chunks: int = 0

    @classmethod
    def timeout(cls, seconds: float) -> "Fault":
        """Say nothing for *seconds* (or until the stand-in stops), then hang up."""
        return cls(kind="timeout", seconds=seconds)

    @classmethod
    def disconnect(cls) -> "Fault":
        """Hang up without a word, as a crashed server does."""
        return cls(kind="disconnect")

    @classmethod
    def midstream(cls, after_chunks: int = 2, type: str | None = "overloaded_error") -> "Fault":
        """Break a streamed answer after *after_chunks* pieces with an error event of this *type*.

        With ``type=None`` the connection is cut instead. A request that is not streamed gets the HTTP error
        of the same type, or the cut connection.
        """
        status = {"overloaded_error": 529, "rate_limit_error": 429}.get(type or "", 500)
        return cls(status=status, kind="midstream", error=type, after_chunks=after_chunks)


ReplySource = str | Reply | Callable[[Request], str | Reply]
"""What answers: always the same text or :class:`Reply`, or a function of the :class:`Request`."""
