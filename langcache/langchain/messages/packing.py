"""Chat messages as data and back: a whitelist of fields, fresh identities, zero usage.

A replayed message id makes LangGraph's ``add_messages`` replace the earlier message, and kept token counts are billed
twice (both found by running), so neither is stored under its own name.
"""

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import uuid4

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    BaseMessageChunk,
    HumanMessage,
    SystemMessage,
    ToolMessage,
    message_chunk_to_message,
)

from langcache.errors import CorruptEntry, Refused, UnstorableError
from langcache.langchain.messages.beside import as_dict, holds_answer, kept_metadata, numbers
from langcache.langchain.messages.calls import NewIds, pack_call, unpack_call
from langcache.langchain.messages.content import pack_content, unpack_content, without_reasoning
from langcache.langchain.messages.items import without_item_ids
from langcache.langchain.messages.others import OTHERS, pack_other, unpack_other
from langcache.langchain.messages.paid import Paid
from langcache.langchain.messages.structure import Leaf, structural

__all__ = ["Inputs", "Messages"]

_KINDS: dict[str, type[BaseMessage]] = {
    "ai": AIMessage,
    "human": HumanMessage,
    "system": SystemMessage,
    "tool": ToolMessage,
}
_ZERO_USAGE = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}


class Inputs(Protocol):
    """What a request was given."""

    def name_of(self, value: Any) -> str | None:
        """The input that *value* stands for, whole and as it came; None if it is anything else."""

    def given(self, name: str) -> Any:
        """The reader's own input of that name."""


class Messages:
    """Packs messages for `langcache.core.packing`.

    Args:
        hit: what a message from a hit says of itself in ``response_metadata["langcache"]``.
        paid: if given, keeps the messages met while packing and revives them: the miss whose answer was just paid for.
        inputs: knows the chain's own inputs where it hands them on, as ``RunnablePassthrough`` does.
    """

    def __init__(
        self, hit: Mapping[str, Any] | None = None, paid: Paid | None = None, inputs: Inputs | None = None
    ) -> None:
        self._hit, self._paid, self._inputs = hit or {}, paid, inputs
        self._new_ids = NewIds()

    def pack(self, value: Any, leaf: Leaf) -> tuple[str, Any] | None:
        """A message, or parts, as data, every text of the answer in it through *leaf*; or the name of an input."""
        name = self._inputs.name_of(value) if self._inputs is not None else None
        if name is not None:
            return "input", name
        if isinstance(value, BaseMessageChunk):
            value = message_chunk_to_message(value)
        if not isinstance(value, BaseMessage):
            return pack_other(value, leaf)
        if value.type not in _KINDS:
            raise UnstorableError(f"a message of type {value.type!r} cannot be stored")
        fixed = structural(leaf, paid=self._paid is not None)
        data = self._pack_ai(value, leaf, fixed) if isinstance(value, AIMessage) else {}
        if isinstance(value, ToolMessage):
            data = _pack_result(value, leaf, fixed)
        content = without_reasoning(value.content)
        if self._paid is None or content is not value.content:
            content = without_item_ids(content)
        data["content"] = pack_content(content, leaf, fixed)
        if value.name is not None:
            data["name"] = leaf(value.name)
        if self._paid is not None:
            data.update(self._paid.pack(value, leaf))
        return value.type, data

    def _pack_ai(self, message: AIMessage, leaf: Leaf, fixed: Leaf) -> dict[str, Any]:
        if message.invalid_tool_calls:
            raise UnstorableError("a message with tool calls that do not parse cannot be stored")
        if self._paid is None and holds_answer(message):
            raise Refused("answer beside the content")
        data: dict[str, Any] = {
            "metadata": kept_metadata(message, leaf),
            "usage": numbers(message.usage_metadata) or None,
        }
        if message.tool_calls:
            data["tool_calls"] = [pack_call(call, leaf, fixed) for call in message.tool_calls]
        if "parsed" in as_dict(message.additional_kwargs):
            data["parsed"] = leaf(message.additional_kwargs["parsed"])
        return data

    def unpack(self, kind: str, data: Any, leaf: Leaf) -> Any:
        """A new message with a new id, another answer or an input; raises `CorruptEntry` for what is none."""
        if kind == "input" and self._inputs is not None and isinstance(data, str):
            return self._inputs.given(data)
        if kind in OTHERS:
            return unpack_other(kind, leaf(data))
        cls = _KINDS.get(kind)
        if cls is None or not isinstance(data, dict):
            raise CorruptEntry("not a message")
        fields: dict[str, Any] = {"content": unpack_content(data.get("content", ""), leaf)}
        if "name" in data and isinstance(name := leaf(data["name"]), str):
            fields["name"] = name
        if cls is ToolMessage:
            fields["tool_call_id"] = self._new_ids.of_result(str(leaf(data.get("tool_call_id"))))
            fields.update({key: leaf(data[key]) for key in ("status", "artifact") if key in data})
        if cls is AIMessage:
            self._unpack_ai(fields, data, leaf)
        paid = self._paid.revived(data, fields, leaf) if self._paid is not None else None
        return _new(cls, fields, data) if paid is None else paid

    def _unpack_ai(self, fields: dict[str, Any], data: dict[str, Any], leaf: Leaf) -> None:
        fields["usage_metadata"] = dict(_ZERO_USAGE)
        fields["response_metadata"] = {
            **as_dict(data.get("metadata")),
            "langcache": {**self._hit, "usage": data.get("usage")},
        }
        if "parsed" in data:
            fields["additional_kwargs"] = {"parsed": leaf(data["parsed"])}
        calls = data.get("tool_calls")
        if calls:
            fields["tool_calls"] = [unpack_call(call, leaf) for call in calls]
            if self._paid is None:
                fields["content"] = self._new_ids.renew(fields["tool_calls"], fields["content"])


def _pack_result(message: ToolMessage, leaf: Leaf, fixed: Leaf) -> dict[str, Any]:
    data = {"tool_call_id": fixed(message.tool_call_id), "status": fixed(message.status)}
    return data if message.artifact is None else {**data, "artifact": leaf(message.artifact)}


def _new(cls: type[BaseMessage], fields: dict[str, Any], data: dict[str, Any]) -> BaseMessage:
    message = cls(id=f"lc_{uuid4()}", **fields)
    if isinstance(message, AIMessage) and any("extra" in call for call in data.get("tool_calls") or ()):
        message.tool_calls = fields["tool_calls"]  # the constructor drops what a call says beside its arguments
    return message
