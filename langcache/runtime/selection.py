"""Which entries an invalidation or a listing names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypedDict

from langcache.core.entry import Entry
from langcache.errors import DeclarationError
from langcache.runtime.features import features_of, is_typed
from langcache.storage.base import Row

__all__ = ["Conditions", "Selection", "select"]


class Conditions(TypedDict, total=False):
    """What entries may be named by; an entry must meet every one that is given."""

    key: str | None
    chain: str | None
    prompt_version: str | None
    generation_type: str | None
    tags: str | Iterable[str]
    older_than: timedelta | float | None
    features: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Selection:
    """Entries that carry every one of *labels*, have the *key* if one is given, were made before *made_before*, and
    were made for every one of *features*."""

    key: str | None
    labels: frozenset[str]
    made_before: float | None
    features: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_everything(self) -> bool:
        """Whether nothing is asked of an entry."""
        return self.key is None and not self.labels and self.made_before is None and not self.features

    @property
    def is_one_key(self) -> bool:
        """Whether nothing needs to be searched."""
        return self.key is not None and not self.labels and self.made_before is None and not self.features

    def names(self, row: Row) -> bool:
        """Whether *row*, which carries the labels, is meant, as far as a row can say."""
        return (self.key is None or row.key == self.key) and (
            self.made_before is None or row.created_at < self.made_before
        )

    def means(self, entry: Entry | None) -> bool:
        """Whether an entry whose row is named was made for the features; None, one that cannot be read, was not."""
        if not self.features:
            return True
        made_for = {} if entry is None else features_of(entry.about)
        return all(name in made_for and is_typed(value, made_for[name]) for name, value in self.features.items())


def select(
    now: float,
    *,
    key: str | None = None,
    chain: str | None = None,
    prompt_version: str | None = None,
    generation_type: str | None = None,
    tags: str | Iterable[str] = (),
    older_than: timedelta | float | None = None,
    features: Mapping[str, Any] | None = None,
) -> Selection:
    """Turn the public arguments into a selection; *now* is what an age counts from.

    Raises:
        DeclarationError: the age is negative, which would name every entry, or no number.
    """
    tags = filter(None, (tags,) if isinstance(tags, str) else tags)
    named = {"chain": chain, "prompt": prompt_version, "type": generation_type}
    labels = {f"{kind}:{value}" for kind, value in named.items() if value is not None}
    labels |= {f"tag:{tag}" for tag in tags}
    age_s = older_than.total_seconds() if isinstance(older_than, timedelta) else older_than
    if age_s is not None and not (isinstance(age_s, int | float) and age_s >= 0):
        raise DeclarationError(f"older_than is an age, as timedelta or seconds; {age_s!r} is none")
    return Selection(key, frozenset(labels), None if age_s is None else now - age_s, dict(features or {}))
