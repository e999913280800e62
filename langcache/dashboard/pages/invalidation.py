"""Removing entries: first what would go, then, confirmed by a person who is logged in, its going."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from langcache.dashboard.forms import read_own_form
from langcache.dashboard.site import Site, site_of
from langcache.runtime.inspection import EntryRow, alist_entries
from langcache.stages.invalidation import Fallen

__all__ = ["ask", "remove"]

SHOWN = 20
"""Entries listed by name before they go; of the others it says how many."""

CONDITIONS = ("key", "chain", "prompt_version", "generation_type", "tag")


@dataclass(frozen=True, slots=True)
class Doomed:
    """What would go.

    Attributes:
        number: how many entries.
        first: some of them, as lines to read.
    """

    number: int
    first: list[str]


async def ask(request: Request) -> Response:
    """``GET /invalidate``: what meets every condition in the query, and whether it should go."""
    site, named = site_of(request), _named(request.query_params)
    doomed = await (_stages(site, named) if "pipeline" in named else _entries(site, named))
    return site.page(request, "invalidate.html", named=named, doomed=doomed, back=_back(named))


async def remove(request: Request) -> Response:
    """``POST /invalidate``: the same conditions, confirmed."""
    site = site_of(request)
    named = _named(await read_own_form(request, site.sessions))
    if "pipeline" in named:
        fallen = await site.pipeline(named["pipeline"]).ainvalidate(named.get("key"))
        return RedirectResponse(f"/pipelines/{quote(named['pipeline'], safe='')}?removed={len(fallen)}", 303)
    number = await site.cache.ainvalidate(**_conditions(named))
    site.catalogue.forget()
    return RedirectResponse(f"/entries?removed={number}", 303)


async def _entries(site: Site, named: Mapping[str, str]) -> Doomed:
    number, first = 0, []
    async for row in alist_entries(site.cache, **_conditions(named)):
        number += 1
        if number <= SHOWN:
            first.append(_line(row))
    return Doomed(number, first)


async def _stages(site: Site, named: Mapping[str, str]) -> Doomed:
    fallen: list[Fallen] = await site.pipeline(named["pipeline"]).ainvalidate(named.get("key"), dry_run=True)
    return Doomed(len(fallen), [entry.cache_key for entry in fallen[:SHOWN]])


def _named(fields: QueryParams | Mapping[str, str]) -> dict[str, str]:
    """The conditions among *fields*.

    Raises:
        HTTPException: there is none; nobody empties a cache by a link.
    """
    named = {name: fields[name] for name in (*CONDITIONS, "pipeline") if fields.get(name)}
    if not named.keys() - {"pipeline"}:
        raise HTTPException(400, "Name what should go: a key, a chain, a prompt version, a type or a tag.")
    return named


def _conditions(named: Mapping[str, str]) -> dict[str, Any]:
    labels = {name: value for name, value in named.items() if name != "tag"}
    return {**labels, "tags": (named["tag"],)} if "tag" in named else labels


def _line(row: EntryRow) -> str:
    return " · ".join(filter(None, (row.chain, row.prompt_version, row.key)))


def _back(named: Mapping[str, str]) -> str:
    if "pipeline" in named:
        return f"/pipelines/{quote(named['pipeline'], safe='')}"
    return f"/entries/{quote(named['key'], safe='')}" if "key" in named else "/entries"
