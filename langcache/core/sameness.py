"""Whether two stored answers are the same one: a digest of what they say, and not of how they came about."""

import json
from hashlib import blake2b
from typing import Any, Final

__all__ = ["template_digest"]

INCIDENTAL: Final = frozenset({"id", "index", "metadata", "n", "tool_call_id", "usage"})
"""What two calls with one answer differ in, inside a message."""

_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def template_digest(body: Any) -> str:
    """A digest of a packed answer (`langcache.core.packing`); equal for messages that say the same."""
    return blake2b(_ENCODER.encode(_said(body, False)).encode(), digest_size=16).hexdigest()


def _said(item: Any, in_message: bool) -> Any:
    if isinstance(item, list):
        return [_said(part, in_message) for part in item]
    if isinstance(item, dict):
        in_message = in_message or "$x" in item
        return {name: _said(part, in_message) for name, part in item.items() if not (in_message and name in INCIDENTAL)}
    return item
