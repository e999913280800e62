"""What the stand-in says: the test's reply, fitted to what the request asks for, or one made up from it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from langcache.testing.provider.script import Reply, ReplySource, Request, ToolCall
from langcache.testing.provider.wire import Ask, compact

__all__ = ["reply_to", "sample"]


def reply_to(source: ReplySource | None, ask: Ask, request: Request) -> Reply:
    """The reply for one request.

    A :class:`Reply` is taken as it is. A string that is a JSON object answers a forced tool call as its
    arguments, so one string serves every method of ``with_structured_output``. Without a source the reply
    echoes the last user message: as text, or spread over the fields of the JSON schema that was asked for.
    """
    said = source(request) if callable(source) else source
    if isinstance(said, Reply):
        return said
    reply = Reply(_made_up(ask) if said is None else said)
    arguments = _json_object(reply.text) if ask.forced_tool else None
    if ask.forced_tool is None or arguments is None:
        return reply
    return replace(reply, text="", tool_calls=(ToolCall(ask.forced_tool[0], arguments),))


def _made_up(ask: Ask) -> str:
    echo = f"echo: {ask.last_user_text}"
    schema = ask.forced_tool[1] if ask.forced_tool else ask.schema
    if schema is not None:
        return compact(sample(schema, echo))
    return compact({"echo": ask.last_user_text}) if ask.json_mode else echo


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        data = json.loads(text)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def sample(schema: Mapping[str, Any], text: str) -> Any:
    """A value that follows *schema*, with *text* in its free strings.

    Understands what pydantic writes: ``$ref``, ``anyOf``, ``enum``, ``const``, objects, arrays, scalars. A
    recursive schema ends where it may be ``null`` or an empty list.
    """
    return _Sampler(schema, text).value(schema, depth=0)


_DEEP = 6


@dataclass(frozen=True, slots=True)
class _Sampler:
    root: Mapping[str, Any]
    text: str

    def value(self, schema: Mapping[str, Any], depth: int) -> Any:
        if "$ref" in schema:
            return self.value(self.root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], depth + 1)
        if "const" in schema or "enum" in schema:
            return schema["const"] if "const" in schema else schema["enum"][0]
        options = [*schema.get("anyOf", ()), *schema.get("allOf", ())]
        if options:
            may_end = {"type": "null"} in options and depth > _DEEP
            return None if may_end else self.value(options[0], depth + 1)
        return self._typed(schema, depth + 1)

    def _typed(self, schema: Mapping[str, Any], depth: int) -> Any:
        match schema.get("type"):
            case "object":
                fields = schema.get("properties", {})
                return {name: self.value(field, depth) for name, field in fields.items()}
            case "array":
                items = schema.get("items", {"type": "string"})
                count = schema.get("minItems", 0 if depth > _DEEP else 1)
                return [self.value(items, depth) for _ in range(count)]
            case "integer" | "number":
                return schema.get("minimum", 1)
            case "boolean":
                return True
            case "null":
                return None
            case _:
                return self.text
