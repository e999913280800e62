"""What is wrong with a pipeline's entries, and its repair."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from langcache.errors import CorruptEntry
from langcache.runtime.steps import Flow
from langcache.stages.entries import Entry, format_of
from langcache.stages.graph import Graph
from langcache.stages.invalidation import Fallen, cascade, values_of_label
from langcache.stages.keys import FORMAT, cache_key, entry_place
from langcache.stages.vault import Vault
from langcache.storage.base import Record, Row, is_expired
from langcache.storage.codec import open_sealed

__all__ = ["Checkup", "Finding", "Health"]

Kind = Literal["corrupt", "schema version", "contradictory", "dangling", "expired", "agent version"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with one entry.

    Attributes:
        kind: corrupt (fails its checksum), schema version (of another format), contradictory (key, labels or
            dependencies say different things), dangling (what it was made from is gone), expired, or agent version
            (its stage now declares another).
        cache_key: the entry's.
        detail: in words.
        action: what a repair did.
    """

    kind: Kind
    cache_key: str
    detail: str
    action: Literal["none", "removed", "quarantined"] = "none"


@dataclass(frozen=True, slots=True)
class Health:
    """The result of a check.

    Attributes:
        checked: entries looked at.
        findings: what is wrong.
        fell: entries a repair removed because they were made from one of these.
    """

    checked: int
    findings: list[Finding] = field(default_factory=list)
    fell: list[Fallen] = field(default_factory=list)

    @property
    def healthy(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


@dataclass(slots=True)
class Checkup:
    """One check.

    Attributes:
        vault: where entries are.
        graph: what is declared.
    """

    vault: Vault
    graph: Graph

    def check(self, *, repair: bool) -> Flow[Health]:
        """Look at every entry; with *repair*, remove or quarantine what is wrong, and all that was made from it.

        Raises:
            StoreError: the store does not answer.
        """
        rows: list[Row] = yield self.vault.rows(["entry"])
        entries, records, findings = {}, {}, []
        for row in rows:
            record = yield self.vault.call("get", self.vault.namespace, row.key, now=self.vault.now())
            if record is None:
                continue
            records[row.key] = record
            entry, found = self._read(row, record)
            findings += found
            if entry is not None:
                entries[_key(row)] = entry
        made = {made for row in rows for made in values_of_label(row, "made")}
        for key, entry in entries.items():
            findings += self._compare(key, entry, entries, made)
        if not repair:
            return Health(len(records), findings)
        return (yield from self._repaired(rows, records, findings))

    def _read(self, row: Row, record: Record) -> tuple[Entry | None, list[Finding]]:
        key = _key(row)
        try:
            data = open_sealed(row.key, record.value)
            if format_of(data) != FORMAT:
                return None, [Finding("schema version", key, f"its format is not {FORMAT}, this version's")]
            return Entry.from_bytes(data, self.vault.classes), []
        except CorruptEntry as error:
            return None, [Finding("corrupt", key, str(error))]

    def _compare(self, key: str, entry: Entry, entries: Mapping[str, Entry], made: set[str]) -> Iterator[Finding]:
        contradiction = _contradiction(key, entry, entries)
        if contradiction is not None:
            yield Finding("contradictory", key, contradiction)
        for need in sorted(entry.lineage.needed() - made):
            yield Finding("dangling", key, f"it was made from an output of {_name(need)} that is gone")
        if is_expired(entry.metadata.expiry_time, self.vault.now()):
            yield Finding("expired", key, "its lifetime is over")
        stage = self.graph.stages.get(entry.lineage.family)
        if stage is not None and stage.agent_version != entry.metadata.agent_version:
            detail = f"made by {entry.metadata.agent_version}, its stage declares {stage.agent_version}"
            yield Finding("agent version", key, detail)

    def _repaired(self, rows: list[Row], records: Mapping[str, Record], findings: list[Finding]) -> Flow[Health]:
        named = {finding.cache_key for finding in findings}
        rank = {name: place for place, name in enumerate(self.graph.order)}
        fell = cascade(rows, lambda row: _key(row) in named, rank)
        corrupt = {entry_place(finding.cache_key) for finding in findings if finding.kind == "corrupt"}
        for place in sorted(corrupt):
            yield from self.vault.set_aside(place, records[place])
        places = [entry_place(fallen.cache_key) for fallen in reversed(fell)]
        yield from self.vault.remove([place for place in places if place not in corrupt])
        done = [
            Finding(f.kind, f.cache_key, f.detail, "quarantined" if entry_place(f.cache_key) in corrupt else "removed")
            for f in findings
        ]
        return Health(len(records), done, [fallen for fallen in fell if fallen.cache_key not in named])


def _contradiction(key: str, entry: Entry, entries: Mapping[str, Entry]) -> str | None:
    lineage = entry.lineage
    reads = dict(lineage.reads)
    if key != entry.cache_key or key != cache_key(lineage.stage, lineage.base, tuple(reads), reads.__getitem__):
        return "its key is not that of what it says it read"
    by_stage = {entries[dep].stage: entries[dep] for dep in entry.metadata.dependencies if dep in entries}
    for name, output_hash in lineage.needs.items():
        dependency = by_stage.get(name)
        if dependency is not None and dependency.lineage.output_hash != output_hash:
            return f"the entry of {name} it depends on now holds another output"
    return None


def _name(need: str) -> str:
    return max(need.rpartition("@")[0], need.rpartition("#")[0], key=len)


def _key(row: Row) -> str:
    return row.key.removeprefix("entry/")
