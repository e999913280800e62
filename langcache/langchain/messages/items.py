"""Ids that OpenAI's Responses give the items of an answer, beside those of its calls."""

import re
from typing import Any

from langcache.langchain.messages.content import is_reasoning

__all__ = ["without_item_id", "without_item_ids"]

_ITEM = re.compile(r"(?:msg|fc|ctc)_")
_SAID_IN_FULL = ("text", "output_text", "refusal", "function_call", "custom_tool_call")
"""Kinds of blocks that go back whole. Others, such as an image or a reference, go back by their id alone."""


def without_item_ids(content: Any) -> Any:
    """A message's content without the ids of its items, unless the reasoning they came of is there.

    OpenAI knows an item by its id, and refuses one that comes back without its reasoning; LangChain sends all that
    has one id as one message. Without ids items are taken as they are.
    """
    if not isinstance(content, list) or any(map(is_reasoning, content)):
        return content
    return [without_item_id(block) for block in content]


def without_item_id(block: Any) -> Any:
    """A content block without the id of its item."""
    if not isinstance(block, dict):
        return block
    if block.get("type") in _SAID_IN_FULL and _is_item(block.get("id")):
        return {key: value for key, value in block.items() if key != "id"}
    extras = block.get("extras")  # where ``output_version="v1"`` keeps it
    if not (isinstance(extras, dict) and _is_item(extras.get("item_id"))):
        return block
    rest = {key: value for key, value in extras.items() if key != "item_id"}
    bare = {key: value for key, value in block.items() if key != "extras"}
    return {**bare, "extras": rest} if rest else bare


def _is_item(found: Any) -> bool:
    return isinstance(found, str) and _ITEM.match(found) is not None
