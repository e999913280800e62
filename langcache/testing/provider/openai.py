"""OpenAI's chat-completions format (https://platform.openai.com/docs/api-reference/chat)."""

from collections.abc import Iterator, Mapping
from typing import Any

from langcache.testing.provider.script import Fault, ToolCall
from langcache.testing.provider.wire import Ask, Frame, MisunderstoodError, Turn, compact, pieces, text_of

__all__ = ["OpenAIWire"]

_FINISH = {"end_turn": "stop", "max_tokens": "length", "tool_use": "tool_calls", "refusal": "content_filter"}
_OTHER_4XX = ("invalid_request_error", None)
_ERRORS = {
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("invalid_request_error", "unsupported_country_region_territory"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
}


class OpenAIWire:
    """Chat completions, whole and streamed; Azure's deployment paths end the same way."""

    vendor = "openai"
    path = "/chat/completions"
    request_id_header = "x-request-id"

    def read(self, body: Mapping[str, Any]) -> Ask:
        """The question in *body*. Raises: MisunderstoodError."""
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            raise MisunderstoodError("chat completions need a non-empty list 'messages'")
        if body.get("n") not in (None, 1):
            raise MisunderstoodError("this stand-in gives one choice: leave 'n' out")
        shape = body.get("response_format") or {}
        options = body.get("stream_options") or {}
        user_texts = [text_of(message.get("content")) for message in messages if message.get("role") == "user"]
        return Ask(
            model=str(body.get("model", "")),
            last_user_text=user_texts[-1] if user_texts else "",
            prompt_chars=sum(len(text_of(message.get("content"))) for message in messages),
            stream=bool(body.get("stream")),
            include_usage=bool(options.get("include_usage")),
            schema=(shape.get("json_schema") or {}).get("schema"),
            json_mode=shape.get("type") == "json_object",
            forced_tool=_forced_tool(body),
        )

    def answer(self, turn: Turn) -> dict[str, Any]:
        """The JSON of a whole answer."""
        reply = turn.reply
        message: dict[str, Any] = {
            "role": "assistant",
            "content": reply.text or None,
            "refusal": reply.refusal,
        }
        if reply.reasoning is not None:
            message["reasoning_content"] = reply.reasoning
        if reply.tool_calls:
            message["tool_calls"] = [_call(turn, index, call) for index, call in enumerate(reply.tool_calls)]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(turn)}
        return {**_head(turn, "chat.completion"), "choices": [choice], "usage": _usage(turn)}

    def stream(self, turn: Turn) -> Iterator[Frame]:
        """The same answer as server-sent events."""
        yield _chunk(turn, {"role": "assistant", "content": "", "refusal": None})
        for delta in _deltas(turn):
            yield _chunk(turn, delta, is_piece=True)
        yield _chunk(turn, {}, finish=_finish(turn))
        if turn.ask.include_usage:
            yield _frame({**_head(turn, "chat.completion.chunk"), "choices": [], "usage": _usage(turn)})
        yield Frame(b"data: [DONE]\n\n")

    def error(self, fault: Fault, number: int) -> dict[str, Any]:
        """The JSON of an HTTP error."""
        kind, code = _ERRORS.get(fault.status, _OTHER_4XX if fault.status < 500 else ("server_error", None))
        if fault.error is not None:
            kind, code = (fault.error, None) if fault.error.endswith("_error") else (kind, fault.error)
        if code == "insufficient_quota":
            kind = code  # OpenAI writes it in both places
        message = fault.message or f"stand-in error {fault.status} ({code or kind})"
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}

    def stream_error(self, fault: Fault, number: int) -> Frame:
        """The event that breaks a stream off."""
        return _frame(self.error(fault, number))


def _forced_tool(body: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    choice = body.get("tool_choice")
    functions = [tool.get("function") or {} for tool in body.get("tools") or []]
    wanted = (choice.get("function") or {}).get("name") if isinstance(choice, dict) else None
    for function in functions:
        if function.get("name") == wanted or choice == "required":
            return str(function.get("name")), function.get("parameters") or {}
    return None


def _head(turn: Turn, kind: str) -> dict[str, Any]:
    """The fields every object starts with; ``created`` counts requests, so that recordings do not change."""
    return {
        "id": f"chatcmpl-{turn.number:06d}",
        "object": kind,
        "created": turn.number,
        "model": turn.ask.model,
        "system_fingerprint": "fp_stand_in",
    }


def _finish(turn: Turn) -> str:
    return turn.finish(_FINISH, calls="tool_calls", declines="stop", done="stop")


def _usage(turn: Turn) -> dict[str, Any]:
    return {
        "prompt_tokens": turn.input_tokens,
        "completion_tokens": turn.output_tokens,
        "total_tokens": turn.input_tokens + turn.output_tokens,
    }


def _call(turn: Turn, index: int, call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": compact(call.args)}
    return {"id": f"call_{turn.number:06d}_{index}", "type": "function", "function": function}


def _deltas(turn: Turn) -> Iterator[dict[str, Any]]:
    """What streams between the role and the finish: thinking, text, refusal, then calls in fragments."""
    reply = turn.reply
    if reply.reasoning is not None:
        yield {"reasoning_content": reply.reasoning}
    yield from ({"content": piece} for piece in pieces(reply))
    if reply.refusal is not None:
        yield {"refusal": reply.refusal}
    for index, call in enumerate(reply.tool_calls):
        whole = _call(turn, index, call)
        arguments = whole["function"]["arguments"]
        start = {**whole, "function": {"name": call.name, "arguments": ""}}
        yield {"tool_calls": [{"index": index, **start}]}
        for at in range(0, len(arguments), 12):
            fragment = {"arguments": arguments[at : at + 12]}
            yield {"tool_calls": [{"index": index, "function": fragment}]}


def _chunk(turn: Turn, delta: dict[str, Any], *, finish: str | None = None, is_piece: bool = False) -> Frame:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return _frame({**_head(turn, "chat.completion.chunk"), "choices": [choice]}, is_piece=is_piece)


def _frame(data: dict[str, Any], *, is_piece: bool = False) -> Frame:
    return Frame(f"data: {compact(data)}\n\n".encode(), is_piece)
