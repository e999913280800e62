"""``python -m langcache.dashboard --url sqlite:///langcache.db``: the dashboard without the command line's extras."""

import argparse
import os
import sys

from langcache.errors import LangcacheError
from langcache.runtime.cache import Cache

TOKEN_VARIABLE = "LANGCACHE_DASHBOARD_TOKEN"  # noqa: S105 -- its name, not what it holds


def main(arguments: list[str] | None = None) -> None:
    """Serve what the arguments name, until interrupted; what cannot work is one line, and status 1."""
    try:
        _serve(_parser().parse_args(arguments))
    except LangcacheError as error:
        sys.exit(f"langcache: {error}")


def _serve(asked: argparse.Namespace) -> None:
    from langcache.dashboard import serve  # says which extra is missing, if one is

    with Cache(asked.url, namespace=asked.namespace) as cache:
        serve(
            cache,
            host=asked.host,
            port=asked.port,
            token=os.environ.get(TOKEN_VARIABLE) or None,
            pipelines=asked.pipeline,
            on_ready=lambda url: print(url, file=sys.stderr, flush=True),  # noqa: T201 -- this is a command
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m langcache.dashboard",
        description=f"Show what a cache saved. ${TOKEN_VARIABLE}, if set, is the token that lets one invalidate.",
    )
    parser.add_argument("--url", help="the store; by default $LANGCACHE_URL, else the user's own cache")
    parser.add_argument("--namespace", default="default")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8800)
    parser.add_argument("--pipeline", action="append", default=[], help="a stage pipeline to show; may be repeated")
    return parser


if __name__ == "__main__":
    main()
