"""What namespaces, chains, versions and tags may be called: what every store can write down."""

import re
from collections.abc import Iterable
from typing import Any, Final

from langcache.errors import DeclarationError

__all__ = ["check_labels", "check_name", "is_name", "names", "without_halves"]

_UNWRITABLE: Final = re.compile("[\0\ud800-\udfff]")
_HALVES: Final = re.compile("[\ud800-\udfff]")


def is_name(text: str) -> bool:
    """Whether `check_name` takes it."""
    return _UNWRITABLE.search(text) is None


def without_halves(text: str) -> str:
    """*text* as UTF-8 can show it: a replacement character for each half of a surrogate pair."""
    return _HALVES.sub("\N{REPLACEMENT CHARACTER}", text)


def check_name(what: str, name: Any) -> None:
    """*name*, given as *what*, is text that every store takes.

    Raises:
        DeclarationError: it holds NUL or half of a surrogate pair, as text does that was decoded wrongly. One such
            label would fail the writing of whatever else is written with it.
    """
    if not is_name(str(name)):
        raise DeclarationError(
            f"{what} {name!r} holds what no store can write down (NUL, or half of a surrogate pair): take it out, or "
            "decode it rightly"
        )


def check_labels(*, name: Any, prompt_version: Any, generation_type: Any, tags: Iterable[Any]) -> None:
    """What labels a chain's entries is text that every store takes.

    Raises:
        DeclarationError: one of them is not.
    """
    check_name("the chain name", name)
    check_name("the prompt_version", prompt_version)
    check_name("the generation_type", generation_type)
    for tag in tags:
        check_name("the tag", tag)


def names(given: str | Iterable[str]) -> tuple[str, ...]:
    """One name, or several, each once: a text is not as many as it has letters."""
    return (given,) if isinstance(given, str) else tuple(dict.fromkeys(given))
