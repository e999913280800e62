"""The ``langcache`` command. Each subcommand is a module of its own; this one only puts them together.

Exit status: 0 done; 1 it failed, or found something unhealthy; 2 it was called wrongly, or a confirmation, an extra or
an API key is missing; 130 interrupted by Ctrl-C.
"""

import io
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

from langcache.cli.trouble import WRONGLY_CALLED, one_line

if TYPE_CHECKING:
    import typer

__all__ = ["COMMANDS", "build", "command_named", "main"]

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
    _show_what_can_be_shown()
    try:
        with one_line():
            build()()
    except ModuleNotFoundError as error:
        if error.name not in EXTRAS:
            raise
        extra = "demo" if "demo" in sys.argv[1:] else EXTRAS[error.name]  # one hint that is enough
        sys.stderr.write(f"langcache: {error.name} is not installed: pip install 'langcache-middleware[{extra}]'\n")
        sys.exit(WRONGLY_CALLED)


def _show_what_can_be_shown() -> None:
    """A pipe under ``LC_ALL=C`` or a console of Windows takes few letters; stderr replaces the others by itself."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


COMMANDS = {
    "demo": "demo.command:demo",
    "info": "info:info",
    "stats": "stats:stats",
    "top": "top:top",
    "trends": "trends:trends",
    "cost": "cost:cost",
    "forecast": "forecast:forecast",
    "recommend": "recommend:recommend",
    "explain": "explain:explain",
    "show": "show:show",
    "invalidate": "invalidate:invalidate",
    "clear": "clear:clear",
    "health": "health:health",
    "export": "export:export",
    "import": "export:import_",
    "serve": "serve:serve",
    "doctor": "doctor.command:doctor",
    "config": "config:config",
}
"""Where each is, loaded when it is called, so that none waits for what another needs."""


def build() -> "typer.Typer":
    """The app with every command."""
    import typer

    app = typer.Typer(cls=_late_group(), no_args_is_help=True, pretty_exceptions_enable=False)

    @app.callback(epilog=STATUSES)
    def langcache(
        version: Annotated[
            bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
        ] = False,
    ) -> None:
        """One LLM call for all users of a kind: a cache for LangChain apps."""

    return app


def _late_group() -> Any:
    """A group of typer's that loads a command's module when the command is asked for."""
    from typer.core import TyperGroup

    class LateGroup(TyperGroup):
        def list_commands(self, _: Any) -> list[str]:
            return list(COMMANDS)

        def get_command(self, _: Any, cmd_name: str) -> Any:
            return command_named(cmd_name) if cmd_name in COMMANDS else None

    return LateGroup


def command_named(name: str) -> Any:
    """The command of that name in `COMMANDS`, as typer runs it."""
    from typer import Typer
    from typer.main import get_command

    module, _, function = COMMANDS[name].partition(":")
    made: Any = getattr(import_module(f"langcache.cli.{module}"), function)
    app = Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command(name, epilog=made.epilog)(made)
    return get_command(app)


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        import typer

        typer.echo(f"langcache {version('langcache-middleware')}")
        raise typer.Exit
