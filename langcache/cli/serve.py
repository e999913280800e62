"""``langcache serve``."""

from typing import Annotated

import typer

from langcache.cli.command import FORMS, Session, command

__all__ = ["serve"]

PORT = 8800


@command("langcache serve --port 8800", "LANGCACHE_DASHBOARD_TOKEN=… langcache serve", without=FORMS)
def serve(
    session: Session,
    host: Annotated[str, typer.Option(help="Where to listen; the default is this machine alone.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = PORT,
    token: Annotated[
        str | None,
        typer.Option(envvar="LANGCACHE_DASHBOARD_TOKEN", help="Whoever shows it may invalidate; else read-only."),
    ] = None,
    allowed_host: Annotated[
        list[str] | None, typer.Option(help="A further name it is reached by, such as a proxy's; repeatable.")
    ] = None,
    pipeline: Annotated[list[str] | None, typer.Option(help="A stage pipeline to show; repeatable.")] = None,
) -> None:
    """Show the cache in a browser (extra `dashboard`), until Ctrl-C."""
    from langcache.dashboard import serve as serve_dashboard

    with session.cache() as cache:
        serve_dashboard(
            cache,
            host=host,
            port=port,
            token=token,
            allowed_hosts=tuple(allowed_host or ()),
            pipelines=tuple(pipeline or session.settings.pipelines),
            on_ready=lambda url: typer.echo(f"{url} (Ctrl-C ends it)", err=True),
        )
