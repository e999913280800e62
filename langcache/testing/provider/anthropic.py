"""Anthropic's messages format (https://docs.anthropic.com/en/api/messages)."""

from collections.abc import Iterator, Mapping
from typing import Any

from langcache.testing.provider.script import Fault
from langcache.testing.provider.wire import Ask, Frame, MisunderstoodError, Turn, compact, pieces, text_of

__all__ = ["AnthropicWire"]

_FINISH = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}
_OTHER_4XX = "invalid_request_error"
_ERRORS = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class AnthropicWire:
    """Messages, whole and streamed."""

    vendor = "anthropic"
    path = "/messages"
    request_id_header = "request-id"

    def read(self, body: Mapping[str, Any]) -> Ask:
        """The question in *body*. Raises: MisunderstoodError."""
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            raise MisunderstoodError("messages need a non-empty list 'messages'")
        if not isinstance(body.get("max_tokens"), int):
            raise MisunderstoodError("messages need an integer 'max_tokens'")
        shape = (body.get("output_config") or {}).get("format") or {}
        texts = [text_of(message.get("content")) for message in messages]
        user_texts = [text for text, message in zip(texts, messages, strict=True) if message.get("role") == "user"]
        return Ask(
            model=str(body.get("model", "")),
            last_user_text=user_texts[-1] if user_texts else "",
            prompt_chars=sum(map(len, texts)) + len(text_of(body.get("system"))),
            stream=bool(body.get("stream")),
            include_usage=True,
            schema=shape.get("schema"),
            forced_tool=_forced_tool(body),
        )

    def answer(self, turn: Turn) -> dict[str, Any]:
        """The JSON of a whole answer."""
        return {**_head(turn), "content": _blocks(turn), "stop_reason": _finish(turn), "usage": _usage(turn)}

    def stream(self, turn: Turn) -> Iterator[Frame]:
        """The same answer as server-sent events."""
        usage = {**_usage(turn), "output_tokens": 1}
        message = {**_head(turn), "content": [], "stop_reason": None, "usage": usage}
        yield _frame("message_start", {"message": message})
        for index, block in enumerate(_blocks(turn)):
            empty, deltas = _opened(turn, block)
            yield _frame("content_block_start", {"index": index, "content_block": empty})
            for delta in deltas:
                yield _frame("content_block_delta", {"index": index, "delta": delta}, is_piece=True)
            yield _frame("content_block_stop", {"index": index})
        delta = {"stop_reason": _finish(turn), "stop_sequence": None}
        yield _frame("message_delta", {"delta": delta, "usage": _usage(turn)})
        yield _frame("message_stop", {})

    def error(self, fault: Fault, number: int) -> dict[str, Any]:
        """The JSON of an HTTP error."""
        kind = fault.error or _ERRORS.get(fault.status, _OTHER_4XX if fault.status < 500 else "api_error")
        message = fault.message or f"stand-in error {fault.status} ({kind})"
        return {
            "type": "error",
            "error": {"type": kind, "message": message},
            "request_id": f"req_{number:06d}",
        }

    def stream_error(self, fault: Fault, number: int) -> Frame:
        """The event that breaks a stream off."""
        return _frame("error", self.error(fault, number))


def _forced_tool(body: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    choice = body.get("tool_choice") or {}
    for tool in body.get("tools") or []:
        if choice.get("type") == "any" or (choice.get("type") == "tool" and tool.get("name") == choice.get("name")):
            return str(tool.get("name")), tool.get("input_schema") or {}
    return None


def _head(turn: Turn) -> dict[str, Any]:
    return {
        "id": f"msg_{turn.number:06d}",
        "type": "message",
        "role": "assistant",
        "model": turn.ask.model,
        "stop_sequence": None,
    }


def _finish(turn: Turn) -> str:
    return turn.finish(_FINISH, calls="tool_use", declines="refusal", done="end_turn")


def _usage(turn: Turn) -> dict[str, Any]:
    return {"input_tokens": turn.input_tokens, "output_tokens": turn.output_tokens}


def _blocks(turn: Turn) -> list[dict[str, Any]]:
    """The answer as content blocks: thinking, text (or what declines), calls."""
    reply = turn.reply
    blocks: list[dict[str, Any]] = []
    if reply.reasoning is not None:
        blocks.append({"type": "thinking", "thinking": reply.reasoning, "signature": f"sig_{turn.number:06d}"})
    if text := reply.text or reply.refusal:
        blocks.append({"type": "text", "text": text})
    for index, call in enumerate(reply.tool_calls):
        call_id = f"toolu_{turn.number:06d}_{index}"
        blocks.append({"type": "tool_use", "id": call_id, "name": call.name, "input": dict(call.args)})
    return blocks


def _opened(turn: Turn, block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A block as its stream opens it, and the deltas that fill it."""
    if block["type"] == "thinking":
        thought = {"type": "thinking_delta", "thinking": block["thinking"]}
        signed = {"type": "signature_delta", "signature": block["signature"]}
        return {**block, "thinking": "", "signature": ""}, [thought, signed]
    if block["type"] == "text":
        texts = pieces(turn.reply) or [block["text"]]
        return {**block, "text": ""}, [{"type": "text_delta", "text": text} for text in texts]
    arguments = compact(block["input"])
    fragments = [arguments[at : at + 12] for at in range(0, len(arguments), 12)]
    return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": part} for part in fragments]


def _frame(event: str, data: dict[str, Any], *, is_piece: bool = False) -> Frame:
    return Frame(f"event: {event}\ndata: {compact({'type': event, **data})}\n\n".encode(), is_piece)
