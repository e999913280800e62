"""What was refused or went past the cache, and what would help."""

from starlette.requests import Request
from starlette.responses import Response

from langcache.dashboard.period import days_of
from langcache.dashboard.site import site_of

__all__ = ["show"]


async def show(request: Request) -> Response:
    """``GET /refusals``."""
    site, days = site_of(request), days_of(request)
    return site.page(request, "refusals.html", days=days, stats=await site.stats(days))
