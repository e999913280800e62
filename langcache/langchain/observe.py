"""Watch one run from inside: what it used, how it finished, what it looked up, and who failed."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import Any
from uuid import UUID

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, LLMResult
from pydantic import ValidationError

from langcache.core.events import Usage
from langcache.errors import MaskedValueUsed
from langcache.langchain.finish import finish_of
from langcache.langchain.inline import InlineHandler
from langcache.langchain.leaves import leaves
from langcache.langchain.messages.content import is_media

__all__ = ["Observer", "UnfitLookup", "observers", "usage_of"]

_LONGEST_ADDRESS = 4096
"""Characters; what is longer is the file itself."""


class UnfitLookup(MaskedValueUsed):
    """A lookup that goes well on real values only."""


class LookupWithDetail(UnfitLookup):
    """A masked detail was about to be looked up, which would look up the placeholder."""

    def __init__(self, slot: str) -> None:
        super().__init__(f"slot {slot!r} is looked up: declare it a Feature, or lookup_ok")


class PlaceholderFound(UnfitLookup):
    """What was found holds the text of a placeholder, which is no detail there and would be filled."""

    def __init__(self, slot: str) -> None:
        super().__init__(f"what was looked up holds the placeholder of slot {slot!r}: give the slot a label unlike it")


class Observer(InlineHandler):
    """Collects what the flow must know of one run.

    Attributes:
        account: what the calls it sees are booked on; None for one that only watches.
        outer: those of requests around this one on the same account, which would book its calls once more.

    Args:
        detail_in: the slot whose value, or placeholder, a lookup's text holds; None if none does.
        stop_lookups: raise before a lookup of a placeholder, whose result would be wrong for everybody.
        placeholder_in: the slot whose placeholder stands in what was found; None if none does.
    """

    raise_error = True
    ignore_chain = True

    def __init__(
        self,
        detail_in: Callable[[str], str | None],
        *,
        stop_lookups: bool,
        placeholder_in: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._detail_in, self._stop, self._placeholder_in = detail_in, stop_lookups, placeholder_in
        self._lock = threading.Lock()
        self.usages: list[Usage] = []
        self.account: Any = None
        self.outer: list[Observer] = []
        self._runs: list[UUID | None] = []
        self._elsewhere: set[UUID] = set()
        self.refusal: str | None = None
        self.lookup_of: str | None = None
        self.fell_back = False
        self.errors: list[BaseException] = []
        self.found: list[str] = []

    @property
    def own(self) -> list[Usage]:
        """Of the calls that are on this request's account, and not on that of one inside it."""
        with self._lock:
            return [usage for run, usage in zip(self._runs, self.usages, strict=True) if run not in self._elsewhere]

    def on_llm_end(self, response: LLMResult, *, run_id: UUID | None = None, **_: Any) -> None:
        """Account for one provider call; one that cannot be read is not stored, but it is answered."""
        with self._lock, self._unreadable():
            for generations in response.generations:
                messages = [each.message if isinstance(each, ChatGeneration) else None for each in generations]
                for message, generation in zip(messages, generations, strict=True):
                    self.refusal = self.refusal or finish_of(message, generation.generation_info)
                # Of several answers to one prompt (``n=2``) each tells the usage of the whole call.
                for message in messages[:1]:
                    if isinstance(message, AIMessage) and "langcache" in message.response_metadata:
                        continue  # served by one of our other doors: nothing was paid
                    self._take(usage_of(message, response.llm_output), run_id)

    def _take(self, usage: Usage, run_id: UUID | None) -> None:
        self.usages.append(usage)
        self._runs.append(run_id)
        if run_id is not None:
            for observer in self.outer:
                observer._elsewhere.add(run_id)  # noqa: SLF001 -- whichever of the two is told first

    @contextmanager
    def _unreadable(self) -> Iterator[None]:
        try:
            yield
        except Exception:
            self.refusal = self.refusal or "unfinished"  # how it finished cannot be told

    def on_llm_error(self, error: BaseException, **_: Any) -> None:
        """Remember that the provider failed, so that nobody blames the mask; not that an SDK made no object of it."""
        if not isinstance(error, ValidationError):
            self.errors.append(error)

    def on_chat_model_start(self, serialized: Any, messages: list[list[BaseMessage]], **_: Any) -> None:
        """See `sends`."""
        self.sends(chain.from_iterable(messages))

    def sends(self, messages: Iterable[BaseMessage]) -> None:
        """Notice a detail in the address of a picture or file, which the provider looks up."""
        for message in messages:
            blocks = message.content if isinstance(message.content, list) else ()
            for leaf in leaves([block for block in blocks if is_media(block)]):
                if isinstance(leaf, str) and len(leaf) < _LONGEST_ADDRESS:
                    self._lookup(leaf)

    def on_retriever_start(self, serialized: Any, query: str, **_: Any) -> None:
        """Notice a detail in a retriever's query."""
        self._lookup(str(query))

    def on_tool_start(self, serialized: Any, input_str: str, *, inputs: Any = None, **_: Any) -> None:
        """Notice a detail in a tool's arguments."""
        self._lookup(f"{input_str}\n{inputs}")

    def on_retriever_end(self, documents: Any, **_: Any) -> None:
        """Notice what was found."""
        texts: list[str] = []
        with self._unreadable():
            texts = [f"{each.page_content}\n{each.metadata}" for each in documents]
        self._bring(texts)

    def on_tool_end(self, output: Any, **_: Any) -> None:
        """Notice what a tool answered."""
        texts: list[str] = []
        with self._unreadable():
            texts = [str(output)]
        self._bring(texts)

    def _bring(self, texts: list[str]) -> None:
        """Remember what was found: a user's value in it is everybody's, and so is a placeholder's text."""
        self.found += texts
        for slot in filter(None, map(self._placeholder_in, texts)):
            self.lookup_of = slot
            raise PlaceholderFound(slot)

    def _lookup(self, text: str) -> None:
        slot = self._detail_in(text)
        if slot is None:
            return
        self.lookup_of = slot
        if self._stop:
            raise LookupWithDetail(slot)

    def blames_provider(self, error: BaseException) -> bool:
        """Whether *error* is, or was caused by, a failed provider call."""
        seen: BaseException | None = error
        met: set[int] = set()  # causes and contexts may lead in a circle
        while seen is not None and id(seen) not in met:
            if any(seen is known for known in self.errors):
                return True
            met.add(id(seen))
            seen = seen.__cause__ or seen.__context__
        return False


def observers(config: Any) -> list[Observer]:
    """Those of the requests that a call with *config* is made in."""
    callbacks = (config or {}).get("callbacks")
    return [each for each in getattr(callbacks, "handlers", callbacks) or () if isinstance(each, Observer)]


def usage_of(message: Any, llm_output: dict[str, Any] | None) -> Usage:
    """What the provider call that gave *message* used."""
    told = isinstance(message, AIMessage)
    metadata, used = (_mapping(message.response_metadata), _mapping(message.usage_metadata)) if told else ({}, {})
    used = used or _raw_usage(metadata) or _raw_usage(_mapping(llm_output))
    names = (metadata.get("model_name"), metadata.get("model"), _mapping(llm_output).get("model_name"))
    model = next((name for name in names if name and isinstance(name, str)), None)
    details = {kind: _count(count) for kind, count in _mapping(used.get("input_token_details")).items()}
    return Usage(model, _count(used.get("input_tokens")), _count(used.get("output_tokens")), details)


def _raw_usage(told: Mapping[str, Any]) -> dict[str, Any]:
    """As the provider called it: of completion models, and of chat models that do not put it into a message's usage."""
    raw = _mapping(told.get("token_usage"))
    names = (("input_tokens", "prompt_tokens"), ("output_tokens", "completion_tokens"))
    return {name: raw.get(other, raw.get(name)) for name, other in names if raw}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _count(value: Any) -> int:
    """A number of tokens; what is none, as some model may have put there, counts as nothing."""
    return max(0, value) if isinstance(value, int) else 0
