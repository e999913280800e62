"""The content of a message as data and back: a text, or blocks of which some keys are structure."""

from typing import Any

from langcache.langchain.messages.structure import STRUCTURAL, Leaf

__all__ = ["is_media", "is_reasoning", "pack_content", "unpack_content", "without_reasoning"]

_DROPPED_BLOCKS = frozenset({"reasoning", "thinking", "redacted_thinking", "reasoning_content"})
"""A signature would no longer match a filled text, so reasoning is not replayed."""

_MEDIA = frozenset(
    """
    image image_url image_file input_image audio input_audio video video_url file input_file document media
    """.split()  # noqa: SIM905 -- a list of words is read better than a list of strings
)

_BUT_NAME = STRUCTURAL - {"name"}
"""Those of a block that calls no tool: its name is that of a file."""


def is_reasoning(block: Any) -> bool:
    """Whether a content block is not replayed."""
    kind = block.get("type") if isinstance(block, dict) else None
    return isinstance(kind, str) and kind in _DROPPED_BLOCKS


def without_reasoning(content: Any) -> Any:
    """A message's content without the blocks that are not replayed; itself if there are none."""
    if isinstance(content, str) or not any(map(is_reasoning, content)):
        return content
    return [block for block in content if not is_reasoning(block)]


def is_media(block: Any) -> bool:
    """Whether a content block is a picture, a recording or a file: what stands in it is fetched or decoded."""
    kind = block.get("type") if isinstance(block, dict) else None
    if not isinstance(kind, str) or kind not in _MEDIA:
        return False
    source = block.get("source")
    return not (isinstance(source, dict) and source.get("type") in ("text", "content"))


def pack_content(content: Any, leaf: Leaf, fixed: Leaf) -> Any:
    """A message's content as data.

    Args:
        content: a text, or a list of texts and blocks.
        leaf: packs what the answer says.
        fixed: packs what programs read.
    """
    if isinstance(content, str):
        return leaf(str.__str__(content))
    return [_pack_block(block, leaf, fixed) for block in content]


def _pack_block(block: Any, leaf: Leaf, fixed: Leaf) -> Any:
    if not isinstance(block, dict):
        return leaf(block)
    rigid = STRUCTURAL if _calls_tool(block) else _BUT_NAME
    return {"b": [[leaf(k), _pack_rigid(k, v, fixed) if k in rigid else leaf(v)] for k, v in block.items()]}


def _pack_rigid(key: str, value: Any, fixed: Leaf) -> Any:
    # An index counts the blocks, whatever numbers the user has.
    return value if key == "index" and type(value) is int else fixed(value)


def _calls_tool(block: dict[Any, Any]) -> bool:
    kind = block.get("type")
    return isinstance(kind, str) and ("tool" in kind or "call" in kind)


def unpack_content(content: Any, leaf: Leaf) -> Any:
    """What `pack_content` packed."""
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
