"""What a chain is given, with every text in it changed."""

from collections.abc import Callable
from typing import Any

from langchain_core.documents import Document
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.prompt_values import ChatPromptValue, PromptValue, StringPromptValue

from langcache.langchain.messages.content import is_media
from langcache.langchain.messages.structure import STRUCTURAL

__all__ = ["mask_value"]


def mask_value(value: Any, text: Callable[[str], Any]) -> Any:
    """A copy of *value* with every text in it through *text*: strings, messages, documents, lists and dicts of them.

    Names, ids and other fields beside a message's content stay: a provider may not take a placeholder there. So do
    pictures, recordings and files: two users' photos are two questions.
    """
    if type(value) is str:
        return text(value)
    if isinstance(value, list | tuple):
        return type(value)(mask_value(item, text) for item in value) if type(value) in (list, tuple) else value
    if type(value) is dict:
        return {key: mask_value(item, text) for key, item in value.items()}
    if isinstance(value, AIMessage) and value.tool_calls:
        calls = [{**call, "args": mask_value(call["args"], text)} for call in value.tool_calls]
        return value.model_copy(update={"content": _mask_content(value.content, text), "tool_calls": calls})
    if isinstance(value, BaseMessage):
        return value.model_copy(update={"content": _mask_content(value.content, text)})
    if isinstance(value, Document):
        metadata = mask_value(value.metadata, text)
        return value.model_copy(update={"page_content": text(value.page_content), "metadata": metadata})
    if isinstance(value, StringPromptValue):
        return value.model_copy(update={"text": text(value.text)})
    if isinstance(value, PromptValue):
        return ChatPromptValue(messages=mask_value(list(value.to_messages()), text))
    return value


def _mask_content(content: Any, text: Callable[[str], Any]) -> Any:
    if not isinstance(content, list):
        return text(content)
    return [block if is_media(block) else _mask_block(block, text) for block in content]


def _mask_block(block: Any, text: Callable[[str], Any]) -> Any:
    if not isinstance(block, dict):
        return mask_value(block, text)
    return {k: v if k in STRUCTURAL else mask_value(v, text) for k, v in block.items()}
