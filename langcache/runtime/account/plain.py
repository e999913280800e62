"""Accounts as JSON-able data."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any

__all__ = ["Plain", "plain"]


def plain(value: Any) -> Any:
    """*value* as JSON can hold it: money as text, exact to the digit; dataclasses as objects, tuples as lists."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


class Plain:
    """What can be written as JSON."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able data; money as text, exact to the digit."""
        found: dict[str, Any] = plain(self)
        return found
