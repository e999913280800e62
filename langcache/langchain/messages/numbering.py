"""Messages without what is new with every answer and says nothing: ids of tool calls and of items."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from langcache.langchain.messages.items import without_item_ids

__all__ = ["renumbered", "renumbered_inputs"]

_CALL_IDS = frozenset({"id", "tool_use_id", "call_id"})
"""Where content blocks have the id of a call: Anthropic's calls and results, OpenAI's Responses."""


def renumbered(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """The messages with their tool calls numbered in order, their items without ids: all are new with every answer."""
    ids = _numbers(messages)
    return [_with_ids(message, ids) for message in messages]


def renumbered_inputs(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A chain's inputs with the messages in them `renumbered`; a call and its result may stand in two of them."""
    told = {name: value for name, value in inputs.items() if type(value) in (list, tuple)}
    ids = _numbers(each for name in sorted(told, key=str) for each in told[name])
    return {**inputs, **{name: type(value)(_with_ids(each, ids) for each in value) for name, value in told.items()}}


def _numbers(messages: Iterable[Any]) -> dict[str, str]:
    ids: dict[str, str] = {}
    for message in messages:
        for call in message.tool_calls if isinstance(message, AIMessage) else ():
            if call["id"]:
                ids.setdefault(call["id"], f"call_{len(ids)}")
    return ids


def _with_ids(message: Any, ids: Mapping[str, str]) -> Any:
    if not isinstance(message, BaseMessage):
        return message
    update: dict[str, Any] = {}
    if isinstance(message, AIMessage) and message.tool_calls:
        update["tool_calls"] = [{**call, "id": ids.get(call["id"] or "", call["id"])} for call in message.tool_calls]
    if isinstance(message, ToolMessage):
        update["tool_call_id"] = ids.get(message.tool_call_id, message.tool_call_id)
    if isinstance(message.content, list):
        content = message.content
        if isinstance(message, AIMessage):  # as which item, and where, a block came says nothing
            content = [_without_index(block) for block in without_item_ids(content)]
        update["content"] = [_block(block, ids) for block in content]
    return message.model_copy(update=update) if update else message


def _without_index(block: Any) -> Any:
    return {key: value for key, value in block.items() if key != "index"} if isinstance(block, dict) else block


def _block(block: Any, ids: Mapping[str, str]) -> Any:
    if not isinstance(block, dict):
        return block
    return {k: ids.get(v, v) if k in _CALL_IDS and isinstance(v, str) else v for k, v in block.items()}
