"""Where a dashboard is private, reading takes the token as well."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from langcache.dashboard.site import site_of

__all__ = ["Privacy"]

OPEN_TO_ALL = ("/login", "/static/")


class Privacy:
    """Sends whoever is not logged in to the login form, on a private dashboard.

    Args:
        app: what is behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or send to the login form."""
        if scope["type"] != "http" or self._lets_in(Request(scope)):
            await self._app(scope, receive, send)
        else:
            login = RedirectResponse(f"/login?next={quote(scope['path'])}", 303)
            await login(scope, receive, send)

    def _lets_in(self, request: Request) -> bool:
        site = site_of(request)
        return not site.private or request.url.path.startswith(OPEN_TO_ALL) or site.may_change(request)
