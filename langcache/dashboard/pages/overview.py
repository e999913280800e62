"""The first page: what was saved, why yesterday was worse, and how it went."""

from starlette.requests import Request
from starlette.responses import Response

from langcache.dashboard.comparison import Verdict, compare, day_between
from langcache.dashboard.period import days_of
from langcache.dashboard.site import site_of
from langcache.runtime.cache import Cache

__all__ = ["show"]


async def show(request: Request) -> Response:
    """``GET /``."""
    site, days = site_of(request), days_of(request)
    stats = await site.cache.astats(days=days)
    trends = await site.cache.atrends(days=days, by="day" if days > 2 else "hour")
    verdict = await _yesterday(site.cache)
    return site.page(request, "overview.html", days=days, stats=stats, trends=trends, verdict=verdict)


async def _yesterday(cache: Cache) -> Verdict:
    """The day before today compared with the one before that, each what a longer period has and a shorter has not."""
    before, yesterday, _ = await cache.atrends(days=3, by="day")
    today, two, three = [await cache.astats(days=days) for days in (1, 2, 3)]
    return compare(day_between(before, three, two), day_between(yesterday, two, today))
