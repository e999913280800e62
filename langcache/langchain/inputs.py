"""What a chain is invoked with, as values by name: a mapping, a pydantic model or a dataclass."""

import copy
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import BaseModel

from langcache.langchain.messages.plain import plain_message

__all__ = ["named", "with_values"]


def named(inputs: Any) -> Mapping[str, Any] | None:
    """The values by name; None of an input without names, such as a text or a message."""
    if type(inputs) is dict or isinstance(inputs, Mapping):  # asking an ABC costs a hit more
        return inputs if all(type(name) is str for name in inputs) else None
    if isinstance(inputs, type) or plain_message(inputs) is not NotImplemented:
        return None
    if isinstance(inputs, BaseModel):
        return {**{name: getattr(inputs, name) for name in type(inputs).model_fields}, **(inputs.model_extra or {})}
    if is_dataclass(inputs):
        return {field.name: getattr(inputs, field.name) for field in fields(inputs)}
    return None


def with_values(inputs: Any, values: Mapping[str, Any]) -> Any:
    """An input like *inputs* that holds *values*.

    The order of the caller's mapping may differ between users of one key, so it is not kept.
    """
    if isinstance(inputs, BaseModel):
        return inputs.model_copy(update=dict(values))
    if is_dataclass(inputs):
        twin: Any = copy.copy(inputs)
        for field in fields(inputs):
            object.__setattr__(twin, field.name, values[field.name])  # also where it is frozen
        return twin
    ordered = {name: values[name] for name in sorted(values)}
    if type(inputs) is dict or not isinstance(inputs, dict):
        return ordered
    twin = copy.copy(inputs)  # such as a defaultdict
    twin.clear()
    twin.update(ordered)
    return twin
