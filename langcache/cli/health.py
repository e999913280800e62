"""``langcache health``."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from langcache.cli import formats
from langcache.cli.application import load_application
from langcache.cli.command import Session, command
from langcache.cli.output import Column, Report, Section, figures
from langcache.cli.trouble import FAILED
from langcache.core.naming import is_name
from langcache.runtime.cache import Cache
from langcache.runtime.inspection import Checkup, check_entries, is_encrypted
from langcache.runtime.steps import drive
from langcache.stages import Pipeline
from langcache.stages.graph import Graph
from langcache.stages.health import Checkup as StageCheckup, Health
from langcache.stages.vault import namespace_of
from langcache.storage.registry import DISTRIBUTION

__all__ = ["health"]

COLUMNS = [
    Column("where"),
    Column("kind", is_status=True),
    Column("key", show=formats.short_key, folds=False),
    Column("detail"),
    Column("action", is_status=True, folds=False),
]
SHOWN = 20
DAYS = 30
BENIGN = frozenset({"expired", "agent version"})
"""What time and an edited declaration do to a stage's entries; nobody is served them."""


@command("langcache health", "langcache health --repair --pipeline build_app")
def health(
    session: Session,
    repair: Annotated[
        bool, typer.Option("--repair", help="Set corrupt entries aside, where they are kept for a week.")
    ] = False,
    pipeline: Annotated[
        list[str] | None, typer.Option(help="Only this stage pipeline; repeatable. Else all that are known.")
    ] = None,
    app: Annotated[str | None, typer.Option(help="MODULE:ATTRIBUTE, where pipelines are declared.")] = None,
) -> Report:
    """Read every entry, and say which are corrupt or unreadable (status 1). A repair loses no answer that is usable.

    It quarantines what fails its checksum or has an older version's format, removes what is past its last use, and of
    a pipeline whatever was made from an entry that is wrong.
    """
    name = app or session.settings.app
    declared = {each.name: each.graph for each in load_application(name).pipelines} if name is not None else {}
    with session.cache() as cache:
        with session.progress("repairing" if repair else "checking", cache) as advance:
            checkup = check_entries(cache, repair=repair, advance=advance)
        names = dict.fromkeys(pipeline or [*session.settings.pipelines, *declared, *_recorded(cache)])
        stages = {each: _check_stages(cache, each, declared.get(each), repair) for each in names}
    return _report(checkup, stages, repair)


def _recorded(cache: Cache) -> list[str]:
    """Pipelines the account knows of the last days."""
    return [*filter(is_name, (stage.rpartition(":")[0] for stage in cache.stats(days=DAYS).stages))]


def _check_stages(cache: Cache, name: str, graph: Graph | None, repair: bool) -> Health | None:
    """None where it is encrypted and no key was given: its entries are well, and only not ours to read."""
    if is_encrypted(cache.namespaced(namespace_of(cache.namespace, name))):
        return None
    vault = Pipeline(name, cache=cache).vault()
    return drive(StageCheckup(vault, graph or Graph(())).check(repair=repair))


def _report(checkup: Checkup, stages: Mapping[str, Health | None], repair: bool) -> Report:
    rows = [*_rows(checkup), *(row for name, found in stages.items() for row in _stage_rows(name, found))]
    faults = [row for row in rows if row["kind"] not in BENIGN and row["action"] == "none"]
    healthy = checkup.healthy and not faults
    data = {
        "healthy": healthy,
        "entries": checkup.to_dict(),
        "pipelines": {name: _plain(name, found) for name, found in stages.items()},
    }
    sections = [_summary(checkup, stages), Section(COLUMNS, rows[:SHOWN])]
    notes = [] if len(rows) <= SHOWN else [f"{len(rows) - SHOWN} more; --json names them."]
    notes.append("Healthy." if healthy else _hint(checkup, repair))
    return Report(data, sections, Section(COLUMNS, rows), notes, 0 if healthy else FAILED)


def _hint(checkup: Checkup, repair: bool) -> str:
    if checkup.counts["newer format"]:
        return (
            f"Unhealthy: a newer langcache wrote entries; pip install --upgrade {DISTRIBUTION}. They are not touched."
        )
    if checkup.counts["encrypted"]:
        return "Unhealthy: entries are encrypted; set LANGCACHE_ENCRYPTION_KEYS. A repair does not touch them."
    return "Unhealthy still." if repair else "Unhealthy: `langcache health --repair` sets these aside."


def _summary(checkup: Checkup, stages: Mapping[str, Health | None]) -> Section:
    rows = [
        ("entries", formats.count(checkup.checked)),
        ("size", formats.size(checkup.size_bytes)),
        ("expired", f"{formats.count(checkup.expired)}, kept for when a provider fails"),
        *((kind, formats.count(number)) for kind, number in sorted(checkup.counts.items())),
    ]
    if checkup.quarantined or checkup.purged:
        rows.append(("quarantined", formats.count(checkup.quarantined)))
        rows.append(("purged", formats.count(checkup.purged)))
    rows += [
        (f"pipeline {name}", "encrypted" if found is None else f"{formats.count(found.checked)} entries")
        for name, found in stages.items()
    ]
    return figures(rows)


def _rows(checkup: Checkup) -> Iterator[dict[str, Any]]:
    for each in checkup.findings:
        shown = {name: getattr(each, name) for name in ("kind", "key", "detail", "action")}
        yield {"where": "entries", **shown}


def _stage_rows(name: str, found: Health | None) -> Iterator[dict[str, Any]]:
    if found is None:
        detail = "it is encrypted, and no key was given"
        yield {"where": name, "kind": "encrypted", "key": None, "detail": detail, "action": "none"}
        return
    for each in found.findings:
        shown = {"kind": each.kind, "key": each.cache_key, "detail": each.detail, "action": each.action}
        yield {"where": name, **shown}


def _plain(name: str, found: Health | None) -> dict[str, Any] | None:
    if found is None:
        return None
    fell = [fallen.cache_key for fallen in found.fell]
    return {"checked": found.checked, "findings": list(_stage_rows(name, found)), "fell": fell}
