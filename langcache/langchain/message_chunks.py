"""Filling the chunks of a masked chat message: content, content blocks, the arguments of tool calls, what is beside."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from langchain_core.messages import AIMessageChunk

from langcache.errors import LangcacheError, Refused, UnstorableError
from langcache.langchain.messages.beside import BY_TOKEN, REASONING
from langcache.langchain.messages.content import is_reasoning
from langcache.langchain.messages.items import without_item_id
from langcache.langchain.messages.structure import STRUCTURAL
from langcache.templating.labels import CLOSE, OPEN
from langcache.templating.stream import StreamFiller
from langcache.templating.stream_json import JsonStreamFiller

__all__ = ["MessageFiller"]

_JSON = frozenset({"args", "partial_json", "arguments"})
"""Keys of content blocks, and of calls, under which JSON text arrives."""

_BRACKET = re.compile(rf"[{OPEN}{CLOSE}{{}}<>]")
"""What every placeholder, and every half of one, holds."""

Filler = StreamFiller | JsonStreamFiller


class MessageFiller:
    """Fills the chunks of one message, or of one after another.

    Reasoning is left out, as it is from a filled message, and the ids of items that came of it. Names and ids come
    whole: one that cannot be filled is not shown.

    Args:
        text: makes the filler of one text.
        whole: fills a value that is complete.

    Attributes:
        refused: why what came so far cannot be read.
        unfilled: why a value could not be written.
    """

    def __init__(self, text: Callable[[], StreamFiller], whole: Callable[[Any], Any]) -> None:
        self._make, self._whole = text, whole
        self._fillers: dict[Any, Filler] = {}
        self._fed: list[Filler] = []
        self._thoughts: dict[Any, StreamFiller] = {}
        self._id: str | None = None
        self._reasons = False
        self.refused: Refused | None = None
        self.unfilled: Refused | None = None

    def feed(self, chunk: AIMessageChunk) -> AIMessageChunk:
        """The chunk, as far as it may be shown; with the last one comes what was held back."""
        known = self._fixed(chunk.id)
        self._id = known or self._id
        content, calls = self._content(chunk.content), [self._call(call) for call in chunk.tool_call_chunks]
        extra = self._extra(chunk.additional_kwargs)
        if chunk.chunk_position == "last":
            content, calls = self._with_rest(content, calls, extra)
        self._heed(self._fed)
        self._fed = []
        return AIMessageChunk(
            content=content,
            additional_kwargs=extra,
            response_metadata=self.told(chunk.response_metadata),
            id=known,
            name=self._fixed(chunk.name),
            usage_metadata=chunk.usage_metadata,
            tool_call_chunks=calls,
            chunk_position=chunk.chunk_position,
        )

    def told(self, beside: Mapping[str, Any] | None) -> dict[str, Any]:
        """What a provider says beside its answer, filled; no part of it, so what cannot be read stays as it is."""
        return {k: v if k in BY_TOKEN else self._complete(v) for k, v in (beside or {}).items()}

    def finish(self) -> list[Any]:
        """What is held back of a message that had no last chunk."""
        extra: dict[str, Any] = {}
        content, calls = self._with_rest("", [], extra)
        if not (content or calls or extra):
            return []
        return [AIMessageChunk(content=content, tool_call_chunks=calls, additional_kwargs=extra, id=self._id)]

    def _filler(self, key: Any, json: bool) -> Filler:
        if key not in self._fillers:
            self._fillers[key] = self._new(json)
        self._fed.append(self._fillers[key])
        return self._fillers[key]

    def _heed(self, fillers: Iterable[Filler]) -> None:
        """What was wrong is remembered: asked of all, a message of many calls would ask as often as it has chunks."""
        for filler in fillers:
            self.refused = self.refused or filler.refused
            self.unfilled = self.unfilled or filler.unfilled

    def _new(self, json: bool) -> Filler:
        return JsonStreamFiller(self._make) if json else self._make()

    def _content(self, content: Any) -> Any:
        if isinstance(content, str):
            return self._filler("content", json=False).feed(content) if content else content
        self._reasons = self._reasons or any(map(is_reasoning, content))
        return [
            self._block(without_item_id(block) if self._reasons else block, at)
            for at, block in enumerate(content)
            if not is_reasoning(block)
        ]

    def _block(self, block: Any, at: int) -> Any:
        if isinstance(block, str):
            return self._filler(("text",), json=False).feed(block)
        index = block.get("index")
        place = ("block", index) if _adds_up(index) else ("whole", at)
        return {self._fixed(key): self._value(value, (*place, key)) for key, value in block.items()}

    def _value(self, value: Any, place: tuple[Any, ...]) -> Any:
        if place[-1] in STRUCTURAL or not value:
            return self._fixed(value)
        if not isinstance(value, str):
            return self._complete(value)
        json = place[-1] in _JSON
        if place[0] == "whole" and place not in self._fillers:
            filler = self._new(json)
            shown = filler.feed(value) + filler.finish()
            if filler.refused is None and filler.unfilled is None:
                return shown  # else half a placeholder waits for the other half
        return self._filler(place, json).feed(value)

    def _call(self, call: Any) -> Any:
        filled = {**call, **{key: self._fixed(call[key]) for key in ("name", "id") if call.get(key)}}
        if call.get("args"):
            filled["args"] = self._filler(("call", call.get("index")), json=True).feed(call["args"])
        return filled

    def _extra(self, extra: dict[str, Any] | None) -> dict[str, Any]:
        return {key: self._beside(value, (key,)) for key, value in (extra or {}).items()}

    def _beside(self, value: Any, path: tuple[Any, ...]) -> Any:
        """A part of ``additional_kwargs``: texts are added up along their paths, anything else comes whole."""
        if path == ("parsed",):
            return value if value is None else self._complete(value)
        if type(value) is dict:
            return {key: self._beside(part, (*path, key)) for key, part in value.items()}
        thought = path[0] in REASONING
        if not isinstance(value, str) or path[-1] in STRUCTURAL:
            return self._fixed(value, told=not thought)
        if thought:
            return self._thought(value, path)
        return self._filler(("extra", *path), json=path[-1] in _JSON).feed(value) if value else value

    def _thought(self, value: str, path: tuple[Any, ...]) -> str:
        """A text of reasoning; from where it cannot be filled it is left out, and the answer is none the worse."""
        if path not in self._thoughts:
            self._thoughts[path] = self._make()
        return _sound(self._thoughts[path], self._thoughts[path].feed(value))

    def _complete(self, value: Any) -> Any:
        """A whole value whose text has been shown already, or is no part of the answer."""
        try:
            return value if _is_bare(value) else self._whole(value)
        except (LangcacheError, ValueError, TypeError):
            return value

    def _fixed(self, value: Any, *, told: bool = True) -> Any:
        """A value that nothing is added to, such as an id; nothing in place of one that cannot be filled.

        Args:
            value: of any type.
            told: whether the stream says that it could not be filled.
        """
        if _is_bare(value):
            return value
        try:
            return self._whole(value)
        except UnstorableError:
            if not isinstance(value, str | list | tuple | dict):
                return value  # no text that anybody knows of
            trouble = Refused("unrenderable")
        except Refused as refused:
            trouble = refused
        except (LangcacheError, ValueError, TypeError):
            trouble = Refused("unrenderable")
        if told:
            self.refused = self.refused or trouble
        return "" if isinstance(value, str) else None

    def _with_rest(self, content: Any, calls: list[Any], extra: dict[str, Any]) -> tuple[Any, list[Any]]:
        """What is held back, added to a chunk's parts."""
        for key, filler in self._fillers.items():
            rest = filler.finish()
            if not rest:
                continue
            if key == "content":
                content = content + rest if isinstance(content, str) else [*content, rest]
            elif key[0] == "call":
                calls = [*calls, {"name": None, "args": rest, "id": None, "index": key[1], "type": "tool_call_chunk"}]
            elif key[0] == "extra":
                _add(extra, key[1:], rest)
            else:
                content = [*(content or ()), *_rest_of_block(key, rest)]
        for path, thought in self._thoughts.items():
            if rest := _sound(thought, thought.finish()):
                _add(extra, path, rest)
        self._heed(self._fillers.values())
        self._fillers, self._thoughts = {}, {}
        return content, calls


def _is_bare(value: Any) -> bool:
    """Whether there is surely nothing to fill."""
    return not value or isinstance(value, int | float) or (isinstance(value, str) and not _BRACKET.search(value))


def _adds_up(index: Any) -> bool:
    """Whether LangChain adds up the blocks of an index; any other block is whole."""
    return isinstance(index, int) or (isinstance(index, str) and index.startswith("lc_"))


def _sound(filler: StreamFiller, shown: str) -> str:
    return shown if filler.refused is None and filler.unfilled is None else ""


def _add(extra: dict[str, Any], path: tuple[Any, ...], rest: str) -> None:
    for key in path[:-1]:
        extra = extra.setdefault(key, {})
    extra[path[-1]] = extra.get(path[-1], "") + rest


def _rest_of_block(place: Any, rest: str) -> Iterable[Any]:
    if place == ("text",):
        return [rest]
    *_, index, key = place
    block = {"type": "text" if key == "text" else "input_json_delta", key: rest}
    return [{**block, "index": index} if place[0] == "block" else block]
