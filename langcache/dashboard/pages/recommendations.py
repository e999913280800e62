"""What to change, with the evidence."""

from starlette.requests import Request
from starlette.responses import Response

from langcache.dashboard.period import days_of
from langcache.dashboard.site import site_of

__all__ = ["show"]


async def show(request: Request) -> Response:
    """``GET /recommendations``."""
    site, days = site_of(request), days_of(request)
    found = await site.cache.arecommendations(days)
    return site.page(request, "recommendations.html", days=days, recommendations=found)
