"""The kinds of users who ask most, readable by their features."""

from starlette.requests import Request
from starlette.responses import Response

from langcache.dashboard.period import days_of
from langcache.dashboard.site import site_of

__all__ = ["SHOWN", "show"]

SHOWN = 50


async def show(request: Request) -> Response:
    """``GET /profiles``."""
    site, days = site_of(request), days_of(request)
    return site.page(request, "profiles.html", days=days, top=await site.cache.atop(days=days, limit=SHOWN))
