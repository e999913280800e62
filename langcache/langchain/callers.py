"""The model a lookup comes from, read from its own frame.

LangChain tells a cache two texts, and both leave things out (each found by running): a chat model describes itself once
and goes on saying so after a parameter changed; a custom one says only what its author listed; a text model
(``BaseLLM``) looks up before any callback starts and leaves out what the call was bound to. The model itself says all.
"""

import sys
from collections.abc import Mapping
from typing import Any

from langchain_core.language_models import BaseLanguageModel

__all__ = ["calling_model", "is_chat", "is_text"]

DEPTH = 24
_CALLERS = frozenset({"_generate_with_cache", "_agenerate_with_cache", "generate", "agenerate"})


def calling_model() -> tuple[Any, Mapping[str, Any]] | None:
    """The model that looks up, and the keyword arguments of its call; None if its frame is not found."""
    frame = sys._getframe(1)  # noqa: SLF001 -- the documented way to one's callers
    for _ in range(DEPTH):
        model = frame.f_locals.get("self") if frame.f_code.co_name in _CALLERS else None
        if isinstance(model, BaseLanguageModel):
            return model, dict(frame.f_locals.get("kwargs") or {})
        if frame.f_back is None:
            return None
        frame = frame.f_back
    return None


def is_chat(prompt: str) -> bool:
    """Whether a prompt is a chat model's: messages as LangChain writes them down."""
    return prompt.startswith('[{"lc":')


def is_text(prompt: str, llm_string: str) -> bool:
    """Whether a lookup is a text model's, by the shapes LangChain gives the two texts."""
    return llm_string.startswith("[(") and not is_chat(prompt)
