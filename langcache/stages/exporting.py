"""A pipeline's entries as a tree of readable files, and back again after checking each.

::

    metadata/cache_index.json        every entry: where its output is, its metadata and lineage; a checksum
    <stage>/<stage>.json             the output, and its files in <stage>_files/
    <stage>/metadata.json            and validation_report.json, of all stages in the folder
    phases/phase_1/<stage>.json      an instance of phase-{id}-<stage>
    analytics/cost_reports.json      what each stage cost, took and saved
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

from langcache.core.classes import Classes
from langcache.core.encoding import digest
from langcache.errors import CorruptEntry
from langcache.stages.entries import Entry
from langcache.stages.files import Content, Files, checked_path, write_files
from langcache.stages.graph import Graph
from langcache.stages.keys import FORMAT, cache_key
from langcache.stages.layout import Spot, spot_of

__all__ = ["read_export", "write_export"]

INDEX = "metadata/cache_index.json"
Spots = list[tuple[Entry, Spot]]
OWN = frozenset({"cache_index.json", "cost_reports.json", "metadata.json", "validation_report.json"})


def write_export(folder: Path, pipeline: str, graph: Graph, entries: Iterable[Entry]) -> list[Path]:
    """Write *entries* below *folder*; the paths written.

    Raises:
        UnstorableError: a symbolic link in the folder leads out of it.
        OSError: it cannot be written.
    """
    spots = _spots(newest(entries), graph)
    tree = _tree(pipeline, spots)
    text = {path: json.dumps(data, indent=2, ensure_ascii=False) + "\n" for path, data in tree.items()}
    return write_files(folder, {**text, **_files(spots)})


def read_export(folder: Path, pipeline: str, classes: Classes) -> list[Entry]:
    """The entries of an export, each checked against its index, and every other file against them.

    Raises:
        CorruptEntry: something in it is not what was written; nothing of it should be used.
        OSError: it cannot be read.
    """
    index = _json(folder / INDEX)
    try:
        checksum = index.pop("checksum")
        if checksum != _checksum(index) or index["format"] != FORMAT or index["pipeline"] != pipeline:
            raise CorruptEntry("the index of the export is not one of this pipeline, or was changed")
        spots = [(_entry(folder, row, classes), Spot.of(PurePosixPath(row["path"]))) for row in index["entries"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise CorruptEntry(f"the index of the export is incomplete ({type(error).__name__})") from None
    _check_unchanged(folder, _tree(pipeline, spots), _files(spots))
    return [entry for entry, _ in spots]


def newest(entries: Iterable[Entry]) -> list[Entry]:
    """The newest entry of each instance, in the order given."""
    found: dict[str, Entry] = {}
    for entry in entries:
        known = found.get(entry.stage)
        if known is None or known.metadata.created_at <= entry.metadata.created_at:
            found[entry.stage] = entry
    return list(found.values())


def _spots(entries: list[Entry], graph: Graph) -> Spots:
    """A place for each, none of which is another's or one of our own files'."""
    spots: Spots = []
    taken: set[str] = set()
    for entry in entries:
        spot = spot_of(entry.stage, graph.family_of(entry.stage))
        if str(spot.output).lower() in taken or spot.output.name.lower() in OWN:
            spot = Spot(spot.folder, f"{spot.name}-{digest(entry.stage.encode())[:8]}")
        taken.add(str(spot.output).lower())
        spots.append((entry, spot))
    return spots


def _tree(pipeline: str, spots: Spots) -> dict[str, Any]:
    """Every file that we say something in, as JSON data."""
    tree: dict[str, Any] = {str(spot.output): json.loads(entry.output.data) for entry, spot in spots}
    for entry, spot in spots:
        tree.setdefault(str(spot.folder / "metadata.json"), {})[entry.stage] = asdict(entry.metadata)
        report = {"status": entry.metadata.validation_status, "problems": list(entry.lineage.problems)}
        tree.setdefault(str(spot.folder / "validation_report.json"), {})[entry.stage] = report
    tree["analytics/cost_reports.json"] = _costs([entry for entry, _ in spots])
    tree[INDEX] = _index(pipeline, spots)
    return tree


def _check_unchanged(folder: Path, tree: Mapping[str, Any], files: Mapping[str, Content]) -> None:
    for path, data in tree.items():
        if _json(folder / path) != json.loads(json.dumps(data)):
            raise CorruptEntry(f"{path} was changed")
    for path, content in files.items():
        if (folder / path).read_bytes() != (content.encode() if isinstance(content, str) else content):
            raise CorruptEntry(f"{path} was changed; what a stage made is changed by running it")


def _index(pipeline: str, spots: Spots) -> dict[str, Any]:
    rows = []
    for entry, spot in spots:
        head = entry.to_bytes().partition(b"\n")[0]
        rows.append({"path": str(spot.output), "head": json.loads(head)})
    index = {"format": FORMAT, "pipeline": pipeline, "entries": rows}
    return {**index, "checksum": _checksum(index)}


def _checksum(index: Mapping[str, Any]) -> str:
    return digest(json.dumps(index, sort_keys=True).encode())


def _entry(folder: Path, row: Mapping[str, Any], classes: Classes) -> Entry:
    output = _json(folder / checked_path(row["path"]))
    head = json.dumps(row["head"], separators=(",", ":")).encode()
    body = json.dumps(output, ensure_ascii=True, separators=(",", ":")).encode()
    try:
        entry = Entry.from_bytes(head + b"\n" + body, classes)
    except CorruptEntry as error:
        raise CorruptEntry(f"{row['path']}: {error}") from None
    reads = dict(entry.lineage.reads)
    if entry.cache_key != cache_key(entry.stage, entry.lineage.base, tuple(reads), reads.__getitem__):
        raise CorruptEntry(f"{row['path']}: its key is not that of what it says it read")
    return entry


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise CorruptEntry(f"{path} is no JSON") from None


def _costs(entries: Iterable[Entry]) -> dict[str, Any]:
    stages, total, saved = {}, Decimal(0), Decimal(0)
    for entry in entries:
        cost, count = entry.lineage.cost_usd, entry.metadata.access_count
        total, saved = total + (cost or 0), saved + (cost or 0) * count
        stages[entry.stage] = {
            "cost_usd": None if cost is None else str(cost),
            "seconds": entry.lineage.seconds,
            "access_count": count,
        }
    return {"cost_usd": str(total), "saved_usd": str(saved), "stages": stages}


def _files(spots: Spots) -> dict[str, Content]:
    """The files that stages made."""
    return {
        str(spot.folder / f"{spot.name}_files" / path): content
        for entry, spot in spots
        if entry.metadata.file_count
        for path, content in _files_in(entry.output.value()).items()
    }


def _files_in(value: Any) -> Files:
    found = value.get("files") if isinstance(value, dict) and not isinstance(value, Files) else value
    return found if isinstance(found, Files) else Files()
