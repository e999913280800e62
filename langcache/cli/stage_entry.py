"""One entry of a stage pipeline, for ``langcache show --pipeline``."""

import json
from typing import Any

from langcache.cli import formats
from langcache.cli.output import Column, Report, Section, figures
from langcache.cli.readable import require_readable
from langcache.cli.trouble import WRONGLY_CALLED, Trouble
from langcache.runtime.cache import Cache
from langcache.runtime.inspection.leaves import leaves_of
from langcache.runtime.steps import drive
from langcache.stages import Pipeline
from langcache.stages.entries import Entry, Metadata
from langcache.stages.vault import namespace_of

__all__ = ["stage_report"]

CANDIDATES = 5


def stage_report(cache: Cache, pipeline: str, prefix: str) -> Report:
    """The entry of *pipeline* whose key begins with *prefix*, with what it was made from and what was made from it.

    Raises:
        Trouble: no entry's key begins so, or several do.
        EncryptedEntry: the pipeline is encrypted, and no key was given.
    """
    require_readable(cache.namespaced(namespace_of(cache.namespace, pipeline)), pipeline)
    archive = Pipeline(pipeline, cache=cache)
    rows = archive.vault().rows(["entry"]).run()
    key = _resolved([row.key.removeprefix("entry/") for row in rows], pipeline, prefix)
    entry: Entry | None = drive(archive.vault().entry(key))
    if entry is None:
        raise Trouble(f"the entry {key} is corrupt, and has been set aside")
    dependents = [fallen.cache_key for fallen in archive.invalidate(key, dry_run=True) if fallen.cache_key != key]
    return _report(entry, dependents)


def _resolved(keys: list[str], pipeline: str, prefix: str) -> str:
    found = [key for key in keys if key == prefix] or sorted(key for key in keys if key.startswith(prefix))
    if len(found) == 1:
        return found[0]
    if not found:
        raise Trouble(f"no entry of the pipeline {pipeline!r} has a key that begins with {prefix!r}", WRONGLY_CALLED)
    more = " and more" if len(found) > CANDIDATES else ""
    raise Trouble(f"several keys begin with {prefix!r}: {', '.join(found[:CANDIDATES])}{more}", WRONGLY_CALLED)


def _report(entry: Entry, dependents: list[str]) -> Report:
    about, lineage = entry.metadata, entry.lineage
    leaves = [(leaf.path or "output", "".join(map(str, leaf.segments))) for leaf in leaves_of(_data(entry))]
    data = {
        **{name: getattr(about, name) for name in Metadata.__slots__},
        "stage": entry.stage,
        "cost_usd": lineage.cost_usd,
        "seconds": lineage.seconds,
        "problems": lineage.problems,
        "dependents": dependents,
        "output": [{"path": path, "text": text} for path, text in leaves],
    }
    columns = [Column("where"), Column("text")]
    output = Section(columns, [{"where": path, "text": text} for path, text in leaves], "Output")
    return Report(data, [figures(_about(entry, dependents)), output])


def _data(entry: Entry) -> Any:
    return json.loads(entry.output.data)


def _about(entry: Entry, dependents: list[str]) -> list[tuple[str, Any]]:
    about, lineage = entry.metadata, entry.lineage
    return [
        ("key", about.cache_key),
        ("stage", entry.stage),
        ("session", about.session_id),
        ("agent version", about.agent_version),
        ("prompt", about.prompt_hash),
        ("tags", ", ".join(about.tags) or None),
        ("validation", about.validation_status),
        ("problems", "; ".join(lineage.problems) or None),
        ("made", formats.moment(about.created_at)),
        ("took", formats.seconds(lineage.seconds)),
        ("expires", "never" if about.expiry_time is None else formats.moment(about.expiry_time)),
        ("size", formats.size(about.size_bytes)),
        ("cost", formats.money(lineage.cost_usd)),
        ("made from", "\n".join(about.dependencies) or None),
        ("dependents", "\n".join(dependents) or None),
    ]
