"""The ``ai-orchestrator`` command; also ``python -m ai_orchestrator.cli``.

Exit status: 0 done; 1 it failed; 2 it was called wrongly, a key is missing, or what it would remove is not confirmed.
"""

import sys

import typer

from ai_orchestrator.account import cost_analysis, status
from ai_orchestrator.generate import generate
from ai_orchestrator.trouble import FAILED, WRONGLY_CALLED, Trouble
from ai_orchestrator.upkeep import cache_app, cache_stats, invalidate_cache
from langcache import LangcacheError

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="From an idea to a tested project, in stages that never lose work.",
)
app.command()(generate)
app.command()(status)
app.command()(cost_analysis)
app.command()(cache_stats)
app.command()(invalidate_cache)
app.add_typer(cache_app, name="cache")


def main() -> None:
    """Run the command line, and leave with its exit status."""
    try:
        app()
    except Trouble as trouble:
        _leave(str(trouble), trouble.status)
    except (LangcacheError, OSError) as error:
        _leave(str(error), WRONGLY_CALLED if isinstance(error, ValueError) else FAILED)


def _leave(message: str, code: int) -> None:
    sys.stderr.write(f"ai-orchestrator: {message}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
