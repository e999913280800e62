"""Which entries an invalidation names, and which fall with them: pure, from one scan of labels.

An entry falls with another if it was made from what that one made, named by content: ``made:stage@output`` and
``needs:stage@output``. So it also falls if early cutoff kept it valid under a later entry with the same output.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, TypedDict, Unpack

from langcache.errors import DeclarationError
from langcache.stages.declaration import hash_prompt
from langcache.storage.base import Row

__all__ = ["Conditions", "Fallen", "cascade", "select", "values_of_label"]


@dataclass(frozen=True, slots=True)
class Fallen:
    """An entry that fell, or would.

    Attributes:
        cache_key: its key.
        stage: its instance.
        because: the entry it fell with; None if it was named itself.
        created_at: seconds since the epoch.
        size_bytes: what it took in the store.
        tags: as declared.
        family: the stage it is an instance of.
    """

    cache_key: str
    stage: str
    because: str | None
    created_at: float
    size_bytes: int
    tags: tuple[str, ...]
    family: str


class Conditions(TypedDict, total=False):
    """What an entry must meet, besides its key; None stands for no condition.

    Attributes:
        pattern: of its cache key or its stage's name, with ``*``, ``?`` and ``[...]``.
        tag, agent_version, prompt_hash, prompt_version: as declared.
        session_id: the session that made it.
    """

    pattern: str | None
    tag: str | None
    session_id: str | None
    agent_version: str | None
    prompt_hash: str | None
    prompt_version: str | None


_LABELS = {"tag": "tag", "session_id": "session", "agent_version": "agent", "prompt_hash": "prompt"}


def select(key: str | None = None, **conditions: Unpack[Conditions]) -> Callable[[Row], bool]:
    """A test for rows that meet every condition given.

    Raises:
        DeclarationError: none is given, or one that there is not; the nearest is named.
    """
    given: dict[str, Any] = {name: value for name, value in conditions.items() if value is not None}
    _check_known(given)
    pattern, version = given.pop("pattern", None), given.pop("prompt_version", None)
    labels = {f"{_LABELS[name]}:{value}" for name, value in given.items()}
    labels |= set() if version is None else {f"prompt:{hash_prompt(version, None)}"}
    if key is None and pattern is None and not labels:
        raise DeclarationError("invalidate() was told nothing to look for; clear() removes everything")

    def meant(row: Row) -> bool:
        cache_key = _key(row)
        names = (cache_key, _stage(cache_key), *values_of_label(row, "family"))
        return (
            labels <= row.labels
            and (key is None or key in names)
            and (pattern is None or any(fnmatchcase(name, pattern) for name in names))
        )

    return meant


def _check_known(given: Iterable[str]) -> None:
    known = Conditions.__annotations__
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.0)[0]
            raise DeclarationError(f"invalidate() has no condition {name!r}; did you mean {near!r}?")


def cascade(rows: Iterable[Row], meant: Callable[[Row], bool], rank: Mapping[str, int]) -> list[Fallen]:
    """Every entry that is *meant*, and all made from one that falls; dependencies first.

    Args:
        rows: all entries.
        meant: see `select`.
        rank: declared stage to its place in topological order.
    """
    needing: defaultdict[str, list[Row]] = defaultdict(list)
    fallen: dict[str, tuple[Row, str | None]] = {}
    for row in rows:
        for need in values_of_label(row, "needs"):
            needing[need].append(row)
        if meant(row):
            fallen[_key(row)] = (row, None)
    queue = deque(row for row, _ in fallen.values())
    while queue:
        row = queue.popleft()
        for made in values_of_label(row, "made"):
            for dependent in needing.pop(made, ()):
                if _key(dependent) not in fallen:
                    fallen[_key(dependent)] = (dependent, _key(row))
                    queue.append(dependent)

    def place(item: tuple[Row, str | None]) -> tuple[int, float, str]:
        family = next(iter(values_of_label(item[0], "family")), "")
        return rank.get(family, len(rank)), item[0].created_at, item[0].key

    return [_fallen(row, because) for row, because in sorted(fallen.values(), key=place)]


def values_of_label(row: Row, kind: str) -> list[str]:
    """The values of *row*'s labels of one kind."""
    return [label[len(kind) + 1 :] for label in row.labels if label.startswith(f"{kind}:")]


def _fallen(row: Row, because: str | None) -> Fallen:
    key = _key(row)
    tags = tuple(sorted(values_of_label(row, "tag")))
    family = next(iter(values_of_label(row, "family")), "")
    return Fallen(key, _stage(key), because, row.created_at, row.size_bytes, tags, family)


def _key(row: Row) -> str:
    return row.key.removeprefix("entry/")


def _stage(cache_key: str) -> str:
    return cache_key.rpartition(":")[0]
