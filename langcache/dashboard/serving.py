"""Serving the dashboard over HTTP until somebody stops it."""

import logging
import socket
from collections.abc import Callable, Collection, Iterable

import uvicorn
from starlette.applications import Starlette

from langcache.dashboard.app import create_app
from langcache.dashboard.hosts import LOOPBACK, is_loopback
from langcache.runtime.cache import Cache
from langcache.stages.archive import Archive

__all__ = ["DEFAULT_HOST", "DEFAULT_PORT", "Server", "config_of", "serve", "url_of"]

logger = logging.getLogger("langcache")

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8800
GRACE_S = 3


def serve(
    cache: Cache,
    *,
    host: str = DEFAULT_HOST,
    port: int = DEFAULT_PORT,
    token: str | None = None,
    allowed_hosts: Collection[str] = (),
    pipelines: Iterable[Archive | str] = (),
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the dashboard of *cache* until interrupted.

    Args:
        cache: what is shown.
        host: the address to bind; the default is reached from this machine alone. Elsewhere than on loopback a token
            is asked for before anything is shown, and without one a warning says who can read.
        port: the port to bind; 0 for any free one.
        token: who shows it may invalidate; without one nothing can be changed.
        allowed_hosts: further names this dashboard is reached by, such as that of a proxy in front of it.
        pipelines: stage pipelines to show besides those the account knows.
        on_ready: told the URL once it can be opened.

    Raises:
        OSError: the address cannot be bound.
    """
    is_private = not is_loopback(host)
    if is_private and token is None:
        logger.warning("langcache: whoever reaches %s:%s can read every template; give a token", host, port)
    app = create_app(
        cache,
        token=token,
        allowed_hosts=[*LOOPBACK, host, *allowed_hosts],
        pipelines=pipelines,
        private=is_private and token is not None,
    )
    with socket.create_server((host, port), family=_family(host)) as listening:
        if on_ready is not None:
            on_ready(url_of(listening))
        Server(config_of(app)).run([listening])


class Server(uvicorn.Server):
    """A server that lets go of open pages before it waits for them."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then as always."""
        self.config.app.state.site.pulse.close()  # type: ignore[union-attr]
        await super().shutdown(sockets)


def config_of(app: Starlette) -> uvicorn.Config:
    """Plain HTTP and nothing else, quietly."""
    return uvicorn.Config(
        app,
        log_level="warning",
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )


def url_of(listening: socket.socket) -> str:
    """Where a browser finds what listens there."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
