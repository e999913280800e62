"""Tool calls as data and back, and ids for them that no other answer has."""

from collections.abc import Mapping
from typing import Any, TypeGuard
from uuid import uuid4

from langcache.errors import UnstorableError
from langcache.langchain.messages.structure import Leaf

__all__ = ["NewIds", "pack_call", "unpack_call"]

_CALL = frozenset({"name", "args", "id", "type"})
"""The keys of a tool call that LangChain knows."""


def pack_call(call: Mapping[str, Any], leaf: Leaf, fixed: Leaf) -> dict[str, Any]:
    """A tool call as data.

    Args:
        call: as LangChain keeps it.
        leaf: packs what the answer says.
        fixed: packs what programs read.

    Raises:
        UnstorableError: it has another shape than LangChain's.
    """
    name, args, known = call.get("name"), call.get("args"), call.get("id")
    if not (isinstance(name, str) and isinstance(args, dict) and isinstance(known, str | None)):
        raise UnstorableError("a message with a tool call of another shape cannot be stored")
    data = {"name": fixed(name), "args": leaf(args), "id": fixed(known)}
    extra = {key: value for key, value in call.items() if key not in _CALL}
    return {**data, "extra": leaf(extra)} if extra else data


def unpack_call(call: dict[str, Any], leaf: Leaf) -> dict[str, Any]:
    """What `pack_call` packed."""
    known = {"type": "tool_call", "name": leaf(call["name"]), "args": leaf(call["args"]), "id": leaf(call.get("id"))}
    return {**leaf(call["extra"]), **known} if "extra" in call else known


class NewIds:
    """Ids of calls that no other answer has, the same in their blocks and results; none stays none."""

    def __init__(self) -> None:
        self._new: dict[str, str] = {}

    def of_result(self, known: str) -> str:
        """The new id of the call that a tool's message answers: one in a message before, else the one it has."""
        return self._new.get(known, known)

    def renew(self, calls: list[dict[str, Any]], content: Any) -> Any:
        """Give *calls* new ids; the content of their message, with these in its blocks."""
        for call in calls:
            if isinstance(call["id"], str):
                call["id"] = self._new.setdefault(call["id"], f"call_{uuid4().hex}")
        if not isinstance(content, list):
            return content
        return [_renewed(block, self._new) if isinstance(block, dict) else block for block in content]


def _renewed(block: dict[str, Any], ids: Mapping[str, str]) -> dict[str, Any]:
    """The block with the new id of its call; OpenAI's Responses have it beside the id of the block itself."""
    new = {key: ids[known] for key in ("id", "call_id") if _known(known := block.get(key), ids)}
    return {**block, **new} if new else block


def _known(found: Any, ids: Mapping[str, str]) -> TypeGuard[str]:
    return isinstance(found, str) and found in ids
