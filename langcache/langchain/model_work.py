"""One model call as `langcache.runtime.work.Work`: what the drop-in door and wrapped models have in common."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, Generation

from langcache.core.classes import Classes
from langcache.core.directives import Directives, combine, from_config
from langcache.core.encoding import canonical, digest
from langcache.core.entry import labels_of
from langcache.core.events import Event
from langcache.core.profile import Profile
from langcache.langchain.chain_work import ChainWork, asked_by_profile
from langcache.langchain.fingerprint import Fingerprint
from langcache.langchain.finish import finish_of
from langcache.langchain.messages.blank import is_blank
from langcache.langchain.messages.packing import Messages
from langcache.langchain.observe import usage_of
from langcache.langchain.request import why_keyless
from langcache.langchain.settings import Identity, Settings
from langcache.langchain.thoughts import calls_after_thoughts
from langcache.runtime import ambient
from langcache.runtime.cache import Cache
from langcache.runtime.work import Produced

__all__ = ["METADATA_PROFILE", "ModelWork", "Policed", "as_answers", "as_generations", "identity_of", "values_of"]

METADATA_PROFILE = "profile"
UNVERSIONED = "rendered"
"""Prompt version of calls without one: the rendered messages are in the key anyway."""


@dataclass(slots=True)
class Policed:
    """What `ChainWork` asks of a chain, where there is only a policy for one."""

    cache: Cache
    settings: Settings


def identity_of(settings: Settings, found: Fingerprint, door: str) -> Identity:
    """What all calls with these settings and parameters share."""
    version = settings.prompt_version or UNVERSIONED
    parts = {
        "chain": settings.name,
        "prompt_version": version,
        "model": digest(canonical(found.parts)),
        "profile": settings.profile.declaration.digest,
        "mode": settings.mode,
        "door": door,
    }
    labels = labels_of(settings.name, version, settings.generation_type, settings.tags)
    prefix = canonical(list(parts.values()))
    return Identity(found, prefix, parts, {}, Classes(tuple(found.classes)), version, labels)


def values_of(*sources: Any) -> dict[str, Any]:
    """Profile values from several sources; a later one wins."""
    values: dict[str, Any] = {}
    for source in sources:
        if isinstance(source, Profile):
            values.update({name: getattr(source, name) for name in type(source).model_fields})
        elif isinstance(source, Mapping):
            values.update(source)
    return values


class ModelWork(ChainWork):
    """The half of a model call that is the same at every model door.

    Args:
        chain: settings, labels and cache.
        values: the profile's values, as far as known.
        metadata, tags: of the call.
    """

    chain: Any

    def __init__(self, chain: Any, values: Mapping[str, Any], metadata: Mapping[str, Any], tags: Sequence[str]) -> None:
        settings: Settings = chain.settings
        self.chain, self.inputs, self.kwargs = chain, values, {}
        self.namespace, self.labels = chain.cache.namespace, frozenset()
        self.masks = settings.mode == "mask"
        version = settings.prompt_version or UNVERSIONED
        self.event = Event(settings.name, version, settings.generation_type, settings.tags, namespace=self.namespace)
        self.key, self.bypass, self.request = "", None, None
        self._tokens, self._used, self.watching = None, [], []
        self.directives = self._asked(metadata, tags)
        try:
            self.request = self._requested()
        except Exception as error:
            self.bypass = why_keyless(error)
            return
        self.identity = self.request.identity
        self.labels = self.identity.labels
        self.event.prompt_version = self.identity.prompt_version
        self.key = self.event.key = self.request.key

    def apart(self) -> "ModelWork":
        """The same call on an account of its own."""
        twin = copy.copy(self)
        twin.event = self.event.anew()
        twin.streams = False
        return twin

    def template(self, produced: Produced) -> Any:
        """The packed, delexicalized answer."""
        return self._packed(produced.output, Messages())

    def _requested(self) -> Any:
        """The request; raises `UnkeyableError`."""
        raise NotImplementedError

    def _asked(self, metadata: Mapping[str, Any], tags: Sequence[str]) -> Directives:
        settings = self.chain.settings
        levels = [
            *from_config(metadata, tags),
            *ambient.ambient_directives(),
            asked_by_profile(settings.profile, self.inputs),
            settings.directives,
        ]
        return combine(levels)

    def produced(self, answers: list[Any], llm_output: Mapping[str, Any] | None = None) -> Produced:
        """What a provider call gave, with what speaks against storing it."""
        usages, refusal = [], None
        for answer in answers:
            message = answer if isinstance(answer, BaseMessage) else None
            info = None if message is not None else answer["info"]
            refusal = refusal or finish_of(message, info)
            usages.append(usage_of(message, dict(llm_output or info or {})))
        if refusal is None and any(map(self._must_go_back, answers)):
            refusal = "reasoning of a tool call"
        if refusal is None and all(map(_is_empty, answers)):
            refusal = "empty answer"
        return Produced(answers, usages[:1], refusal)

    def _must_go_back(self, answer: Any) -> bool:
        """Whether an answer may go back only with what no hit has."""
        return calls_after_thoughts(answer)

    def masked_run_ended(self, well: bool) -> None:
        """Count towards giving up on masking, where there is a chain to give up on."""
        if not isinstance(self.chain, Policed):
            super().masked_run_ended(well)


def as_answers(generations: Sequence[Generation]) -> list[Any]:
    """Generations as what can be packed: messages, or text with its info."""
    return [
        generation.message
        if isinstance(generation, ChatGeneration)
        else {"text": generation.text, "info": generation.generation_info}
        for generation in generations
    ]


def as_generations(answers: Sequence[Any]) -> list[Generation]:
    """The reverse, for an answer that was stored."""
    return [
        ChatGeneration(message=answer, generation_info={"langcache": answer.response_metadata.get("langcache")})
        if isinstance(answer, AIMessage)
        else Generation(text=answer["text"], generation_info=answer["info"])
        for answer in answers
    ]


def _is_empty(answer: Any) -> bool:
    return is_blank(answer) if isinstance(answer, BaseMessage) else not answer["text"].strip()
