"""What every page needs: the cache it shows, who may change it, and how a template becomes an answer."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from langcache.core.naming import without_halves
from langcache.dashboard.catalogue import Catalogue
from langcache.dashboard.formats import FILTERS
from langcache.dashboard.live import Pulse
from langcache.dashboard.period import PERIODS
from langcache.dashboard.sessions import COOKIE, Sessions
from langcache.errors import StoreError
from langcache.runtime.account.model import PeriodStats
from langcache.runtime.cache import Cache
from langcache.stages.archive import Archive
from langcache.stages.config import StageConfig

__all__ = ["NAVIGATION", "Site", "site_of"]

NAVIGATION = (
    ("/", "Overview"),
    ("/chains", "Chains"),
    ("/profiles", "Profiles"),
    ("/refusals", "Refusals"),
    ("/recommendations", "Recommendations"),
    ("/pipelines", "Pipelines"),
    ("/entries", "Entries"),
)
"""Where one can go from every page, in the order of the questions people ask."""


@dataclass
class Site:
    """One dashboard.

    Attributes:
        cache: what it shows.
        sessions: who may change it.
        pulse: what tells open pages of changes.
        catalogue: its entries, as they are listed.
        pipelines: stage pipelines to show, by name.
        private: whether reading takes the token too.
        one_guess: held while a token is looked at.
    """

    cache: Cache
    sessions: Sessions
    pulse: Pulse
    catalogue: Catalogue
    pipelines: Mapping[str, Archive] = field(default_factory=dict)
    private: bool = False
    templates: Environment = field(default_factory=lambda: _environment())
    one_guess: asyncio.Lock = field(default_factory=asyncio.Lock)

    def may_change(self, request: Request) -> bool:
        """Whether the person behind *request* is logged in."""
        return self.sessions.is_open(request.cookies.get(COOKIE))

    def pipeline(self, name: str) -> Archive:
        """The pipeline called *name*: with its stages if they were given, else what is stored of it."""
        return self.pipelines.get(name) or Archive(name, self.cache, StageConfig())

    async def stats(self, days: int) -> PeriodStats:
        """What happened in the last *days*.

        Raises:
            StoreError: the account cannot be read; zeros would pass for an idle cache.
        """
        found = await self.cache.astats(days=days)
        if found.store_trouble is not None and not found.requests:
            raise StoreError(found.store_trouble)
        return found

    def page(self, request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """*template* as an answer to *request*."""
        session = request.cookies.get(COOKIE)
        logged_in = session is not None and self.sessions.is_open(session)
        text = self.templates.get_template(template).render(
            navigation=NAVIGATION,
            path=request.url.path,
            namespace=self.cache.namespace,
            pulse=self.pulse.word,
            now=self.cache.clock.now(),
            can_log_in=self.sessions.are_possible,
            logged_in=logged_in,
            form_secret=self.sessions.form_secret(session) if logged_in and session else "",
            **values,
        )
        return HTMLResponse(without_halves(text), status)


def site_of(request: Request) -> Site:
    """The dashboard *request* came to."""
    return cast("Site", request.app.state.site)


def _environment() -> Environment:
    """Every value is escaped in every template, and a name a template misspells is an error, not an empty place."""
    environment = Environment(
        autoescape=True,
        loader=PackageLoader("langcache.dashboard"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    environment.globals["period_choices"] = PERIODS
    return environment
