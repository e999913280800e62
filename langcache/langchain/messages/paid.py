"""The messages of an answer that was just paid for: rebuilt with their own id, usage and metadata, and filled."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from langcache.errors import Refused, UnstorableError
from langcache.langchain.messages.beside import BY_TOKEN, REASONING, as_dict
from langcache.langchain.messages.structure import Leaf

__all__ = ["Paid"]

_FILLED = ("content", "name", "id", "tool_call_id", "status", "artifact", "additional_kwargs")
"""The fields of a message that are filled as part of the answer."""

_UNREAD = (Refused, UnstorableError)


class Paid:
    """Keeps the messages met while packing, and gives them back filled."""

    def __init__(self) -> None:
        self._met: list[BaseMessage] = []

    def pack(self, message: BaseMessage, leaf: Leaf) -> dict[str, Any]:
        """What the data of *message* needs besides, so that `revived` knows it again."""
        n = len(self._met)
        self._met.append(message)  # before those that it holds
        told = _pack_told(message, leaf)
        return {"n": n, "id": leaf(message.id), "extra": _pack_extra(message, leaf), "told": told}

    def revived(self, data: dict[str, Any], fields: dict[str, Any], leaf: Leaf) -> BaseMessage | None:
        """The message that *data* was packed from, with *fields*, unpacked, in place of its own; None if it is new."""
        n = data.get("n")
        if not isinstance(n, int):
            return None
        original = self._met[n]
        fields = {**fields, **_unpack_extra(original, data, leaf)}
        update = {name: fields[name] for name in _FILLED if name in fields}
        if data["told"]:
            update["response_metadata"] = {**original.response_metadata, **_unpack_told(data["told"], leaf)}
        if isinstance(original, AIMessage) and original.tool_calls:
            pairs = zip(original.tool_calls, fields["tool_calls"], strict=True)
            update["tool_calls"] = [_filled_call(call, filled) for call, filled in pairs]
        return original.model_copy(update=update)


def _filled_call(call: Mapping[str, Any], filled: Mapping[str, Any]) -> dict[str, Any]:
    """The keys it was paid with, no more."""
    return {key: filled.get(key, value) for key, value in call.items()}


def _pack_extra(message: BaseMessage, leaf: Leaf) -> list[Any]:
    """What a message says beside its content; reasoning that cannot be read is left out."""
    packed: list[Any] = []
    for key, value in as_dict(message.additional_kwargs).items():
        with suppress(*_UNREAD if key in REASONING else ()):
            packed.append([key, leaf(value)])
    return packed


def _unpack_extra(original: BaseMessage, data: dict[str, Any], leaf: Leaf) -> dict[str, Any]:
    """Id and ``additional_kwargs``, filled."""
    found: dict[str, Any] = {"id": leaf(data["id"])}
    if not original.additional_kwargs:
        return found
    extra = found["additional_kwargs"] = {}
    for key, value in data["extra"]:
        with suppress(*_UNREAD if key in REASONING else ()):
            extra[key] = leaf(value)
    return found


def _pack_told(message: BaseMessage, leaf: Leaf) -> list[Any]:
    """What there is to fill in ``response_metadata``; no part of the answer, so what cannot be read stays as it is."""
    packed: list[Any] = []
    for key, value in as_dict(message.response_metadata).items():
        with suppress(Exception):  # a provider may put anything there
            if key not in BY_TOKEN and (data := leaf(value)) != value:
                packed.append([key, data])
    return packed


def _unpack_told(packed: list[Any], leaf: Leaf) -> dict[str, Any]:
    filled: dict[str, Any] = {}
    for key, value in packed:
        with suppress(Exception):
            filled[key] = leaf(value)
    return filled
