"""The ``langcache`` command. Each subcommand is a module of its own; this one only puts them together.

Exit status: 0 done; 1 it failed; 2 it was called wrongly, or an extra or an API key is missing.
"""

import sys
from typing import TYPE_CHECKING, Annotated

from langcache.cli.trouble import FAILED, WRONGLY_CALLED, Trouble
from langcache.errors import LangcacheError

if TYPE_CHECKING:
    import typer

__all__ = ["main"]

EXTRAS = {
    "typer": "cli",
    "rich": "cli",
    "langchain_openai": "demo",
    "langchain_anthropic": "demo",
    "vcr": "demo",
    "vcrpy": "demo",
}
"""Module to the extra that brings it."""


def main() -> None:
    """Run the command line, and leave with its exit status."""
    try:
        _app()()
    except Trouble as trouble:
        _leave(str(trouble), trouble.status)
    except LangcacheError as error:
        _leave(str(error), WRONGLY_CALLED if isinstance(error, ValueError) else FAILED)
    except ModuleNotFoundError as error:
        if error.name not in EXTRAS:
            raise
        extra = "demo" if "demo" in sys.argv[1:] else EXTRAS[error.name]  # one hint that is enough
        _leave(f"{error.name} is not installed: pip install 'langcache-middleware[{extra}]'", WRONGLY_CALLED)


def _leave(message: str, status: int) -> None:
    sys.stderr.write(f"langcache: {message}\n")
    sys.exit(status)


def _app() -> "typer.Typer":
    import typer

    from langcache.cli.demo.command import demo

    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

    @app.callback()
    def langcache(
        version: Annotated[
            bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
        ] = False,
    ) -> None:
        """One LLM call for all users of a kind: a cache for LangChain apps."""

    app.command()(demo)
    return app


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        import typer

        typer.echo(f"langcache {version('langcache-middleware')}")
        raise typer.Exit
