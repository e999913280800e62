"""The ``langcache`` command. Each subcommand is a module of its own; this one only puts them together.

Exit status: 0 done; 1 it failed, or found something unhealthy; 2 it was called wrongly, or a confirmation, an extra or
an API key is missing; 130 interrupted by Ctrl-C.
"""

import sys
from typing import TYPE_CHECKING, Annotated

from langcache.cli.trouble import WRONGLY_CALLED, one_line

if TYPE_CHECKING:
    import typer

__all__ = ["build", "main"]

EXTRAS = {
    "typer": "cli",
    "rich": "cli",
    "langchain_openai": "demo",
    "langchain_anthropic": "demo",
    "vcr": "demo",
    "vcrpy": "demo",
    "starlette": "dashboard",
    "uvicorn": "dashboard",
    "jinja2": "dashboard",
}
"""Module to the extra that brings it."""


STATUSES = "Exit status: 0 done, 1 failed or unhealthy, 2 called wrongly or unconfirmed, 130 interrupted."


def main() -> None:
    """Run the command line, and leave with its exit status."""
    try:
        with one_line():
            build()()
    except ModuleNotFoundError as error:
        if error.name not in EXTRAS:
            raise
        extra = "demo" if "demo" in sys.argv[1:] else EXTRAS[error.name]  # one hint that is enough
        sys.stderr.write(f"langcache: {error.name} is not installed: pip install 'langcache-middleware[{extra}]'\n")
        sys.exit(WRONGLY_CALLED)


def build() -> "typer.Typer":
    """The app with every command."""
    import typer

    app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)

    @app.callback(epilog=STATUSES)
    def langcache(
        version: Annotated[
            bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
        ] = False,
    ) -> None:
        """One LLM call for all users of a kind: a cache for LangChain apps."""

    _add_commands(app)
    return app


def _add_commands(app: "typer.Typer") -> None:
    from langcache.cli import (
        clear,
        config,
        explain,
        export,
        forecast,
        health,
        info,
        invalidate,
        serve,
        show,
    )
    from langcache.cli.demo.command import demo
    from langcache.cli.doctor.command import doctor

    app.command(epilog="Example: langcache demo --fresh")(demo)
    for function in (
        info.info,
        forecast.forecast,
        explain.explain,
        show.show,
        invalidate.invalidate,
        clear.clear,
        health.health,
        export.export,
        export.import_,
        serve.serve,
        doctor,
        config.config,
    ):
        app.command(function.__name__.strip("_"), epilog=function.epilog)(function)


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        import typer

        typer.echo(f"langcache {version('langcache-middleware')}")
        raise typer.Exit
