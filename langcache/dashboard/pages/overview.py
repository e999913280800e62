"""The first page: what was saved, why yesterday was worse, and how it went."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from langcache.dashboard.comparison import Verdict, compare, day_between
from langcache.dashboard.period import days_of
from langcache.dashboard.site import site_of
from langcache.runtime.account.model import Bucket
from langcache.runtime.cache import Cache

__all__ = ["show"]

COMPARED_DAYS = 3
"""Today, yesterday, and the day before; a shorter period is drawn by the hour."""


async def show(request: Request) -> Response:
    """``GET /``."""
    site, days = site_of(request), days_of(request)
    stats = await site.stats(days)
    by_day = await site.cache.atrends(days=max(days, COMPARED_DAYS), by="day")
    trends = by_day if days >= COMPARED_DAYS else await site.cache.atrends(days=days, by="hour")
    verdict = await _yesterday(site.cache, by_day[-COMPARED_DAYS:])
    return site.page(
        request, "overview.html", days=days, by_hour=trends is not by_day, stats=stats, trends=trends, verdict=verdict
    )


async def _yesterday(cache: Cache, last_days: Sequence[Bucket]) -> Verdict:
    """Yesterday compared with the day before; of each is known what a longer period has and a shorter has not."""
    if len(last_days) < COMPARED_DAYS:
        return Verdict("unknown", "The account is kept for too few days to compare yesterday with the day before.")
    before, yesterday, _ = last_days
    today, two, three = [await cache.astats(days=days) for days in (1, 2, 3)]
    return compare(day_between(before, three, two), day_between(yesterday, two, today))
