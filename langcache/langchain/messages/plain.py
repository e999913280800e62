"""What of LangChain's objects belongs in a key."""

from typing import Any

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage
from langchain_core.prompt_values import PromptValue, StringPromptValue

from langcache.langchain.messages.beside import as_dict

__all__ = ["plain_message"]

_TOLD = ("role", "status", "invalid_tool_calls")
"""Fields that only some messages have, and that reach the provider."""

_PASSING = frozenset({"langcache", "refusal", "__openai_function_call_ids__"})
"""What ``additional_kwargs`` hold that is not asked: our own mark, a refusal that goes nowhere, ids of calls."""


def plain_message(value: Any) -> Any:
    """A message without id and usage, a document, a prompt value as plain data; ``NotImplemented`` for all else."""
    if isinstance(value, BaseMessage):
        extra = {k: v for k, v in as_dict(value.additional_kwargs).items() if k not in _PASSING}
        calls = [[call["name"], call["args"], call.get("id")] for call in getattr(value, "tool_calls", ())]
        told = {name: said for name in _TOLD if (said := getattr(value, name, None))}
        return [value.type, value.content, value.name, calls, getattr(value, "tool_call_id", None), extra, told]
    if isinstance(value, Document):
        return [value.page_content, value.metadata]
    if isinstance(value, StringPromptValue):
        return value.text
    if isinstance(value, PromptValue):
        return value.to_messages()
    return NotImplemented
