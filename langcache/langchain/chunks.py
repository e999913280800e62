"""Filling the chunks of a masked run on their way: texts, messages, growing objects, each in its own manner."""

from collections.abc import Callable
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.output_parsers.transform import BaseCumulativeTransformOutputParser
from langchain_core.runnables import RunnableSequence
from langchain_core.runnables.base import RunnableBindingBase
from langchain_core.runnables.utils import AddableDict

from langcache.errors import Refused
from langcache.langchain.message_chunks import MessageFiller
from langcache.templating.stream import StreamFiller

__all__ = ["ChunkFiller", "adds_up", "is_cumulative"]

Make = Callable[[], StreamFiller]


class ChunkFiller:
    """Fills the chunks of one stream.

    What can be added up (texts, messages, dicts of them) is filled as it comes. Of objects that grow, each is filled
    as far as it is sure. Anything else waits for the end of the stream, unless something was shown before it.

    Args:
        text: makes the filler of one text.
        whole: fills a value that is complete; raises `Refused` or `UnstorableError`.
        grows: whether each chunk replaces the one before.
    """

    def __init__(self, text: Make, whole: Callable[[Any], Any], grows: bool) -> None:
        self._make, self._whole, self._grows = text, whole, grows
        self._fillers: list[Any] = []
        self._text: StreamFiller | None = None
        self._message: MessageFiller | None = None
        self._parts: dict[str, ChunkFiller] = {}
        self._last: Any = None
        self._sure: Any = None

    @property
    def refused(self) -> Refused | None:
        """Why what came so far cannot be read."""
        return next((filler.refused for filler in self._fillers if filler.refused is not None), None)

    @property
    def unfilled(self) -> Refused | None:
        """Why a value could not be written."""
        return next((filler.unfilled for filler in self._fillers if filler.unfilled is not None), None)

    def feed(self, chunk: Any) -> list[Any]:
        """What may be shown of *chunk* and those before it: at most one chunk."""
        if isinstance(chunk, str) and not self._grows:
            return self._feed_text(chunk)
        if isinstance(chunk, AIMessageChunk):
            if self._message is None:
                self._message = self._known(MessageFiller(self._make, self._whole))
            return [self._message.feed(chunk)]
        if isinstance(chunk, AddableDict):
            return self._feed_parts(chunk)
        if type(chunk) is list and not self._grows:
            return [self._filled(chunk, complete=True)]
        if chunk is None or type(chunk) in (str, list, dict, int, float, bool):
            self._last = chunk
            sure = self._filled(chunk, complete=False)
            if sure == self._sure:
                return []
            self._sure = sure
            return [sure]
        self._last = None
        return []

    def finish(self) -> list[Any]:
        """What was held back."""
        if self._text is not None:
            rest = self._text.finish()
            return [rest] if rest else []
        if self._message is not None:
            return self._message.finish()
        if self._parts:
            return [AddableDict({name: rest}) for name, part in self._parts.items() for rest in part.finish()]
        whole = self._filled(self._last, complete=True)
        return [whole] if whole != self._sure else []

    def _feed_text(self, chunk: str) -> list[Any]:
        if self._text is None:
            self._text = self._known(self._make())
        shown = self._text.feed(chunk)
        return [shown] if shown or not chunk else []

    def _feed_parts(self, chunk: Any) -> list[Any]:
        shown = AddableDict()
        for name, part in chunk.items():
            if name not in self._parts:
                self._parts[name] = self._known(ChunkFiller(self._make, self._whole, self._grows))
            for each in self._parts[name].feed(part):
                shown[name] = each
        return [shown] if shown or not chunk else []

    def _filled(self, value: Any, *, complete: bool) -> Any:
        """Plain data with every text in it filled; what is not *complete* ends where it is sure."""
        if isinstance(value, str):
            filler = self._make()
            shown = filler.feed(value) + (filler.finish() if complete else "")
            if filler.refused is not None or filler.unfilled is not None:
                self._known(filler)
            return shown
        if type(value) is list:
            return [self._filled(item, complete=complete) for item in value]
        if type(value) is dict:
            return {
                self._filled(k, complete=True) if isinstance(k, str) else k: self._filled(v, complete=complete)
                for k, v in value.items()
            }
        return value

    def _known(self, filler: Any) -> Any:
        self._fillers.append(filler)
        return filler


def is_cumulative(runnable: Any) -> bool:
    """Whether each chunk of *runnable*'s stream is the whole answer so far, as a JSON parser's is."""
    return isinstance(_steps(runnable)[-1], BaseCumulativeTransformOutputParser)


def adds_up(runnable: Any) -> bool:
    """Whether the chunks of *runnable*'s stream make its answer; those of a graph are its steps, of some parsers
    patches."""
    steps = _steps(runnable)
    return not any(hasattr(step, "stream_mode") for step in steps) and not getattr(steps[-1], "diff", False)


def _steps(runnable: Any) -> list[Any]:
    if isinstance(runnable, RunnableSequence):
        return [each for step in runnable.steps for each in _steps(step)]
    return _steps(runnable.bound) if isinstance(runnable, RunnableBindingBase) else [runnable]
