"""How each chain, prompt version, type and model did."""

from starlette.requests import Request
from starlette.responses import Response

from langcache.dashboard.period import days_of
from langcache.dashboard.site import site_of

__all__ = ["show"]


async def show(request: Request) -> Response:
    """``GET /chains``."""
    site, days = site_of(request), days_of(request)
    return site.page(request, "chains.html", days=days, stats=await site.stats(days))
