"""Where the cassettes are, and playing them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from langcache.cli.trouble import Trouble

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

    Raises:
        Trouble: a request was made that is not in the cassette.
    """
    from langcache.testing.cassettes import cassette

    path = cassettes_folder() / f"{name}.yaml"
    with cassette(path, partial=True) as tape:
        try:
            yield tape
        except Exception as error:
            if not _is_unrecorded(error):
                raise
            raise Trouble(
                f"a request is not in {path.name}, so another release of a provider's SDK must have written it: "
                "use `langcache demo --live`, or `make record` in a checkout"
            ) from error


def _is_unrecorded(error: BaseException | None) -> bool:
    """Whether vcrpy refused a request; the SDKs make a failed connection of that."""
    from vcr.errors import CannotOverwriteExistingCassetteException

    met: set[int] = set()  # causes and contexts may lead in a circle
    while error is not None and id(error) not in met:
        if isinstance(error, CannotOverwriteExistingCassetteException):
            return True
        met.add(id(error))
        error = error.__cause__ or error.__context__
    return False
