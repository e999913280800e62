"""One entry: its template as segments, and everything known about it."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from langcache.dashboard.site import site_of
from langcache.errors import CorruptEntry
from langcache.runtime.inspection import aentry_detail

__all__ = ["show"]


async def show(request: Request) -> Response:
    """``GET /entries/{key}``."""
    site, key = site_of(request), request.path_params["key"]
    try:
        detail = await aentry_detail(site.cache, key)
    except CorruptEntry as error:
        raise HTTPException(500, str(error)) from None
    if detail is None:
        raise HTTPException(404, "No entry has that key; it may have been removed.")
    return site.page(request, "entry.html", detail=detail, row=detail.row)
