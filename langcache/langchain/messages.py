"""Chat messages as data and back: a whitelist of fields, fresh identities, zero usage.

A replayed message id makes LangGraph's ``add_messages`` replace the earlier message, and kept token counts are billed
twice (both found by running), so neither is stored under its own name.
"""

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol, TypeGuard
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
from langchain_core.runnables.utils import AddableDict

from langcache.errors import CorruptEntry, Refused, UnstorableError

__all__ = ["REASONING", "STRUCTURAL", "Inputs", "Messages", "is_blank", "is_reasoning", "mask_value", "plain_message"]

_KINDS: dict[str, type[BaseMessage]] = {
    "ai": AIMessage,
    "human": HumanMessage,
    "system": SystemMessage,
    "tool": ToolMessage,
}
_DROPPED_BLOCKS = frozenset({"reasoning", "thinking", "redacted_thinking"})
"""A signature would no longer match a filled text, so reasoning is not replayed."""

REASONING = frozenset({"reasoning", "reasoning_content", "thinking"})
"""Where providers put it in ``additional_kwargs``."""

STRUCTURAL = frozenset({"type", "id", "index", "status", "name", "mime_type", "source_type"})
"""Keys of content blocks whose texts are not the answer's: programs read them, so they are stored without gaps."""

_BUT_NAME = STRUCTURAL - {"name"}
"""Those of a block that calls no tool: its name is that of a file."""

_ANSWERS = ("function_call", "audio", "tool_outputs")
"""Where in ``additional_kwargs`` an answer may be, which the stored form would lose."""

_CALL = frozenset({"name", "args", "id", "type"})
"""The keys of a tool call that LangChain knows."""

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
        self._new_ids: dict[str, str] = {}

    def pack(self, value: Any, leaf: Leaf) -> tuple[str, Any] | None:
        """A message, or parts, as data, every text of the answer in it through *leaf*; or the name of an input."""
        name = self._inputs.name_of(value) if self._inputs is not None else None
        if name is not None:
            return "input", name
        if isinstance(value, BaseMessageChunk):
            value = message_chunk_to_message(value)
        if not isinstance(value, BaseMessage):
            return _pack_other(value, leaf)
        if value.type not in _KINDS:
            raise UnstorableError(f"a message of type {value.type!r} cannot be stored")
        data = self._pack_ai(value, leaf) if isinstance(value, AIMessage) else {}
        if isinstance(value, ToolMessage):
            data = self._pack_tool(value, leaf)
        data["content"] = self._pack_content(value.content, leaf)
        if value.name is not None:
            data["name"] = leaf(value.name)
        if self._originals is not None:
            data["n"] = len(self._originals)
            self._originals.append(value)  # before those that it holds
            data.update(id=leaf(value.id), extra=_pack_extra(value, leaf))
        return value.type, data

    def _pack_tool(self, message: ToolMessage, leaf: Leaf) -> dict[str, Any]:
        data = {"tool_call_id": self._rigid(message.tool_call_id, leaf), "status": self._rigid(message.status, leaf)}
        return data if message.artifact is None else {**data, "artifact": leaf(message.artifact)}

    def _pack_ai(self, message: AIMessage, leaf: Leaf) -> dict[str, Any]:
        if message.invalid_tool_calls:
            raise UnstorableError("a message with tool calls that do not parse cannot be stored")
        if self._originals is None and _beside(message):
            raise Refused("answer beside the content")
        said = _mapping(message.response_metadata)
        data: dict[str, Any] = {
            "metadata": {k: v for k in _KEPT_METADATA if isinstance(v := said.get(k), str) and _is_literal(v, leaf)},
            "usage": _numbers(message.usage_metadata) or None,
        }
        if message.tool_calls:
            data["tool_calls"] = [self._pack_call(call, leaf) for call in message.tool_calls]
        if "parsed" in _mapping(message.additional_kwargs):
            data["parsed"] = leaf(message.additional_kwargs["parsed"])
        return data

    def _pack_call(self, call: Mapping[str, Any], leaf: Leaf) -> dict[str, Any]:
        name, args, known = call.get("name"), call.get("args"), call.get("id")
        if not (isinstance(name, str) and isinstance(args, dict) and isinstance(known, str | None)):
            raise UnstorableError("a message with a tool call of another shape cannot be stored")
        data = {"name": self._rigid(name, leaf), "args": leaf(args), "id": self._rigid(known, leaf)}
        extra = {key: value for key, value in call.items() if key not in _CALL}
        return {**data, "extra": leaf(extra)} if extra else data

    def _pack_content(self, content: Any, leaf: Leaf) -> Any:
        if isinstance(content, str):
            return leaf(str.__str__(content))
        return [self._pack_block(block, leaf) for block in content if not is_reasoning(block)]

    def _pack_block(self, block: Any, leaf: Leaf) -> Any:
        if not isinstance(block, dict):
            return leaf(block)
        rigid = STRUCTURAL if _calls_tool(block) else _BUT_NAME
        return {"b": [[leaf(k), self._rigid(v, leaf, k) if k in rigid else leaf(v)] for k, v in block.items()]}

    def _rigid(self, value: Any, leaf: Leaf, key: str = "") -> Any:
        """A value that programs read: a text filled in would name another tool, or nothing at all.

        Of an answer that was just paid for it is filled all the same: it is what the chain says of this very user.
        """
        if value is not None and not isinstance(value, str | int | float):
            raise UnstorableError(f"a message with a {type(value).__qualname__} in its structure cannot be stored")
        if key == "index" and type(value) is int:
            return value  # it counts the blocks, whatever numbers the user has
        data = leaf(value)
        if self._originals is None and isinstance(value, str) and not isinstance(data, str):
            raise Refused("detail in a name or id")
        return data

    def unpack(self, kind: str, data: Any, leaf: Leaf) -> Any:
        """A new message with a new id, another answer or an input; raises `CorruptEntry` for what is none."""
        if kind == "input" and self._inputs is not None and isinstance(data, str):
            return self._inputs.given(data)
        if kind in _OTHERS:
            return _unpack_other(kind, leaf(data))
        cls = _KINDS.get(kind)
        if cls is None or not isinstance(data, dict):
            raise CorruptEntry("not a message")
        fields: dict[str, Any] = {"content": _unpack_content(data.get("content", ""), leaf)}
        if "name" in data and isinstance(name := leaf(data["name"]), str):
            fields["name"] = name
        if cls is ToolMessage:
            known = str(leaf(data.get("tool_call_id")))
            fields["tool_call_id"] = self._new_ids.get(known, known)  # of a call in a message before
            fields.update({key: leaf(data[key]) for key in ("status", "artifact") if key in data})
        if cls is AIMessage:
            self._unpack_ai(fields, data, leaf)
        original = self._original(data)
        if original is not None:
            return _revived(original, {**fields, **_unpack_extra(original, data, leaf)})
        message = cls(id=f"lc_{uuid4()}", **fields)
        if isinstance(message, AIMessage) and any("extra" in call for call in data.get("tool_calls") or ()):
            message.tool_calls = fields["tool_calls"]  # the constructor drops what a call says beside its arguments
        return message

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
            fields["tool_calls"] = [_unpack_call(call, leaf) for call in calls]
            if self._originals is None:
                self._renew_ids(fields)

    def _renew_ids(self, fields: dict[str, Any]) -> None:
        """Ids of calls that no other answer has, the same in their blocks and results; none stays none."""
        for call in fields["tool_calls"]:
            if isinstance(call["id"], str):
                call["id"] = self._new_ids.setdefault(call["id"], f"call_{uuid4().hex}")
        fields["content"] = _with_ids(fields["content"], self._new_ids)

    def _original(self, data: dict[str, Any]) -> BaseMessage | None:
        at = data.get("n")
        return self._originals[at] if self._originals is not None and isinstance(at, int) else None


_OTHERS: dict[str, tuple[type, type, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "parts": (AddableDict, dict, dict, AddableDict),
    "text prompt": (StringPromptValue, str, lambda prompt: prompt.text, lambda text: StringPromptValue(text=text)),
    "chat prompt": (
        ChatPromptValue,
        list,
        lambda prompt: list(prompt.messages),
        lambda messages: ChatPromptValue(messages=messages),
    ),
}
"""LangChain's other answers: what each is, what it holds, and how it is taken apart and made."""


def _pack_other(value: Any, leaf: Leaf) -> tuple[str, Any] | None:
    for kind, (cls, _, apart, _) in _OTHERS.items():
        if type(value) is cls:
            return kind, leaf(apart(value))
    return None


def _unpack_other(kind: str, held: Any) -> Any:
    _, holds, _, make = _OTHERS[kind]
    if not isinstance(held, holds):
        raise CorruptEntry(f"no {kind}")
    return make(held)


def _revived(original: BaseMessage, fields: dict[str, Any]) -> BaseMessage:
    """The paid-for message itself, with the reader's details in its texts."""
    update = {name: fields[name] for name in _REVIVED if name in fields}
    if isinstance(original, AIMessage) and original.tool_calls:
        pairs = zip(original.tool_calls, fields["tool_calls"], strict=True)
        update["tool_calls"] = [{key: filled.get(key, value) for key, value in call.items()} for call, filled in pairs]
    return original.model_copy(update=update)


_REVIVED = ("content", "name", "id", "tool_call_id", "status", "artifact", "additional_kwargs")


def _pack_extra(message: BaseMessage, leaf: Leaf) -> list[Any]:
    """What a message just paid for says beside its content; reasoning that cannot be read is left out."""
    packed: list[Any] = []
    for key, value in _mapping(message.additional_kwargs).items():
        with suppress(*_UNREAD if key in REASONING else ()):
            packed.append([key, leaf(value)])
    return packed


def _unpack_extra(original: BaseMessage, data: dict[str, Any], leaf: Leaf) -> dict[str, Any]:
    """Id and ``additional_kwargs`` of the paid-for message, filled."""
    found: dict[str, Any] = {"id": leaf(data["id"])}
    if not original.additional_kwargs:
        return found
    extra = found["additional_kwargs"] = {}
    for key, value in data["extra"]:
        with suppress(*_UNREAD if key in REASONING else ()):
            extra[key] = leaf(value)
    return found


_UNREAD = (Refused, UnstorableError)


def _beside(message: BaseMessage) -> bool:
    """Whether part of the answer is where only its provider would look."""
    extra = _mapping(message.additional_kwargs)
    return any(extra.get(name) for name in _ANSWERS)


def _is_literal(text: str, leaf: Leaf) -> bool:
    """Whether nothing in a text is of any user."""
    try:
        return bool(leaf(text) == text)
    except Refused:
        return False


def _numbers(used: Any) -> dict[str, Any]:
    """The numbers of a usage and of its details: what else is there is no usage, and may be of the user."""
    found: dict[str, Any] = {}
    for key, value in used.items() if isinstance(used, Mapping) else ():
        if type(value) is int or (type(value) is float and math.isfinite(value)):
            found[key] = value
        elif isinstance(value, Mapping):
            found[key] = _numbers(value)
    return found


def is_reasoning(block: Any) -> bool:
    """Whether a content block is not replayed."""
    kind = block.get("type") if isinstance(block, dict) else None
    return isinstance(kind, str) and kind in _DROPPED_BLOCKS


def _calls_tool(block: dict[Any, Any]) -> bool:
    kind = block.get("type")
    return isinstance(kind, str) and ("tool" in kind or "call" in kind)


def _unpack_content(content: Any, leaf: Leaf) -> Any:
    if not isinstance(content, list):
        return leaf(content)
    return [_unpack_block(block, leaf) for block in content]


def _unpack_block(block: Any, leaf: Leaf) -> Any:
    if not (isinstance(block, dict) and isinstance(block.get("b"), list)):
        return leaf(block)
    # Most of a block is plain text, and every hit comes by here.
    return {
        key if type(key) is str else leaf(key): value if type(value) is str else leaf(value)
        for key, value in block["b"]
    }


def _unpack_call(call: dict[str, Any], leaf: Leaf) -> dict[str, Any]:
    known = {"type": "tool_call", "name": leaf(call["name"]), "args": leaf(call["args"]), "id": leaf(call.get("id"))}
    return {**leaf(call["extra"]), **known} if "extra" in call else known


def _with_ids(content: Any, ids: Mapping[str, str]) -> Any:
    if not isinstance(content, list):
        return content
    return [_renewed(block, ids) if isinstance(block, dict) else block for block in content]


def _renewed(block: dict[str, Any], ids: Mapping[str, str]) -> dict[str, Any]:
    """The block with the new id of its call; OpenAI's Responses have it beside the id of the block itself."""
    new = {key: ids[known] for key in ("id", "call_id") if _known(known := block.get(key), ids)}
    return {**block, **new} if new else block


def _known(found: Any, ids: Mapping[str, str]) -> TypeGuard[str]:
    return isinstance(found, str) and found in ids


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def is_blank(message: BaseMessage) -> bool:
    """Whether a message says nothing: it calls no tool, and holds nothing but blank text and reasoning."""
    blocks = [message.content] if isinstance(message.content, str) else message.content
    return not getattr(message, "tool_calls", None) and not _beside(message) and all(map(_is_blank_block, blocks))


def _is_blank_block(block: Any) -> bool:
    if is_reasoning(block):
        return True
    text = block.get("text") if isinstance(block, dict) and block.get("type") == "text" else block
    return isinstance(text, str) and not text.strip()


def plain_message(value: Any) -> Any:
    """What of a LangChain object belongs in a key: a message without id and usage, a document, a prompt value."""
    if isinstance(value, BaseMessage):
        extra = {k: v for k, v in _mapping(value.additional_kwargs).items() if k not in ("langcache", "refusal")}
        calls = [[call["name"], call["args"], call.get("id")] for call in getattr(value, "tool_calls", ())]
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
