"""Where the cassettes are, and playing them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["cassettes_folder", "replay"]

IN_WHEEL = Path(__file__).with_name("cassettes")
IN_CHECKOUT = Path(__file__).parents[3] / "cassettes"


def cassettes_folder() -> Path:
    """Inside the package where it was installed from a wheel, at the top of a checkout otherwise."""
    return IN_WHEEL if IN_WHEEL.is_dir() else IN_CHECKOUT


@contextmanager
def replay(name: str) -> Iterator[Any]:
    """Answer every provider call in the block from one cassette; what is served by the cache stays unplayed.

    Yields:
        vcrpy's cassette, whose ``play_count`` is the number of HTTP requests answered.
    """
    from langcache.testing.cassettes import cassette

    with cassette(cassettes_folder() / f"{name}.yaml", partial=True) as tape:
        yield tape
