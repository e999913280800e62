"""Handlers that are called where the run is, in sync and async calls alike."""

import sys

from langchain_core.callbacks import BaseCallbackHandler

__all__ = ["InlineHandler"]


class InlineHandler(BaseCallbackHandler):
    """Called in the context of the run, and nobody else's reason not to be called.

    LangChain's ``AsyncCallbackManager.on_llm_start``, that of text models, tells inline handlers only if there is one:
    ``astream_events``, say, would have no events of the model, and no tokens. It is told that this is none.
    """

    @property
    def run_inline(self) -> bool:  # type: ignore[override]
        """Whether it is called where the run is: always, but where a text model asks, which has nothing to tell it."""
        return not _asked_by_text_model()


def _asked_by_text_model() -> bool:
    frame = sys._getframe(2)  # noqa: SLF001 -- the documented way to one's callers
    if frame.f_code.co_name == "<listcomp>" and frame.f_back is not None:  # a frame of its own before Python 3.12
        frame = frame.f_back
    return frame.f_code.co_name == "on_llm_start"
