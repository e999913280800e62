"""What a destructive command removes, or would: one walk that counts, and with a confirmation removes."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Unpack

from langcache.cli import formats
from langcache.cli.output import Column, Report, Section
from langcache.cli.trouble import DONE, WRONGLY_CALLED
from langcache.runtime.cache import Cache
from langcache.runtime.inspection import EntryRow, list_entries
from langcache.runtime.removal import Advance
from langcache.runtime.selection import Conditions
from langcache.storage.base import PAGE_ROWS

__all__ = ["Going", "gone"]

COLUMNS = [
    Column("chain"),
    Column("prompt_version"),
    Column("entries", show=formats.count, right=True, folds=False),
    Column("size_bytes", "size", formats.size, right=True, folds=False),
    Column("oldest_at", "oldest", formats.day, folds=False),
    Column("newest_at", "newest", formats.day, folds=False),
]


@dataclass(slots=True)
class Group:
    """Entries of one chain and prompt version."""

    entries: int = 0
    size_bytes: int = 0
    oldest_at: float = float("inf")
    newest_at: float = 0.0

    def add(self, row: EntryRow) -> None:
        """One more."""
        self.entries += 1
        self.size_bytes += row.size_bytes
        self.oldest_at = min(self.oldest_at, row.created_at)
        self.newest_at = max(self.newest_at, row.created_at)


@dataclass(slots=True)
class Going:
    """The entries a command names.

    Attributes:
        cache: whose.
        remove: whether they are removed; whole pages at a time, so that stopping half-way leaves the rest untouched.
    """

    cache: Cache
    remove: bool
    entries: int = 0
    groups: dict[tuple[str, str], Group] = field(default_factory=lambda: defaultdict(Group))

    def go(self, advance: Advance, **conditions: Unpack[Conditions]) -> None:
        """Count what meets *conditions*, and remove it if asked to."""
        page: list[EntryRow] = []
        for row in list_entries(self.cache, advance=advance, **conditions):
            page.append(row)
            if len(page) == PAGE_ROWS:
                self._settle(page)
                page = []
        self._settle(page)

    def _settle(self, page: list[EntryRow]) -> None:
        fell = self.cache.store.delete(self.cache.namespace, [row.key for row in page]) if self.remove else len(page)
        self.entries += fell
        for row in page:
            self.groups[row.chain, row.prompt_version].add(row)

    def rows(self) -> list[dict[str, Any]]:
        """By chain and prompt version."""
        return [
            {"chain": chain, "prompt_version": version, **{name: getattr(group, name) for name in Group.__slots__}}
            for (chain, version), group in sorted(self.groups.items())
        ]


def gone(going: Going) -> Report:
    """What was removed; or what would be, with the status of a missing confirmation."""
    section = Section(COLUMNS, going.rows(), empty="No entry is named.")
    number = f"{formats.count(going.entries)} {'entry' if going.entries == 1 else 'entries'}"
    data = {"removed": going.remove, "entries": going.entries, "groups": going.rows()}
    if going.remove:
        return Report(data, [section], section, [f"Removed {number}."], DONE)
    if not going.entries:
        return Report(data, [section], section, status=DONE)
    return Report(data, [section], section, [f"Would remove {number}; do it with --confirm."], WRONGLY_CALLED)
