"""Tags: words that tasks are grouped by."""

import re
from collections import Counter
from collections.abc import Iterable

from todo.model import Task

WORD = re.compile(r"[\w-]+")


def normalise(text: str) -> str:
    """``#Home`` and ``home`` are one tag."""
    tag = text.strip().removeprefix("#").lower()
    if not WORD.fullmatch(tag):
        raise ValueError(f"{text!r} is no tag: letters, digits, - and _ only")
    return tag


def changed(tags: frozenset[str], changes: Iterable[str]) -> frozenset[str]:
    """*tags* after ``+home`` and ``-work``, in that order; without a sign it is added."""
    for change in changes:
        sign, word = (change[0], change[1:]) if change[:1] in ("+", "-") else ("+", change)
        tags = tags - {normalise(word)} if sign == "-" else tags | {normalise(word)}
    return tags


def counted(tasks: Iterable[Task]) -> list[tuple[str, int]]:
    """Each tag of an open task with how many carry it, most used first."""
    counts = Counter(tag for task in tasks if not task.done for tag in task.tags)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
