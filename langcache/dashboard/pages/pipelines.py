"""Stage pipelines: what is cached, stale and failed, and one stage's entry with what depends on it."""

import json

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from langcache.core.naming import is_name
from langcache.dashboard.period import number_in
from langcache.dashboard.site import site_of
from langcache.dashboard.stage_rows import StageRow, stage_rows, tally
from langcache.runtime.inspection.leaves import leaves_of
from langcache.runtime.steps import adrive
from langcache.stages.archive import Archive
from langcache.stages.sessions import SessionStatus

__all__ = ["show", "show_entry", "show_one"]

SESSIONS_SHOWN = 20
COUNTED_DAYS = 30


async def show(request: Request) -> Response:
    """``GET /pipelines``: all that are known."""
    site = site_of(request)
    stats = await site.stats(COUNTED_DAYS)
    names = {*site.pipelines, *filter(is_name, (stage.rpartition(":")[0] for stage in stats.stages))}
    found = [(name, tally((await _looked_into(site.pipeline(name)))[0])) for name in sorted(names)]
    return site.page(request, "pipelines.html", pipelines=found, days=COUNTED_DAYS)


async def show_one(request: Request) -> Response:
    """``GET /pipelines/{pipeline}``: its stages and sessions."""
    site, name = site_of(request), request.path_params["pipeline"]
    rows, sessions = await _looked_into(site.pipeline(name))
    stats = await site.stats(COUNTED_DAYS)
    counted = {
        stage.removeprefix(f"{name}:"): counts
        for stage, counts in stats.stages.items()
        if stage.rpartition(":")[0] == name
    }
    return site.page(
        request,
        "pipeline.html",
        pipeline=name,
        rows=rows,
        states=tally(rows),
        sessions=sessions[:SESSIONS_SHOWN],
        counted=counted,
        days=COUNTED_DAYS,
        removed=number_in(request, "removed"),
    )


async def show_entry(request: Request) -> Response:
    """``GET /pipelines/{pipeline}/entry/{key}``: one entry, with what it was made from and what was made from it."""
    site, name, key = site_of(request), request.path_params["pipeline"], request.path_params["key"]
    archive = site.pipeline(name)
    entry = await adrive(archive.vault().entry(key))
    if entry is None:
        raise HTTPException(404, "No entry has that key; it may have been removed.")
    fallen = await archive.ainvalidate(key, dry_run=True)
    leaves = tuple(leaves_of(json.loads(entry.output.data)))
    dependents = [other for other in fallen if other.cache_key != key]
    return site.page(
        request,
        "stage_entry.html",
        pipeline=name,
        entry=entry,
        about=entry.metadata,
        leaves=leaves,
        dependents=dependents,
    )


async def _looked_into(archive: Archive) -> tuple[list[StageRow], list[SessionStatus]]:
    sessions = await _sessions(archive)
    entries, health = await archive.aentries(), await archive.ahealth()
    return stage_rows(entries, health.findings, sessions), sessions


async def _sessions(archive: Archive) -> list[SessionStatus]:
    """The newest sessions, the last first."""
    rows = await archive.vault().rows(["session"]).arun()
    newest = sorted(rows, key=lambda row: -row.created_at)
    return [await archive.astatus(row.key.removeprefix("session/")) for row in newest[:SESSIONS_SHOWN]]
