"""Messages as their readers see them, field by field."""

import re
from typing import Any

from langchain_core.messages import BaseMessage

from langcache import Cache, Profile, Slot

PROFILE = Profile.of(slots={"who": Slot(kind="name")})
FIRST, SECOND = "Zanquora", "Robert"
FRESH = re.compile(r"call_[0-9a-f]{32}\Z")
"""The id of a tool call in a hit."""


def read(message: BaseMessage) -> dict[str, Any]:
    """All that a reader sees of a message, but what is fresh with every hit."""
    calls = [{k: v for k, v in c.items() if k != "type"} for c in getattr(message, "tool_calls", ())]
    if any(FRESH.match(str(call.get("id"))) for call in calls):
        calls = [{**call, "id": "c1"} for call in calls]
    content = message.content
    if isinstance(content, list):
        content = [{**b, "id": "c1"} if isinstance(b, dict) and FRESH.match(str(b.get("id"))) else b for b in content]
    return {
        "content": content,
        "name": message.name,
        "calls": [{**call, "id": call.get("id")} for call in calls],
        "kwargs": message.additional_kwargs or {},
        "tool_call_id": getattr(message, "tool_call_id", None),
        "artifact": getattr(message, "artifact", None),
    }


def at_rest(cache: Cache) -> bytes:
    now = cache.clock.now()
    rows = list(cache.store.scan(cache.namespace, now=now))
    records = [cache.store.get(cache.namespace, row.key, now=now) for row in rows]
    return b"".join(record.value for record in records if record is not None)
