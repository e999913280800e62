"""What a message says beside its content: where parts of an answer may be, and what is kept of metadata and usage."""

import math
from collections.abc import Mapping
from typing import Any

from langchain_core.messages import BaseMessage

from langcache.errors import Refused
from langcache.langchain.messages.structure import Leaf

__all__ = ["BY_TOKEN", "REASONING", "as_dict", "holds_answer", "kept_metadata", "numbers"]

REASONING = frozenset({"reasoning", "reasoning_content", "thinking"})
"""Where providers put it in ``additional_kwargs``."""

BY_TOKEN = frozenset({"logprobs"})
"""Where providers repeat the answer token by token, at great length: no placeholder in it is whole."""

_ANSWERS = ("function_call", "audio", "tool_outputs")
"""Where in ``additional_kwargs`` an answer may be, which the stored form would lose."""

_KEPT_METADATA = ("model_name", "model", "model_provider", "finish_reason", "stop_reason")


def as_dict(value: Any) -> dict[str, Any]:
    """A message's field that should hold a dict; empty where it holds anything else."""
    return value if isinstance(value, dict) else {}


def holds_answer(message: BaseMessage) -> bool:
    """Whether part of the answer is where only its provider would look."""
    extra = as_dict(message.additional_kwargs)
    return any(extra.get(name) for name in _ANSWERS)


def kept_metadata(message: BaseMessage, leaf: Leaf) -> dict[str, str]:
    """What of ``response_metadata`` is stored: a few texts, unless something in them is of a user."""
    said = as_dict(message.response_metadata)
    return {k: v for k in _KEPT_METADATA if isinstance(v := said.get(k), str) and _is_literal(v, leaf)}


def _is_literal(text: str, leaf: Leaf) -> bool:
    """Whether nothing in a text is of any user."""
    try:
        return bool(leaf(text) == text)
    except Refused:
        return False


def numbers(used: Any) -> dict[str, Any]:
    """The numbers of a usage and of its details: what else is there is no usage, and may be of the user."""
    found: dict[str, Any] = {}
    for key, value in used.items() if isinstance(used, Mapping) else ():
        if type(value) is int or (type(value) is float and math.isfinite(value)):
            found[key] = value
        elif isinstance(value, Mapping):
            found[key] = numbers(value)
    return found
