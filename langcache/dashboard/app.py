"""The dashboard as an ASGI app: its routes, and what stands in front of them."""

from collections.abc import Collection, Iterable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from langcache.core.naming import check_name
from langcache.dashboard.catalogue import Catalogue
from langcache.dashboard.hosts import LOOPBACK, Hosts
from langcache.dashboard.live import Pulse, live
from langcache.dashboard.pages import (
    chains,
    entries,
    entry,
    invalidation,
    login,
    overview,
    pipelines,
    profiles,
    recommendations,
    refusals,
)
from langcache.dashboard.privacy import Privacy
from langcache.dashboard.sessions import Sessions
from langcache.dashboard.shield import HEADERS, Shield
from langcache.dashboard.site import Site, site_of
from langcache.errors import StoreError
from langcache.runtime.cache import Cache
from langcache.stages.archive import Archive
from langcache.stages.config import StageConfig

__all__ = ["ROUTES", "create_app"]

STATIC = Path(__file__).parent / "static"

ROUTES = (
    Route("/", overview.show),
    Route("/chains", chains.show),
    Route("/profiles", profiles.show),
    Route("/refusals", refusals.show),
    Route("/recommendations", recommendations.show),
    Route("/pipelines", pipelines.show),
    Route("/pipelines/{pipeline:path}/entry/{key:path}", pipelines.show_entry),
    Route("/pipelines/{pipeline:path}", pipelines.show_one),
    Route("/entries", entries.show),
    Route("/entries/rows", entries.rows),
    Route("/entries/{key}", entry.show),
    Route("/invalidate", invalidation.ask, methods=["GET"]),
    Route("/invalidate", invalidation.remove, methods=["POST"]),
    Route("/login", login.ask, methods=["GET"]),
    Route("/login", login.enter, methods=["POST"]),
    Route("/logout", login.leave, methods=["POST"]),
    Route("/live", live),
)
"""Every view; docs/dashboard.md names each, which a test checks."""


def create_app(
    cache: Cache,
    *,
    token: str | None = None,
    allowed_hosts: Collection[str] = LOOPBACK,
    pipelines: Iterable[Archive | str] = (),
    private: bool = False,
) -> Starlette:
    """The dashboard of *cache*.

    Args:
        cache: what is shown.
        token: who shows it may invalidate; without one nothing can be changed.
        allowed_hosts: host names requests may name; see `langcache.dashboard.hosts`.
        pipelines: stage pipelines to show besides those the account knows; given by name, what they declare is unknown.
        private: whether reading takes the token too.

    Raises:
        DeclarationError: a pipeline is called what no store can write down.
    """
    app = Starlette(
        routes=[*ROUTES, Mount("/static", StaticFiles(directory=STATIC), name="static")],
        middleware=[Middleware(Shield, hosts=Hosts.of(allowed_hosts)), Middleware(Privacy)],
        exception_handlers={HTTPException: _refused, StoreError: _store_is_down, Exception: _failed},
    )
    known = {archive.name: archive for archive in (_archive(each, cache) for each in pipelines)}
    app.state.site = Site(cache, Sessions(token, cache.clock), Pulse(cache), Catalogue(cache), known, private)
    return app


def _archive(pipeline: Archive | str, cache: Cache) -> Archive:
    if isinstance(pipeline, str):
        check_name("the pipeline", pipeline)
    return Archive(pipeline, cache, StageConfig()) if isinstance(pipeline, str) else pipeline


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    said = "There is no such page." if error.status_code == 404 and error.detail == "Not Found" else error.detail
    return _message(request, error.status_code, said)


async def _store_is_down(request: Request, error: Exception) -> Response:
    return _message(request, 503, f"The store does not answer: {error}")


async def _failed(request: Request, error: Exception) -> Response:
    """Starlette answers so from outside of every other layer, then lets the server log the error."""
    answer = _message(request, 500, f"That failed here ({type(error).__name__}); the server's log says more.")
    answer.headers.update(HEADERS)
    return answer


def _message(request: Request, status: int, said: str) -> HTMLResponse:
    return site_of(request).page(request, "message.html", status=status, said=said)
