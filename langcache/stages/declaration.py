"""What a stage is declared as, and the words its name may hold."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from langcache.core.encoding import canonical, digest
from langcache.core.naming import names
from langcache.errors import DeclarationError

__all__ = ["PLACE", "Stage", "declare", "hash_prompt"]

PLACE = "{id}"
"""Where an instance's item goes in the name of its family."""

PROMPT_DIGITS = 16


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """One declared stage, or with *for_each* a family of them.

    Attributes:
        name: unique in its pipeline; a family's holds ``{id}``.
        function: ``(inputs, upstream)``, with *for_each* ``(inputs, upstream, item)``; sync or async.
        runnable: instead of a function: a Runnable that takes the same as one dict.
        depends_on: stages and families whose outputs it is given; each of them counts in its key.
        for_each: the stage whose output is the list of items.
        same_item: families over the same items, of which an instance is given only its own sibling.
        in_order: each instance also depends on the one before it.
        reads: the only inputs it is shown; None: all, and those it reads count in its key.
        prompt_hash: digest of the prompt version and text declared; None if neither is.
        agent_version: who does the work, such as a model's name.
        version: stands for its code.
        tags: for invalidation.
        validate: judges the output.
        expires_after_s: lifetime of its entries, in seconds; None: the pipeline's default.
        folder: where an export puts it; None: by its name.
    """

    name: str
    function: Callable[..., Any] | None
    runnable: Any
    depends_on: tuple[str, ...]
    for_each: str | None
    same_item: tuple[str, ...]
    in_order: bool
    reads: frozenset[str] | None
    prompt_hash: str | None
    agent_version: str | None
    version: str | None
    tags: tuple[str, ...]
    validate: Callable[[Any], Any] | None
    expires_after_s: float | None
    folder: str | None

    @property
    def needs(self) -> tuple[str, ...]:
        """Every declared stage that must be complete before this one starts, each once."""
        source = () if self.for_each is None else (self.for_each,)
        return tuple(dict.fromkeys((*source, *self.depends_on, *self.same_item)))

    def instance(self, item_id: str) -> str:
        """The name of the instance for the item called *item_id*."""
        return self.name.replace(PLACE, item_id)


def declare(
    name: str,
    *,
    function: Callable[..., Any] | None = None,
    runnable: Any = None,
    depends_on: str | Iterable[str] = (),
    for_each: str | None = None,
    same_item: str | Iterable[str] = (),
    in_order: bool = False,
    reads: str | Iterable[str] | None = None,
    prompt_version: str | None = None,
    prompt: Any = None,
    agent_version: str | None = None,
    version: str | None = None,
    tags: str | Iterable[str] = (),
    validate: Callable[[Any], Any] | None = None,
    expires_after: timedelta | float | None = None,
    folder: str | None = None,
) -> Stage:
    """Check one declaration by itself; how stages fit together is for the graph to say.

    Raises:
        DeclarationError: it cannot work; the message names the stage and the fix.
    """
    _check_name(name, for_each)
    if for_each is None and (in_order or same_item):
        raise DeclarationError(f"stage {name!r}: in_order and same_item are for stages with for_each")
    if (function is None) == (runnable is None):
        raise DeclarationError(f"stage {name!r} needs a function or a runnable, and only one of them")
    return Stage(
        name=name,
        function=function,
        runnable=runnable,
        depends_on=tuple(dep for dep in names(depends_on) if dep != for_each),
        for_each=for_each,
        same_item=names(same_item),
        in_order=in_order,
        reads=None if reads is None else frozenset(names(reads)),
        prompt_hash=hash_prompt(prompt_version, prompt),
        agent_version=agent_version,
        version=version,
        tags=names(tags),
        validate=validate,
        expires_after_s=_seconds(name, expires_after),
        folder=folder,
    )


def hash_prompt(version: str | None, prompt: Any) -> str | None:
    """The prompt hash of a declared version, text, or both."""
    if version is None and prompt is None:
        return None
    return digest(canonical(["prompt", version, prompt]))[:PROMPT_DIGITS]


def _check_name(name: str, for_each: str | None) -> None:
    if not name or not name.isprintable():
        raise DeclarationError(f"a stage's name is printable text, not {name!r}")
    if for_each is not None and name.count(PLACE) != 1:
        raise DeclarationError(
            f"stage {name!r} has for_each, so its name needs one {PLACE}, as in 'phase-{PLACE}-code'"
        )
    if for_each is None and PLACE in name:
        raise DeclarationError(
            f"stage {name!r} has {PLACE} in its name, so it needs for_each='the stage with the list'"
        )


def _seconds(name: str, value: timedelta | float | None) -> float | None:
    if value is None:
        return None
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if not seconds > 0:
        raise DeclarationError(f"stage {name!r}: expires_after is longer than zero, not {value!r}")
    return seconds
