"""Which chunks of a chain's stream add up to its answer, and which take the place of those before."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.output_parsers import BaseOutputParser
from langchain_core.output_parsers.transform import BaseCumulativeTransformOutputParser
from langchain_core.prompts import BasePromptTemplate
from langchain_core.runnables import (
    RunnableAssign,
    RunnableParallel,
    RunnablePassthrough,
    RunnablePick,
    RunnableSequence,
    RunnableWithFallbacks,
)
from langchain_core.runnables.base import RunnableBindingBase

__all__ = ["Growth", "adds_up", "growth", "growth_of", "may_grow", "speaks", "steps"]

Growth = bool | Mapping[str | None, Any]
"""Whether each chunk takes the place of the one before, as a JSON parser's does; of a dict of parts, that of each part,
and of any other under None."""


def growth(runnable: Any, before: Growth = False) -> Growth:
    """How the chunks of *runnable*'s stream become its answer; *before*, those it is given."""
    found = before
    for step in steps(runnable):
        found = _after(step, found)
    return found


def growth_of(grows: Growth, name: str) -> Growth:
    """That of a part."""
    return grows if isinstance(grows, bool) else grows.get(name, grows.get(None, False))


def adds_up(runnable: Any) -> bool:
    """Whether the chunks of *runnable*'s stream make its answer; those of a graph are its steps, of some parsers
    patches."""
    found = steps(runnable)
    return not any(hasattr(step, "stream_mode") for step in found) and not getattr(found[-1], "diff", False)


def speaks(runnable: Any) -> bool:
    """Whether a runnable is prompts, a chat model and parsers, one after the other: its answer is the model's words."""
    found = steps(runnable)
    at = next((n for n, step in enumerate(found) if isinstance(step, BaseChatModel)), None)
    if at is None:
        return False
    asked = all(isinstance(step, BasePromptTemplate) for step in found[:at])
    return asked and all(isinstance(step, BaseOutputParser) for step in found[at + 1 :])


def steps(runnable: Any) -> list[Any]:
    """The steps of a sequence, those of sequences in it among them."""
    if isinstance(runnable, RunnableSequence):
        return [each for step in runnable.steps for each in steps(step)]
    if isinstance(runnable, RunnableBindingBase):
        return steps(runnable.bound)
    return steps(runnable.runnable) if isinstance(runnable, RunnableWithFallbacks) else [runnable]


def may_grow(chunks: Sequence[Any]) -> bool:
    """Whether chunks that would add up to something else look as if each took the place of the one before.

    Nobody can tell where a JSON parser is in a branch, behind a function, or among alternatives.
    """
    told = [chunk for chunk in chunks if chunk is not None and not _is_empty(chunk)]
    if len(told) < 2 or not isinstance(told[0], str | list | int | float):
        return False
    return all(_goes_on(before, after) and not _goes_on(after, before) for before, after in pairwise(told))


def _is_empty(chunk: Any) -> bool:
    return isinstance(chunk, str | list) and not chunk


def _goes_on(before: Any, after: Any) -> bool:
    """Whether a JSON parser may give *before*, and then *after* or the same again."""
    if before is None:
        return True
    if isinstance(before, int | float) and isinstance(after, int | float):
        return str(after).startswith(str(before))
    if isinstance(before, str) and isinstance(after, str):
        return str(after).startswith(str(before))  # a masked value, handed on as a chunk, refuses to be asked itself
    if isinstance(before, list) and isinstance(after, list):
        return len(before) <= len(after) and all(map(_goes_on, before, after))
    if isinstance(before, dict) and isinstance(after, dict):
        return all(name in after and _goes_on(value, after[name]) for name, value in before.items())
    return False


def _after(step: Any, before: Growth) -> Growth:
    """The growth of what a step makes of chunks; most make chunks of their own."""
    if isinstance(step, RunnablePassthrough):
        return before
    if isinstance(step, RunnableParallel):
        return _parts(step, before)
    if isinstance(step, RunnableAssign):
        return {**({None: before} if isinstance(before, bool) else before), **_parts(step.mapper, before)}
    if isinstance(step, RunnablePick):
        if isinstance(step.keys, str):
            return growth_of(before, step.keys)
        return {name: growth_of(before, name) for name in step.keys}
    return isinstance(step, BaseCumulativeTransformOutputParser)


def _parts(parallel: Any, before: Growth) -> dict[str | None, Any]:
    return {name: growth(part, before) for name, part in parallel.steps__.items()}
