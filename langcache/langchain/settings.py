"""What one wrapped chain was declared to be, and what is derived from it once."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from langcache.core.classes import Classes
from langcache.core.directives import NONE, Directives
from langcache.core.encoding import canonical, digest
from langcache.core.entry import labels_of
from langcache.core.naming import check_labels
from langcache.core.profile import Profile
from langcache.errors import DeclarationError
from langcache.langchain.adapt import INSTRUCTION, adapted
from langcache.langchain.fingerprint import Fingerprint
from langcache.langchain.growth import Growth, adds_up, growth, speaks
from langcache.langchain.prompt_clash import report_prompt_clash
from langcache.langchain.thoughts import thinks_before_calls
from langcache.langchain.watch import Watched
from langcache.runtime.breaker import Breaker
from langcache.runtime.cache import Cache
from langcache.storage.forking import ForkableLock
from langcache.templating import Known

__all__ = ["VOLATILE", "Chain", "Settings", "check"]

VOLATILE = frozenset({"thread_id", "checkpoint_id", "checkpoint_ns", "checkpoint_map", "run_id", "task_id"})
"""LangGraph's own names in ``configurable``: they say where a run is, not what it is asked."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The arguments of `Cache.wrap`."""

    name: str
    profile: type[Profile]
    prompt_version: str | None = None
    mode: Literal["mask", "abstract"] = "mask"
    generation_type: str | None = None
    tags: tuple[str, ...] = ()
    directives: Directives = NONE
    instruction: str | Literal[False] | None = None
    volatile: frozenset[str] = frozenset()
    fallbacks: Literal["apart", "together"] = "apart"
    agent: bool = False
    """Whether an agent makes the calls: who is served was settled around them, and answers go back with the next."""


def check(settings: Settings) -> None:
    """Raises `DeclarationError` if they cannot work."""
    if settings.mode not in ("mask", "abstract"):
        raise DeclarationError(f"mode is 'mask' or 'abstract', not {settings.mode!r}")
    if settings.fallbacks not in ("apart", "together"):
        raise DeclarationError(f"fallbacks is 'apart' or 'together', not {settings.fallbacks!r}")
    if not (isinstance(settings.profile, type) and issubclass(settings.profile, Profile)):
        raise DeclarationError("profile is a subclass of langcache.Profile, or Profile.of(...)")
    check_labels(
        name=settings.name,
        prompt_version=settings.prompt_version,
        generation_type=settings.generation_type,
        tags=settings.tags,
    )


@dataclass(frozen=True)
class Identity:
    """What every request to a chain shares; made anew only when a parameter of the runnable changes.

    Attributes:
        found: the fingerprint it was made from.
        prefix: canonical encoding of the shared parts, the beginning of every key.
        parts: the same parts, readable, for `explain`.
        inner: the runnable to run, by whether it is masked.
        grows: whether each chunk of its stream, or which parts of it, replace those before.
        adds_up: whether the chunks of its stream make its answer.
        speaks: whether its answer is what a chat model says, which repeats no id of the messages it was given.
        thinks: whether its calls of tools come with signed reasoning, without which they may not go back.
    """

    found: Fingerprint
    prefix: bytes
    parts: Mapping[str, str]
    inner: Mapping[bool, Any]
    classes: Classes
    prompt_version: str
    labels: frozenset[str] = frozenset()
    grows: Growth = False
    adds_up: bool = True
    speaks: bool = False
    thinks: bool = False

    @cached_property
    def known(self) -> Known:
        """What the prompt says to everybody."""
        return Known(self.found.texts)


@dataclass(slots=True)
class Chain:
    """A runnable, its settings and its cache: everything about a wrapped chain that outlives a request."""

    cache: Cache
    runnable: Any
    settings: Settings
    watched: Watched
    masked_runs: Breaker = field(init=False)
    _identity: Identity | None = None
    _lock: ForkableLock = field(default_factory=ForkableLock)

    def __post_init__(self) -> None:
        # Three failures in a row, then a try every five minutes: a chain that cannot be masked costs each call twice.
        self.masked_runs = Breaker(self.cache.clock, failures=3, pause_s=300.0)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Chain":
        runnable = copy.deepcopy(self.runnable, memo)
        return Chain(copy.deepcopy(self.cache, memo), runnable, self.settings, Watched(runnable))

    def identity(self) -> Identity:
        """The identity as of now."""
        found, known = self.watched.current(), self._identity
        return known if known is not None and known.found is found else self._identify_once(found)

    def _identify_once(self, found: Fingerprint) -> Identity:
        """A request that met another identity than its neighbour would take the chain for changed."""
        with self._lock:
            if self._identity is None or self._identity.found is not found:
                self._identity = self._identify(found)
            return self._identity

    def _identify(self, found: Fingerprint) -> Identity:
        settings = self.settings
        version = settings.prompt_version or f"auto-{digest(canonical(found.prompts))[:12]}"
        parts = {
            "chain": settings.name,
            "prompt_version": version,
            "model": digest(canonical(found.parts)),
            "profile": settings.profile.declaration.digest,
            "mode": settings.mode,
            "instruction": digest(canonical(self._instruction_text() or "")),
        }
        if settings.fallbacks == "together":
            parts["fallbacks"] = settings.fallbacks  # its entries may be a fallback's
        inner = {True: adapted(self.runnable, self._instruction_text()), False: adapted(self.runnable, None)}
        prefix = canonical(list(parts.values()))
        if settings.prompt_version is not None and found.prompts:
            report_prompt_clash(self.cache, prefix, settings.name, version, found.prompts)
        labels = labels_of(settings.name, version, settings.generation_type, settings.tags)
        classes = Classes(tuple(found.classes))
        return Identity(
            found,
            prefix,
            parts,
            inner,
            classes,
            version,
            labels,
            grows=growth(self.runnable),
            adds_up=adds_up(self.runnable),
            speaks=speaks(self.runnable),
            thinks=thinks_before_calls(self.runnable),
        )

    def _instruction_text(self) -> str | None:
        """The instruction a masked run adds; none where there is nothing to keep."""
        slots = self.settings.profile.declaration.slots
        if self.settings.mode != "mask" or not slots or self.settings.instruction is False:
            return None
        return self.settings.instruction or INSTRUCTION.format(example=slots[0].label)
