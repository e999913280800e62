"""Chat messages as data and back: a whitelist of fields, fresh identities, zero usage.

A replayed message id makes LangGraph's ``add_messages`` replace the earlier message, and kept token counts are billed
twice (both found by running), so neither is stored under its own name.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol
from uuid import uuid4

from langchain_core.documents import Document
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    BaseMessageChunk,
    HumanMessage,
    SystemMessage,
    ToolMessage,
    message_chunk_to_message,
)
from langchain_core.prompt_values import ChatPromptValue, PromptValue, StringPromptValue

from langcache.errors import CorruptEntry, UnstorableError

__all__ = ["Inputs", "Messages", "is_blank", "mask_value", "plain_message"]

_KINDS: dict[str, type[BaseMessage]] = {
    "ai": AIMessage,
    "human": HumanMessage,
    "system": SystemMessage,
    "tool": ToolMessage,
}
DROPPED_BLOCKS = frozenset({"reasoning", "thinking", "redacted_thinking"})
"""A signature would no longer match a filled text, so reasoning is not replayed."""

STRUCTURAL = frozenset({"type", "id", "index", "status", "name", "mime_type", "source_type"})
"""Keys of content blocks whose texts are not the answer's."""

_TOLD = ("role", "status", "invalid_tool_calls")
"""Fields that only some messages have, and that reach the provider."""

_KEPT_METADATA = ("model_name", "model", "model_provider", "finish_reason", "stop_reason")
ZERO_USAGE = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}

Leaf = Callable[[Any], Any]


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
        originals: if given, messages met while packing are kept here, and rebuilt with their own id, usage and
            metadata: the miss whose answer was just paid for.
        inputs: knows the chain's own inputs where it hands them on, as ``RunnablePassthrough`` does.
    """

    def __init__(
        self,
        hit: Mapping[str, Any] | None = None,
        originals: list[BaseMessage] | None = None,
        inputs: "Inputs | None" = None,
    ) -> None:
        self._hit, self._originals, self._inputs = hit or {}, originals, inputs

    def pack(self, value: Any, leaf: Leaf) -> tuple[str, Any] | None:
        """The message as data, every text of the answer in it through *leaf*; or the name of an input."""
        name = self._inputs.name_of(value) if self._inputs is not None else None
        if name is not None:
            return "input", name
        if isinstance(value, BaseMessageChunk):
            value = message_chunk_to_message(value)
        if not isinstance(value, BaseMessage):
            return None
        if value.type not in _KINDS:
            raise UnstorableError(f"a message of type {value.type!r} cannot be stored")
        data = self._pack_ai(value, leaf) if isinstance(value, AIMessage) else {}
        if isinstance(value, ToolMessage):
            data = {"tool_call_id": value.tool_call_id, "status": value.status}
        data["content"] = _pack_content(value.content, leaf)
        if value.name is not None:
            data["name"] = value.name
        if self._originals is not None:
            data["n"] = len(self._originals)
            self._originals.append(value)
        return value.type, data

    def _pack_ai(self, message: AIMessage, leaf: Leaf) -> dict[str, Any]:
        if message.invalid_tool_calls:
            raise UnstorableError("a message with tool calls that do not parse cannot be stored")
        data: dict[str, Any] = {
            "metadata": {k: v for k in _KEPT_METADATA if isinstance(v := message.response_metadata.get(k), str)},
            "usage": dict(message.usage_metadata) if message.usage_metadata else None,
        }
        if message.tool_calls:
            data["tool_calls"] = [
                {"name": call["name"], "args": leaf(call["args"]), "id": call["id"]} for call in message.tool_calls
            ]
        if "parsed" in message.additional_kwargs:
            data["parsed"] = leaf(message.additional_kwargs["parsed"])
        return data

    def unpack(self, kind: str, data: Any, leaf: Leaf) -> Any:
        """A new message with a new id, or an input; raises `CorruptEntry` for data `pack` did not make."""
        if kind == "input" and self._inputs is not None and isinstance(data, str):
            return self._inputs.given(data)
        cls = _KINDS.get(kind)
        if cls is None or not isinstance(data, dict):
            raise CorruptEntry("not a message")
        fields: dict[str, Any] = {"content": _unpack_content(data.get("content", ""), leaf)}
        if isinstance(data.get("name"), str):
            fields["name"] = data["name"]
        if cls is ToolMessage:
            fields.update(tool_call_id=str(data.get("tool_call_id")), status=data.get("status", "success"))
        if cls is AIMessage:
            self._unpack_ai(fields, data, leaf)
        original = self._original(data)
        if original is not None:
            return _revived(original, fields)
        return cls(id=f"lc_{uuid4()}", **fields)

    def _unpack_ai(self, fields: dict[str, Any], data: dict[str, Any], leaf: Leaf) -> None:
        fields["usage_metadata"] = dict(ZERO_USAGE)
        fields["response_metadata"] = {
            **_mapping(data.get("metadata")),
            "langcache": {**self._hit, "usage": data.get("usage")},
        }
        if "parsed" in data:
            fields["additional_kwargs"] = {"parsed": leaf(data["parsed"])}
        calls = data.get("tool_calls")
        if calls:
            ids = {call["id"]: call["id"] if self._originals is not None else f"call_{uuid4().hex}" for call in calls}
            fields["tool_calls"] = [
                {"type": "tool_call", "name": c["name"], "args": leaf(c["args"]), "id": ids[c["id"]]} for c in calls
            ]
            fields["content"] = _with_ids(fields["content"], ids)

    def _original(self, data: dict[str, Any]) -> BaseMessage | None:
        at = data.get("n")
        return self._originals[at] if self._originals is not None and isinstance(at, int) else None


def _revived(original: BaseMessage, fields: dict[str, Any]) -> BaseMessage:
    """The paid-for message itself, with the reader's details in its texts."""
    update: dict[str, Any] = {name: fields[name] for name in ("content", "tool_calls") if name in fields}
    if "additional_kwargs" in fields:
        update["additional_kwargs"] = {**original.additional_kwargs, **fields["additional_kwargs"]}
    return original.model_copy(update=update)


def _pack_content(content: Any, leaf: Leaf) -> Any:
    if isinstance(content, str):
        return leaf(str.__str__(content))
    return [
        _pack_block(block, leaf)
        for block in content
        if not (isinstance(block, dict) and block.get("type") in DROPPED_BLOCKS)
    ]


def _pack_block(block: Any, leaf: Leaf) -> Any:
    if not isinstance(block, dict):
        return leaf(block)
    return {"b": [[key, value if key in STRUCTURAL else leaf(value)] for key, value in block.items()]}


def _unpack_content(content: Any, leaf: Leaf) -> Any:
    if not isinstance(content, list):
        return leaf(content)
    return [_unpack_block(block, leaf) for block in content]


def _unpack_block(block: Any, leaf: Leaf) -> Any:
    if not (isinstance(block, dict) and isinstance(block.get("b"), list)):
        return leaf(block)
    return {key: value if key in STRUCTURAL else leaf(value) for key, value in block["b"]}


def _with_ids(content: Any, ids: Mapping[str, str]) -> Any:
    if not isinstance(content, list):
        return content
    return [{**b, "id": ids[b["id"]]} if isinstance(b, dict) and b.get("id") in ids else b for b in content]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def is_blank(message: BaseMessage) -> bool:
    """Whether a message says nothing: it calls no tool, and holds nothing but blank text and reasoning."""
    blocks = [message.content] if isinstance(message.content, str) else message.content
    return not getattr(message, "tool_calls", None) and all(map(_is_blank_block, blocks))


def _is_blank_block(block: Any) -> bool:
    if isinstance(block, dict) and block.get("type") in DROPPED_BLOCKS:
        return True
    text = block.get("text") if isinstance(block, dict) and block.get("type") == "text" else block
    return isinstance(text, str) and not text.strip()


def plain_message(value: Any) -> Any:
    """What of a LangChain object belongs in a key: a message without id and usage, a document, a prompt value."""
    if isinstance(value, BaseMessage):
        extra = {k: v for k, v in value.additional_kwargs.items() if k not in ("langcache", "refusal")}
        calls = [[call["name"], call["args"], call["id"]] for call in getattr(value, "tool_calls", ())]
        told = {name: said for name in _TOLD if (said := getattr(value, name, None))}
        return [value.type, value.content, value.name, calls, getattr(value, "tool_call_id", None), extra, told]
    if isinstance(value, Document):
        return [value.page_content, value.metadata]
    if isinstance(value, StringPromptValue):
        return value.text
    if isinstance(value, PromptValue):
        return value.to_messages()
    return NotImplemented


def mask_value(value: Any, text: Callable[[str], Any]) -> Any:
    """A copy of *value* with every text in it through *text*: strings, messages, documents, lists and dicts of them.

    Names, ids and other fields beside a message's content stay: a provider may not take a placeholder there.
    """
    if type(value) is str:
        return text(value)
    if isinstance(value, list | tuple):
        return type(value)(mask_value(item, text) for item in value) if type(value) in (list, tuple) else value
    if type(value) is dict:
        return {key: mask_value(item, text) for key, item in value.items()}
    if isinstance(value, AIMessage) and value.tool_calls:
        calls = [{**call, "args": mask_value(call["args"], text)} for call in value.tool_calls]
        return value.model_copy(update={"content": _mask_content(value.content, text), "tool_calls": calls})
    if isinstance(value, BaseMessage):
        return value.model_copy(update={"content": _mask_content(value.content, text)})
    if isinstance(value, Document):
        metadata = mask_value(value.metadata, text)
        return value.model_copy(update={"page_content": text(value.page_content), "metadata": metadata})
    if isinstance(value, StringPromptValue):
        return value.model_copy(update={"text": text(value.text)})
    if isinstance(value, PromptValue):
        return ChatPromptValue(messages=mask_value(list(value.to_messages()), text))
    return value


def _mask_content(content: Any, text: Callable[[str], Any]) -> Any:
    if not isinstance(content, list):
        return text(content)
    return [
        {k: v if k in STRUCTURAL else mask_value(v, text) for k, v in block.items()}
        if isinstance(block, dict)
        else mask_value(block, text)
        for block in content
    ]
