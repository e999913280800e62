"""Whether a message says nothing at all."""

from typing import Any

from langchain_core.messages import BaseMessage

from langcache.langchain.messages.beside import holds_answer
from langcache.langchain.messages.content import is_reasoning

__all__ = ["is_blank"]


def is_blank(message: BaseMessage) -> bool:
    """Whether a message says nothing: it calls no tool, and holds nothing but blank text and reasoning."""
    blocks = [message.content] if isinstance(message.content, str) else message.content
    return not getattr(message, "tool_calls", None) and not holds_answer(message) and all(map(_is_blank_block, blocks))


def _is_blank_block(block: Any) -> bool:
    if is_reasoning(block):
        return True
    text = block.get("text") if isinstance(block, dict) and block.get("type") == "text" else block
    return isinstance(text, str) and not text.strip()
