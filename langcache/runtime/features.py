"""The features an entry was made for, and whether they are the ones somebody typed."""

import json
from collections.abc import Mapping
from typing import Any

from langcache.core.normalise import folded

__all__ = ["FEATURE", "features_of", "is_typed", "typed"]

FEATURE = "feature "
"""Begins the names of the parts of a key that are features."""


def features_of(about: Mapping[str, Any]) -> dict[str, Any]:
    """Feature name to normalised value, from an entry's readable half (`langcache.core.entry.Entry.about`)."""
    parts = about.get("parts")
    named = parts.items() if isinstance(parts, dict) else ()
    return {name.removeprefix(FEATURE): value for name, value in named if name.startswith(FEATURE)}


def is_typed(asked: Any, stored: Any) -> bool:
    """Whether *asked*, as typed by a person, means the *stored* normalised value.

    Case and spaces do not count, a hyphen may stand for the dash of a bucket, and a list is written ``a, b`` or as
    JSON.
    """
    return _plain(typed(asked)) in {_plain(typed(stored)), _plain(_json(stored))}


def typed(stored: Any) -> str:
    """A normalised value as a person types it."""
    if stored is None:
        return "none"
    if isinstance(stored, list):
        return ", ".join(map(typed, stored))
    return str(stored) if isinstance(stored, str) else _json(stored)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _plain(text: str) -> str:
    return folded(text).replace("–", "-").replace(" ", "")
