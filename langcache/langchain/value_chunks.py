"""Filling values that no stream shows in part: messages, documents, objects, plain data of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import BaseMessage, BaseMessageChunk

from langcache.errors import Refused
from langcache.templating.stream import StreamFiller

__all__ = ["FAULT", "GrowingFiller", "ValueFiller"]

Make = Callable[[], StreamFiller]
Whole = Callable[[Any], Any]

FAULT = "chunks that cannot be filled"
"""The reason where what fills chunks has failed itself."""

_ADDED = (list, tuple, BaseMessage)
"""What a consumer adds to the chunk before; of anything else that changes, the last one counts."""


class ValueFiller:
    """Fills values each of which is complete, as the whole answer of a run is filled.

    Args:
        text: makes the filler of one text.
        whole: fills a value that is complete; raises `Refused` or `UnstorableError`.

    Attributes:
        refused: why a value could not be filled so.
        unfilled: None; a value that cannot be written is `refused`.
    """

    def __init__(self, text: Make, whole: Whole) -> None:
        self._make, self._whole = text, whole
        self._held: list[Any] = []
        self.refused: Refused | None = None
        self.unfilled: Refused | None = None

    def feed(self, value: Any) -> list[Any]:
        """The value, filled.

        Held back is one that cannot be filled but may be what the next takes the place of (in a parallel's parts
        objects grow as well), and the chunks of a message, which are no values by themselves.
        """
        if isinstance(value, BaseMessageChunk):
            self._held = [self._held[0] + value] if self._held else [value]
            return []
        try:
            shown = [self._whole(value)]
        except Exception as error:
            if not isinstance(value, _ADDED) and isinstance(error, Refused):
                self._held = [value]
                return []
            return self._in_part(value, error)
        self._held = []
        return shown

    def finish(self) -> list[Any]:
        """What was held back."""
        held, self._held = self._held, []
        return [shown for value in held for shown in self._complete(value)]

    def _complete(self, value: Any) -> list[Any]:
        try:
            return [self._whole(value)]
        except Exception as error:  # whatever a class of the user's own may raise
            return self._in_part(value, error)

    def _in_part(self, value: Any, error: Exception) -> list[Any]:
        """A value that cannot be filled as a whole, for who has been shown others already; none with placeholders."""
        self.refused = self.refused or (error if isinstance(error, Refused) else Refused("cannot be filled"))
        try:
            return [self._by_hand(value)]
        except Exception:
            return []

    def _by_hand(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if type(value) in (list, tuple):
            return type(value)([self._by_hand(item) for item in value])
        if type(value) is dict:
            return {self._by_hand(key): self._by_hand(item) for key, item in value.items()}
        try:
            return self._whole(value)
        except Exception:
            told = f"{value!r} {getattr(value, '__dict__', '')}"
            if self._text(told) != told:
                raise
            return value

    def _text(self, text: str) -> str:
        filler = self._make()
        return filler.feed(text) + filler.finish()


class GrowingFiller:
    """Fills objects each of which takes the place of the one before, as far as each is sure.

    Args:
        text: makes the filler of one text.
        whole: fills a value that is complete; raises `Refused` or `UnstorableError`.
    """

    def __init__(self, text: Make, whole: Whole) -> None:
        self._make, self._whole = text, whole
        self._values = ValueFiller(text, whole)
        self._texts: dict[tuple[Any, ...], _Text] = {}
        self._keys: dict[Any, Any] = {}
        self._last: list[Any] = []
        self._sure: list[Any] = []
        self._trouble: StreamFiller | None = None

    @property
    def refused(self) -> Refused | None:
        """Why what came so far cannot be read."""
        return self._values.refused or (self._trouble.refused if self._trouble is not None else None)

    @property
    def unfilled(self) -> Refused | None:
        """Why a value could not be written."""
        return self._trouble.unfilled if self._trouble is not None else None

    def feed(self, value: Any) -> list[Any]:
        """The value up to where it is sure, if that is more than before."""
        self._last = [value]
        try:
            sure = [self._upto(value, ())]
        except Exception:  # an object in it is not complete yet, or no data: the next, or the end, tells
            return []
        return self._if_new(sure)

    def finish(self) -> list[Any]:
        """The last value, complete."""
        last, self._last = self._last, []
        return [shown for value in last for shown in self._if_new(self._values.feed(value) or self._values.finish())]

    def _if_new(self, sure: list[Any]) -> list[Any]:
        if sure == self._sure:
            return []
        self._sure = sure
        return sure

    def _upto(self, value: Any, place: tuple[Any, ...]) -> Any:
        if isinstance(value, str):
            return self._text(value, place)
        if type(value) is list:
            return [self._upto(item, (*place, at)) for at, item in enumerate(value)]
        if type(value) is dict:
            return {self._key(key): self._upto(item, (*place, key)) for key, item in value.items()}
        return value if value is None or type(value) in (bool, int, float) else self._whole(value)

    def _key(self, key: Any) -> Any:
        if key not in self._keys:
            self._keys[key] = self._whole(key)
        return self._keys[key]

    def _text(self, value: str, place: tuple[Any, ...]) -> str:
        """A text up to where it is sure; of one that was there before only what is new is read."""
        text = self._texts.pop(place, None)
        if text is None or not value.startswith(text.said):
            text = _Text(self._make())
        text.shown += text.filler.feed(value[len(text.said) :])
        text.said = value
        self._texts[place] = text
        if text.filler.refused is not None or text.filler.unfilled is not None:
            self._trouble = self._trouble or text.filler
        return text.shown


@dataclass(slots=True)
class _Text:
    """A text in an object that grows: what was said of it, and what of that could be shown."""

    filler: StreamFiller
    said: str = ""
    shown: str = ""
