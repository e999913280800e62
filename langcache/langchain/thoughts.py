"""Reasoning that led to a call of a tool: a provider that signed it wants both back with the tool's result.

No filled answer has it: a signature would not fit what was filled in.
"""

from collections.abc import Mapping
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableSequence, RunnableWithFallbacks
from langchain_core.runnables.base import RunnableBindingBase

from langcache.langchain.messages.content import is_reasoning

__all__ = ["UNMASKABLE", "calls_after_thoughts", "is_forced", "thinks", "thinks_before_calls"]

UNMASKABLE = "reasoning that was masked cannot go back with a tool call: use mode='abstract'"


def calls_after_thoughts(message: Any, *, unsigned: bool = False) -> bool:
    """Whether an answer calls tools for reasons given; *unsigned* ones too, though OpenAI takes a call without."""
    if not (isinstance(message, AIMessage) and message.tool_calls and isinstance(message.content, list)):
        return False
    blocks: list[Any] = message.content
    return any(unsigned or block["type"] != "reasoning" for block in blocks if is_reasoning(block))


def is_forced(choice: Any) -> bool:
    """Whether a ``tool_choice`` asks for a call, as ``with_structured_output`` does: that never goes back."""
    how = choice.get("type") if isinstance(choice, Mapping) else choice
    return how not in (None, "auto", "none")


def thinks(model: Any, arguments: Mapping[str, Any], *names: str) -> bool:
    """Whether a model is told to think, by itself or for one call; *names* are those of the parameter."""
    asked = [arguments.get(name, getattr(model, name, None)) for name in names]
    return any(isinstance(how, Mapping) and how.get("type") != "disabled" for how in asked)


def thinks_before_calls(runnable: Any) -> bool:
    """Whether a chain answers with the message of a model that signs its thoughts and may call tools."""
    arguments: dict[str, Any] = {}
    while not isinstance(runnable, BaseChatModel):
        if isinstance(runnable, RunnableSequence):
            runnable = runnable.last
        elif isinstance(runnable, RunnableBindingBase):
            arguments, runnable = {**runnable.kwargs, **arguments}, runnable.bound
        elif isinstance(runnable, RunnableWithFallbacks):
            runnable = runnable.runnable
        else:
            return False
    may_call = bool(arguments.get("tools")) and not is_forced(arguments.get("tool_choice"))
    return may_call and thinks(runnable, arguments, "thinking")
