"""What a text model (``BaseLLM``) does not tell its cache.

It looks up before any callback starts, and leaves the keyword arguments of the call out of what it says: with
``llm.bind(temperature=1)`` the default's answer would be served (found by running). So its own frame is read; where
that cannot be found, the cache stands aside.
"""

import sys
from typing import Any

from langchain_core.language_models import BaseLLM

__all__ = ["call_arguments", "is_text_model"]

DEPTH = 24


def is_text_model(prompt: str, llm_string: str) -> bool:
    """Whether a lookup comes from a text model, by the shapes LangChain gives the two texts."""
    return llm_string.startswith("[(") and not prompt.startswith('[{"lc":')


def call_arguments() -> dict[str, Any] | None:
    """Keyword arguments of the text model's call this lookup belongs to; None if its frame is not found."""
    frame = sys._getframe(1)  # noqa: SLF001 -- the documented way to one's callers
    for _ in range(DEPTH):
        if frame.f_code.co_name in ("generate", "agenerate") and isinstance(frame.f_locals.get("self"), BaseLLM):
            return dict(frame.f_locals.get("kwargs") or {})
        if frame.f_back is None:
            return None
        frame = frame.f_back
    return None
