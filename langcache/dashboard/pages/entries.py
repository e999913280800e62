"""The list of stored entries: filtered, newest first, a screen at a time."""

import asyncio
from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from langcache.dashboard.catalogue import ROWS_KEPT, Asked
from langcache.dashboard.period import number_in
from langcache.dashboard.site import Site, site_of
from langcache.errors import CorruptEntry
from langcache.runtime.inspection import EntryDetail, EntryRow, aentry_detail

__all__ = ["PAGE_ROWS", "rows", "show"]

PAGE_ROWS = 100

Shown = tuple[EntryRow, EntryDetail | None]
"""A row, and what is in it; None if that cannot be read."""


async def show(request: Request) -> Response:
    """``GET /entries``: filters and the first screen."""
    return await _listed(request, "entries.html")


async def rows(request: Request) -> Response:
    """``GET /entries/rows``: further rows alone, for a list that is being scrolled."""
    return await _listed(request, "entry_rows.html")


async def _listed(request: Request, template: str) -> Response:
    site, asked = site_of(request), Asked.of(request.query_params)
    snapshot = await site.catalogue.look(asked, site.pulse.word)
    offset = number_in(request, "offset")
    page = await _read(site, snapshot.rows[offset : offset + PAGE_ROWS])
    return site.page(
        request,
        template,
        asked=asked,
        query=urlencode(asked.query()),
        snapshot=snapshot,
        rows=page,
        offset=offset,
        page_rows=PAGE_ROWS,
        rows_kept=ROWS_KEPT,
        removed=number_in(request, "removed"),
    )


async def _read(site: Site, rows: Sequence[EntryRow]) -> list[Shown]:
    details = await asyncio.gather(*(_detail(site, row.key) for row in rows))
    return list(zip(rows, details, strict=True))


async def _detail(site: Site, key: str) -> EntryDetail | None:
    try:
        return await aentry_detail(site.cache, key)
    except CorruptEntry:
        return None
