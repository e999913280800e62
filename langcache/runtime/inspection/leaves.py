"""The texts of a stored answer, each where it stands in it, as segments."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from langcache.errors import CorruptEntry
from langcache.templating import Gap, from_data

__all__ = ["Leaf", "leaves_of"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One text, number or truth value of an answer.

    Attributes:
        path: where it stands, such as ``tasks[0].title``; ``""`` if it is the whole answer.
        segments: literal texts and gaps, in order.
    """

    path: str
    segments: tuple[str | Gap, ...]

    def to_data(self) -> list[dict[str, str]]:
        """Each segment as ``{"text": …}`` or ``{"slot": …}`` with what is fixed of its writing."""
        return [{"text": part} if isinstance(part, str) else _gap(part) for part in self.segments]


def _gap(gap: Gap) -> dict[str, str]:
    name, *writing = gap
    return {"slot": name, **{field: value for field, value in zip(Gap._fields[1:], writing, strict=True) if value}}


def leaves_of(body: Any, path: str = "") -> Iterator[Leaf]:
    """The leaves of a packed answer (`langcache.core.packing`), in its order; None and empty ones are left out.

    Raises:
        CorruptEntry: its segments make no sense.
    """
    if isinstance(body, list):
        for number, item in enumerate(body):
            yield from leaves_of(item, f"{path}[{number}]")
    elif isinstance(body, dict):
        yield from _of_dict(body, path)
    elif isinstance(body, str):
        if body:
            yield Leaf(path, (body,))
    elif body is not None:
        yield Leaf(path, (json.dumps(body),))


def _of_dict(body: dict[str, Any], path: str) -> Iterator[Leaf]:
    match body:
        case {"$t": list(segments)}:
            yield Leaf(path, tuple(from_data(segments)))
        case {"$d": list(pairs)}:
            yield from _of_pairs(pairs, path)
        case {"$u": list(items)}:
            yield from leaves_of(items, path)
        case {"$f": str(number)}:
            yield Leaf(path, (number,))
        case {"$c": _, "v": fields}:
            yield from leaves_of(fields, path)
        case {"$x": [_, data]}:
            yield from leaves_of(data, path)
        case _ if any(name.startswith("$") for name in body):
            raise CorruptEntry("an entry of an unknown shape")
        case _:
            for name, value in body.items():
                yield from leaves_of(value, f"{path}.{name}" if path else name)


def _of_pairs(pairs: list[Any], path: str) -> Iterator[Leaf]:
    """A dict with a key that is no plain name, perhaps a gap; such a key is a leaf of its own."""
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2:
            raise CorruptEntry("an entry of an unknown shape")
        key, value = pair
        if isinstance(key, str):
            yield from leaves_of(value, f"{path}.{key}" if path else key)
        else:
            yield from leaves_of(key, f"{path} key".lstrip())
            yield from leaves_of(value, f"{path} value".lstrip())
