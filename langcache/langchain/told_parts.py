"""What a stream of dicts has shown of parts that are sure, so that another run of the chain may go on behind it.

A chain with ``.assign(...)`` shows its input at once, and what it found, before the part that fails begins.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langchain_core.documents import Document
from langchain_core.runnables.utils import AddableDict

__all__ = ["Told", "told_parts", "without"]

Told = Mapping[str, Any]
"""What was shown of each part, by its name."""


def told_parts(came: Sequence[Any], shown: Sequence[Any], *, given: Any, whole: Callable[[Any], Any]) -> Told | None:
    """What was shown; None if it is anything but parts of which another run gives the same.

    Args:
        came: the chunks of the run.
        shown: what was made of them.
        given: what the run was given.
        whole: fills a value that is complete.
    """
    if not all(isinstance(chunk, AddableDict) for chunk in (*came, *shown)):
        return None
    inputs = [given, *(given.values() if isinstance(given, Mapping) else ())]
    told: dict[str, Any] = {}
    for name in {name for chunk in shown for name in chunk}:
        parts = [chunk[name] for chunk in came if name in chunk]
        if len(parts) != 1 or not _is_sure(parts[0], inputs):
            return None
        told[name] = _joined([chunk[name] for chunk in shown if name in chunk])
        try:
            if not _begins(whole(parts[0]), told[name]):
                return None
        except Exception:  # it cannot be filled, or compared
            return None
    return told


def without(told: Told, chunk: Any) -> list[Any]:
    """A chunk without what was told of it; nothing if that was all."""
    if not told or not isinstance(chunk, AddableDict):
        return [chunk]
    rest = AddableDict({name: part for name, part in chunk.items() if name not in told})
    for name in chunk.keys() & told.keys():
        if isinstance(chunk[name], str) and _begins(chunk[name], told[name]) and chunk[name] != told[name]:
            rest[name] = chunk[name][len(told[name]) :]
    return [rest] if rest else []


def _is_sure(part: Any, inputs: Sequence[Any]) -> bool:
    """Whether nothing more comes of a part: an input that was handed on, or what a retriever found."""
    if any(part is each for each in inputs):
        return True
    return isinstance(part, list) and all(isinstance(item, Document) for item in part)


def _joined(pieces: list[Any]) -> Any:
    return "".join(pieces) if all(isinstance(piece, str) for piece in pieces) else pieces[-1]


def _begins(whole: Any, shown: Any) -> bool:
    """Whether *shown* is *whole*, or the beginning of that text."""
    return whole.startswith(shown) if isinstance(whole, str) and isinstance(shown, str) else bool(whole == shown)
