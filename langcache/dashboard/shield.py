"""What every answer carries, and which requests get none: the outermost layer of the dashboard."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from langcache.dashboard.hosts import Hosts

__all__ = ["CONTENT_SECURITY_POLICY", "HEADERS", "Shield"]

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Nothing from elsewhere, nothing inline, no ``eval``: an entry that holds a script is text whatever else fails."""

HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}


class Shield:
    """Answers only requests meant for our host, and adds the headers that keep a browser strict.

    Args:
        app: what is behind it.
        hosts: what our host is called.
    """

    def __init__(self, app: ASGIApp, *, hosts: Hosts) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers, or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def strictly(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                if scope["path"].startswith("/static/"):
                    headers["cache-control"] = "no-cache"  # kept, and asked for again by its ETag
            await send(message)

        if self._hosts.answer(Headers(scope=scope).get("host", "")):
            await self._app(scope, receive, strictly)
        else:
            refusal = PlainTextResponse("This dashboard is not served under that host name.\n", 400)
            await refusal(scope, receive, strictly)
