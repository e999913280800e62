"""Filling the chunks of a masked run on their way: texts, messages, values, each in its own manner."""

from collections.abc import Callable
from enum import Enum
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.runnables.utils import AddableDict

from langcache.errors import Refused
from langcache.langchain.growth import Growth, growth_of
from langcache.langchain.message_chunks import MessageFiller
from langcache.langchain.value_chunks import FAULT, GrowingFiller, ValueFiller
from langcache.templating import MaskedText
from langcache.templating.stream import StreamFiller

__all__ = ["ChunkFiller"]

Make = Callable[[], StreamFiller]
Whole = Callable[[Any], Any]


class ChunkFiller:
    """Fills the chunks of one stream.

    What can be added up (texts, messages, dicts of them) is filled as it comes. Of objects that grow, each is filled
    as far as it is sure. Anything else is filled as the complete value that it is.

    Args:
        text: makes the filler of one text.
        whole: fills a value that is complete; raises `Refused` or `UnstorableError`.
        grows: whether each chunk, or which parts of it, replace those before.
    """

    def __init__(self, text: Make, whole: Whole, grows: Growth) -> None:
        self._make, self._whole, self._grows = text, whole, grows
        self._kind: Any = None
        self._filler: Any = None
        self._refused: Refused | None = None
        self._unfilled: Refused | None = None

    @property
    def refused(self) -> Refused | None:
        """Why what came so far cannot be read."""
        return self._refused or (self._filler.refused if self._filler is not None else None)

    @property
    def unfilled(self) -> Refused | None:
        """Why a value could not be written."""
        return self._unfilled or (self._filler.unfilled if self._filler is not None else None)

    def feed(self, chunk: Any) -> list[Any]:
        """What may be shown of *chunk* and those before it; first what was held back of chunks of another kind."""
        kind = self._kind_of(chunk)
        before: list[Any] = []
        if kind is not self._kind:
            before = self.finish()
            self._kind, self._filler = kind, self._made(kind)
        return [*before, *self._filler.feed(chunk)]

    def finish(self) -> list[Any]:
        """What was held back."""
        if self._filler is None:
            return []
        rest: list[Any] = self._filler.finish()
        self._refused, self._unfilled = self.refused, self.unfilled
        return rest

    def _kind_of(self, chunk: Any) -> Any:
        """The class of what fills such a chunk."""
        if isinstance(chunk, MaskedText) and self._is_value(chunk):
            return ValueFiller
        if self._grows is True and not isinstance(chunk, AIMessageChunk | AddableDict):
            return GrowingFiller
        if isinstance(chunk, str) and not isinstance(chunk, Enum):
            return _Texts
        if isinstance(chunk, AIMessageChunk):
            return _Messages
        return _Parts if isinstance(chunk, AddableDict) else ValueFiller

    def _is_value(self, chunk: MaskedText) -> bool:
        """Whether an input was handed on that is no text, or was shown blurred: it is shown as it was given."""
        value, filler = self._whole(chunk), self._make()
        return not isinstance(value, str) or value != filler.feed(chunk.plain) + filler.finish()

    def _made(self, kind: Any) -> Any:
        return kind(self._make, self._whole, self._grows) if kind is _Parts else kind(self._make, self._whole)


class _Texts:
    """Fills pieces of one text. If that fails, the rest is held back until the text is complete."""

    def __init__(self, text: Make, whole: Whole) -> None:
        self._text, self._whole = text(), whole
        self._pieces: list[str] = []
        self._shown: list[str] = []
        self._failed: Refused | None = None

    @property
    def refused(self) -> Refused | None:
        return self._failed or self._text.refused

    @property
    def unfilled(self) -> Refused | None:
        return self._text.unfilled

    def feed(self, chunk: str) -> list[str]:
        self._pieces.append(chunk)
        shown = self._tried(lambda: self._text.feed(chunk))
        return [shown] if shown or not chunk else []

    def finish(self) -> list[str]:
        rest = self._tried(self._text.finish)
        if self._failed is not None:
            whole, shown = self._whole("".join(self._pieces)), "".join(self._shown)
            rest = whole[len(shown) :] if whole.startswith(shown) else ""
        return [rest] if rest else []

    def _tried(self, fill: Callable[[], str]) -> str:
        shown = ""
        try:
            shown = fill() if self._failed is None else ""
        except Exception:
            self._failed = Refused(FAULT)
        self._shown.append(shown)
        return shown


class _Messages(MessageFiller):
    """Fills the chunks of messages."""

    def feed(self, chunk: AIMessageChunk) -> list[AIMessageChunk]:  # type: ignore[override]
        return [super().feed(chunk)]


class _Parts:
    """Fills dicts that add up, each part of them on its own."""

    def __init__(self, text: Make, whole: Whole, grows: Growth) -> None:
        self._make, self._whole, self._grows = text, whole, grows
        self._parts: dict[str, ChunkFiller] = {}
        self._names: dict[str, Any] = {}
        self.refused: Refused | None = None
        self.unfilled: Refused | None = None

    def feed(self, chunk: AddableDict) -> list[AddableDict]:
        shown: list[AddableDict] = []
        for name, part in chunk.items():
            if name not in self._parts:
                self._names[name] = self._whole(name)
                self._parts[name] = ChunkFiller(self._make, self._whole, growth_of(self._grows, name))
            for at, each in enumerate(self._parts[name].feed(part)):
                shown += [AddableDict()] if at == len(shown) else []
                shown[at][self._names[name]] = each
            self._heed(self._parts[name])
        return shown if shown or chunk else [chunk]

    def finish(self) -> list[AddableDict]:
        rests = [(name, rest) for name, part in self._parts.items() for rest in part.finish()]
        for part in self._parts.values():
            self._heed(part)
        return [AddableDict({self._names[name]: rest}) for name, rest in rests]

    def _heed(self, part: ChunkFiller) -> None:
        """What was wrong is remembered: not every part is asked at each chunk."""
        self.refused = self.refused or part.refused
        self.unfilled = self.unfilled or part.unfilled
