"""How an answer finished, in the words of those who answer; what was cut, filtered or refused is never stored."""

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

__all__ = ["finish_of"]

_WORDS = ("finish_reason", "stop_reason", "stopReason", "done_reason")
"""Where they say it: OpenAI and most others, Anthropic, Bedrock, Ollama."""

_FINISHED = frozenset(
    {
        "stop",
        "end_turn",
        "tool_calls",
        "tool_use",
        "stop_sequence",
        "function_call",
        "complete",
        "completed",
        "eos_token",
        "eos",
    }
)
"""Finish reasons of a whole answer."""

_REFUSED = {
    "length": "truncated",
    "max_tokens": "truncated",
    "max_output_tokens": "truncated",
    "model_context_window_exceeded": "truncated",
    "content_filter": "filtered",
    "content_filtered": "filtered",
    "guardrail_intervened": "filtered",
    "safety": "filtered",
    "refusal": "refusal",
}

_CUT = frozenset({"incomplete", "failed", "cancelled", "in_progress", "queued"})
"""What OpenAI's Responses say in ``status`` of an answer that is not whole."""


def finish_of(message: BaseMessage | None, info: Mapping[str, Any] | None) -> str | None:
    """Why an answer that finished like this must not be stored; None if it may."""
    if isinstance(message, AIMessage) and _refuses(message):
        return "refusal"
    metadata = {**(info or {}), **(message.response_metadata or {} if isinstance(message, AIMessage) else {})}
    finish = next((said for word in _WORDS if (said := metadata.get(word))), None) or _status(metadata)
    if not isinstance(finish, str) or finish.lower() in _FINISHED:
        return None
    return _REFUSED.get(finish.lower(), "unfinished")


def _refuses(message: AIMessage) -> bool:
    """Whether the model says no, beside its text or in a block of it (OpenAI chat completions and Responses)."""
    blocks = message.content if isinstance(message.content, list) else []
    return bool((message.additional_kwargs or {}).get("refusal")) or any(map(_is_refusal, blocks))


def _is_refusal(block: Any) -> bool:
    if not isinstance(block, dict):
        return False
    return block.get("type") == "refusal" or (block.get("type") == "non_standard" and _is_refusal(block.get("value")))


def _status(metadata: Mapping[str, Any]) -> str | None:
    status, details = metadata.get("status"), metadata.get("incomplete_details")
    if not isinstance(status, str) or status not in _CUT:
        return None
    return str(details["reason"]) if isinstance(details, Mapping) and details.get("reason") else str(status)
