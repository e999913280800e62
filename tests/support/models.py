"""Chat models for tests that need no HTTP."""

import threading
import time
from collections.abc import Callable
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

Say = Callable[[list[BaseMessage]], Any]


class CountingModel(BaseChatModel):
    """Answers with what *say* returns: text, a message, or an exception to raise; counts and keeps its calls."""

    say: Any = "Hello."
    model_name: str = "fake-1"
    temperature: float = 0.0
    calls: int = 0
    seen: list[list[BaseMessage]] = []
    delay_s: float = 0.0
    _lock: Any = PrivateAttr(default_factory=threading.Lock)

    def _generate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **_: Any) -> ChatResult:
        with self._lock:
            self.calls += 1
            self.seen = [*self.seen, messages]
        if self.delay_s:
            time.sleep(self.delay_s)
        said = self.say(messages) if callable(self.say) else self.say
        if isinstance(said, BaseException):
            raise said
        message = said if isinstance(said, BaseMessage) else AIMessage(said, usage_metadata=usage(10, 20))
        return ChatResult(generations=[ChatGeneration(message=message)])

    @property
    def _llm_type(self) -> str:
        return "counting"

    @property
    def last(self) -> str:
        """The last prompt, as text."""
        return "\n".join(f"{m.type}: {m.content}" for m in self.seen[-1])


def usage(given: int, made: int) -> Any:
    """Usage metadata of one call."""
    return {"input_tokens": given, "output_tokens": made, "total_tokens": given + made}
