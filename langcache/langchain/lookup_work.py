"""One model call as LangChain's cache sees it: in two halves, with the provider between them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from langcache.errors import Refused
from langcache.langchain.callers import calling_model
from langcache.langchain.fingerprint import IRRELEVANT, SECRET, fingerprint
from langcache.langchain.matching import Call, finish
from langcache.langchain.model_request import ModelRequest
from langcache.langchain.model_work import METADATA_PROFILE, ModelWork, Policed, identity_of, values_of
from langcache.runtime import ambient
from langcache.runtime.fetch import Term
from langcache.runtime.flight import Landing

__all__ = ["LookupWork"]


class LookupWork(ModelWork):
    """The work between a lookup and its update.

    Args:
        chain: what the policy that covers the call declares.
        call: the call, as its start told of it.
        llm_string: LangChain's own description of the model.
    """

    def __init__(self, chain: Policed, call: Call, llm_string: str) -> None:
        self._call, self._llm_string = call, llm_string
        self.started = chain.cache.clock.now()
        self._ended = False
        self.term = Term()
        self._variables = call.variables if isinstance(call.variables, Mapping) else None
        known = values_of(ambient.ambient_user(), call.metadata.get(METADATA_PROFILE))
        super().__init__(chain, values_of(ambient.ambient_user(), self._variables, known), call.metadata, call.tags)
        if call.unsure and not known and chain.settings.profile.declaration.names:
            self.bypass = "two prompts were formatted side by side: name the user in metadata['profile']"

    def _requested(self) -> ModelRequest:
        told, found = self._call, calling_model()
        model = [_described(told.model), _discriminator(self._llm_string)] if found is None else list(found)
        shape = fingerprint([model, _relevant(told.parameters), told.options])
        identity = identity_of(self.chain.settings, shape, "llm_cache")
        request = ModelRequest(self.chain, identity, told.messages, self.inputs, told.made, self._variables)
        request.check()
        return request

    @property
    def matched(self) -> bool:
        """Whether a callback spoke of the call, and will speak of its end."""
        return self._call.run_id is not None

    def refused(self, refused: Refused) -> None:
        """The answer must not be stored."""
        event = self.event
        event.outcome, event.reason = "refused", refused.reason
        for name in ("slot", "form", "position"):
            if getattr(refused, name) is not None:
                event.details[name] = getattr(refused, name)

    def failed(self, error: BaseException | None = None) -> None:
        """No update follows: the provider failed, or nobody waits for it any more.

        One of those who wait takes over; if that fails too, the others need not queue up behind each other.
        """
        again = self.term.flight is not None and not self.term.flight.failures
        self.ended(
            "error: cancelled" if error is None else f"error: {type(error).__name__}", Landing(released=not again)
        )

    def ended(self, reason: str | None = None, landing: Landing | None = None) -> None:
        """Account for the call and let those who wait for it go on; once."""
        if self._ended:
            return
        self._ended = True
        finish(self._call)
        event, engine = self.event, self.chain.cache.engine
        if self.bypass is not None:
            event.outcome, event.reason = "bypass", self.bypass
        event.reason = event.reason or reason
        event.latency_s = max(0.0, engine.clock.now() - self.started)
        engine.record(event)
        engine.leases.abandon(self.term.lease)
        engine.fetch.land(self.term, landing or Landing(released=True))


def _relevant(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters without what does not shape an answer, and without secrets; schemas inside them stay whole."""
    return {k: v for k, v in parameters.items() if k not in IRRELEVANT and not SECRET.search(str(k))}


def _described(model: Any) -> Any:
    """A model as LangChain writes it down."""
    if not isinstance(model, Mapping):
        return model
    kwargs = model.get("kwargs")
    return {**_relevant(model), "kwargs": _relevant(kwargs) if isinstance(kwargs, Mapping) else kwargs}


def _discriminator(llm_string: str) -> Sequence[Any]:
    """LangChain's own description of the model, relevant parts only; as it is where it has another shape."""
    try:
        described, end = json.JSONDecoder().raw_decode(llm_string)
    except ValueError:
        return [llm_string]
    return [_described(described), llm_string[end:]]
