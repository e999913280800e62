"""One request to a model, as messages: its reading, its key, its masked messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from langcache.core.encoding import canonical, digest
from langcache.core.reading import read_request
from langcache.errors import UnkeyableError
from langcache.langchain.messages import mask_value, plain_message
from langcache.langchain.rendered import Mark, Rendered, Segment
from langcache.langchain.request import UNSPECIFIED, Request, _map_texts
from langcache.langchain.settings import Identity
from langcache.templating import Gap, to_data

__all__ = ["ModelRequest"]


class ModelRequest(Request):
    """Reads one model call and makes its key.

    Args:
        chain: whose settings apply.
        identity: what all calls with these parameters share.
        messages: what the model is asked.
        values: the profile's values, as far as known.
        variables: everything the prompt template was given, if known.
        extra: whatever else must be part of the key.

    Raises:
        UnkeyableError: something of the request has no canonical form; the message names it, without its value.
    """

    def __init__(
        self,
        chain: Any,
        identity: Identity,
        messages: Sequence[BaseMessage],
        values: Mapping[str, Any],
        *,
        variables: Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self.chain, self.settings, self.identity = chain, chain.settings, identity
        self.inputs, self.kwargs, self.named = values, {}, True
        declaration = chain.settings.profile.declaration
        known = {name: value for name, value in values.items() if name in declaration.names}
        self.reading = read_request(declaration, known, {})
        self._literals: list[str] = []
        self._located = {}
        self.messages = renumbered(messages)
        masks = chain.settings.mode == "mask"
        self._rendered = Rendered(declaration, self.reading, known, complete=variables is not None, whole=masks)
        others = {name: value for name, value in (variables or {}).items() if name not in declaration.names}
        self.surroundings = {**(extra or {}), **self._doubtful(others)}
        self.residue = {"messages": [_map_texts(message, self._keyed) for message in self.messages]}
        self.key = digest(b"%b%b" % (identity.prefix, canonical(self._parts(), plain_message)))

    def _keyed(self, text: str) -> Any:
        segments = self._rendered.locate(text)
        self._literals.extend(part for part in segments if isinstance(part, str))
        if all(isinstance(part, str) for part in segments):
            return text
        return Segments([_as_key(part) for part in segments])

    def _doubtful(self, others: Mapping[str, Any]) -> dict[str, Any]:
        """Undeclared variables in which something like a declared value stands: in the key as they are.

        In the rendered messages it cannot be told whether "25" is the user's age or the number of ideas asked for.
        """
        found: dict[str, Any] = {}
        for name, value in others.items():
            texts: list[str] = []

            def keep(text: str, texts: list[str] = texts) -> str:
                if self._rendered.locate(text) != self._rendered.surely(text):
                    texts.append(text)
                return text

            mask_value(str(value) if isinstance(value, int | float) else value, keep)
            if texts:
                found[f"variable {name}"] = texts
        return found

    @cached_property
    def masked_messages(self) -> list[BaseMessage]:
        """The messages with placeholders for slots, normalised features, and ignored inputs withheld."""
        tokens = self.tokens()
        shown = self.reading.shown

        def text(value: str) -> str:
            return "".join(_shown(part, tokens, shown) for part in self._rendered.locate(value))

        return [mask_value(message, text) for message in self.messages]

    def check(self) -> None:
        """Raises `UnkeyableError` if the profile speaks of values of which not one is known."""
        declared = self.chain.settings.profile.declaration.names
        if declared and not any(name in self.inputs for name in declared):
            raise UnkeyableError(
                "no value of the profile is known: give them in metadata['profile'] or with cache.user({...})"
            )


@dataclass(frozen=True, slots=True)
class Segments:
    """A text with gaps, in a key; of a type of its own, so that no message can look like it."""

    segments: list[Any]


def _as_key(part: Segment) -> Any:
    if isinstance(part, Gap):
        return ["slot", to_data((part,))]
    return ["mark", part.name] if isinstance(part, Mark) else part


def _shown(part: Segment, tokens: Mapping[str, str], shown: Mapping[str, Any]) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Gap):
        return tokens[part.name]
    return str(shown.get(part.name, UNSPECIFIED))


def renumbered(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """The messages with their tool calls numbered in order: the ids themselves are new with every answer."""
    ids: dict[str, str] = {}
    for message in messages:
        for call in message.tool_calls if isinstance(message, AIMessage) else ():
            if call["id"]:
                ids.setdefault(call["id"], f"call_{len(ids)}")
    return [_with_ids(message, ids) for message in messages] if ids else list(messages)


def _with_ids(message: BaseMessage, ids: Mapping[str, str]) -> BaseMessage:
    update: dict[str, Any] = {}
    if isinstance(message, AIMessage) and message.tool_calls:
        update["tool_calls"] = [{**call, "id": ids.get(call["id"] or "", call["id"])} for call in message.tool_calls]
    if isinstance(message, ToolMessage):
        update["tool_call_id"] = ids.get(message.tool_call_id, message.tool_call_id)
    if isinstance(message.content, list):
        update["content"] = [_block(block, ids) for block in message.content]
    return message.model_copy(update=update) if update else message


def _block(block: Any, ids: Mapping[str, str]) -> Any:
    if not isinstance(block, dict):
        return block
    return {k: ids.get(v, v) if k in ("id", "tool_use_id") and isinstance(v, str) else v for k, v in block.items()}
