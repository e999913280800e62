"""Door 2: LangChain's own model cache, keyed on what decides the answer instead of on the text of a prompt."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langchain_core.caches import RETURN_VAL_TYPE, BaseCache

from langcache.core import directives as words
from langcache.core.policy import judge
from langcache.core.profile import Profile
from langcache.errors import CorruptEntry, NotCached, Refused, UnstorableError
from langcache.langchain.fingerprint import IRRELEVANT, SECRET, fingerprint
from langcache.langchain.handler import declared, unwatch, watch
from langcache.langchain.matching import Call, any_begun, claim, claimed, policy_for
from langcache.langchain.model_request import ModelRequest
from langcache.langchain.model_work import (
    METADATA_PROFILE,
    ModelWork,
    Policed,
    as_answers,
    as_generations,
    identity_of,
    values_of,
)
from langcache.langchain.policy import ChainPolicy
from langcache.langchain.settings import Settings
from langcache.langchain.text_models import call_arguments, is_text_model
from langcache.runtime import ambient
from langcache.runtime.cache import Cache
from langcache.runtime.flow import UNFILLABLE
from langcache.runtime.steps import Flow, adrive, drive

__all__ = ["LLMCache"]

logger = logging.getLogger("langcache")

EXACT = "llm"
"""Chain name of calls that no policy covers."""


class LLMCache(BaseCache):
    """What `Cache.llm_cache` returns: for ``ChatOpenAI(cache=…)`` or ``set_llm_cache(…)``.

    A call that a policy covers is answered for every user of its kind, from a template. Its profile's values come
    from ``metadata["profile"]``, else from the variables its prompt template was given, else from
    ``cache.user({...})``. Other calls are cached exactly. A call that cannot be told apart from others is left alone.
    Of the directives, ``stale-if-error`` has no effect here (LangChain asks the cache before the provider, never
    after), and ``stale-while-revalidate`` serves the stale answer without a refresh.

    Args:
        cache: where answers are kept.
        policies: per chain.
        **policy: arguments of one `ChainPolicy` that covers every call of the models this is given to.

    Raises:
        DeclarationError: a policy cannot work.
    """

    def __init__(self, cache: Cache, policies: Sequence[ChainPolicy] = (), **policy: Any) -> None:
        self.cache = cache
        self.policies = declared(policies, policy)
        self._policed: dict[int, tuple[ChainPolicy, Policed]] = {}
        self._exact = Policed(cache, Settings(EXACT, Profile, mode="abstract"))
        watch(self)

    def lookup(self, prompt: str, llm_string: str) -> RETURN_VAL_TYPE | None:
        """The answer for the user whose call this is, as fresh objects.

        Raises:
            NotCached: ``only-if-cached`` was asked, and nothing may be used.
        """
        work = self._safely(lambda: self._begin(prompt, llm_string))
        return None if work is None else drive(self._seek(work))

    async def alookup(self, prompt: str, llm_string: str) -> RETURN_VAL_TYPE | None:
        """`lookup`, awaited."""
        work = self._safely(lambda: self._begin(prompt, llm_string))
        return None if work is None else await adrive(self._seek(work))

    def update(self, prompt: str, llm_string: str, return_val: RETURN_VAL_TYPE) -> None:
        """Keep an answer as a template, if it may be kept; never raises."""
        work = self._safely(lambda: self._resume(prompt, llm_string))
        if work is not None:
            drive(self._keep(work, return_val))

    async def aupdate(self, prompt: str, llm_string: str, return_val: RETURN_VAL_TYPE) -> None:
        """`update`, awaited."""
        work = self._safely(lambda: self._resume(prompt, llm_string))
        if work is not None:
            await adrive(self._keep(work, return_val))

    def clear(self, **_: Any) -> None:
        """Remove every entry of the cache's namespace."""
        self.cache.clear()

    async def aclear(self, **_: Any) -> None:
        """`clear`, awaited."""
        await self.cache.aclear()

    def retire(self) -> None:
        """Be told of no more calls; a lookup from now on finds nothing."""
        unwatch(self)

    @staticmethod
    def _safely(make: Callable[[], Any]) -> Any:
        try:
            return make()
        except Exception as error:
            logger.warning("langcache: a model call is not cached (%s)", type(error).__name__)
            return None

    def _begin(self, prompt: str, llm_string: str) -> "LookupWork | None":
        if ambient.inside_wrapped():
            return None
        call = claim(prompt, llm_string)
        if call is None:
            return self._unmatched(prompt, llm_string)
        call.work = self._work(call, llm_string)
        return call.work  # type: ignore[no-any-return]

    def _resume(self, prompt: str, llm_string: str) -> "LookupWork | None":
        if ambient.inside_wrapped():
            return None
        call = claimed(prompt, llm_string)
        if call is not None:
            return call.work  # type: ignore[no-any-return]
        return self._unmatched(prompt, llm_string)

    def _work(self, call: Call, llm_string: str) -> "LookupWork":
        policy = policy_for(call, (*self.policies, *call.policies))
        chain = self._exact if policy is None else self._chain(policy)
        given = call.variables if isinstance(call.variables, Mapping) else None
        asserted = call.metadata.get(METADATA_PROFILE)
        values = values_of(ambient.ambient_user(), given, asserted)
        unsure = call.unsure and not asserted and not ambient.ambient_user()
        work = LookupWork(chain, call, values, given, _discriminator(llm_string))
        if unsure and policy is not None and policy.profile is not None:
            work.bypass = "two prompts were formatted side by side: name the user in metadata['profile']"
        return work

    def _unmatched(self, prompt: str, llm_string: str) -> "LookupWork":
        """A lookup no callback spoke of: a text model's, or a test's own; never a policy's."""
        arguments: Any = {}
        if is_text_model(prompt, llm_string):
            arguments = call_arguments()
        elif any_begun() and prompt.startswith('[{"lc":'):
            arguments = None
        call = Call(None, (), parameters={"prompt": prompt, "arguments": arguments})
        work = LookupWork(self._exact, call, {}, None, llm_string)
        if arguments is None or any(whatever for _, whatever in self.policies):
            work.bypass = "the call cannot be told apart from others"
        return work

    def _chain(self, policy: ChainPolicy) -> Policed:
        known = self._policed.get(id(policy))
        if known is None or known[0] is not policy:
            settings = Settings(
                policy.name,
                policy.profile or Profile,
                policy.prompt_version,
                "abstract",
                policy.generation_type,
                tuple(policy.tags),
                words.parse(policy.directives),
            )
            known = self._policed[id(policy)] = (policy, Policed(self.cache, settings))
        return known[1]

    def _seek(self, work: "LookupWork") -> Flow[RETURN_VAL_TYPE | None]:
        try:
            return (yield from self._sought(work))
        except NotCached:
            work.ended("error: NotCached")
            raise
        except Exception as error:
            work.bypass = f"error: {type(error).__name__}"
            return None

    def _sought(self, work: "LookupWork") -> Flow[RETURN_VAL_TYPE | None]:
        asked, engine = work.directives, self.cache.engine
        if work.bypass is not None or asked.no_store:
            work.bypass = work.bypass or "no-store"
            if asked.only_if_cached:
                raise NotCached(f"only-if-cached, but nothing may be read: {work.bypass}")
            return None
        if not asked.no_cache:
            entry = yield engine.store.get(work.namespace, work.key)
            if entry is not None and judge(entry, asked, engine.expiry, engine.clock.now()) in ("fresh", "revalidate"):
                answer = yield from self._served(work, entry)
                if answer is not None:
                    return answer
        else:
            work.event.outcome = "refresh"
        if asked.only_if_cached:
            raise NotCached(f"only-if-cached, and no answer of chain {work.event.chain!r} is stored under this key")
        return None

    def _served(self, work: "LookupWork", entry: Any) -> Flow[RETURN_VAL_TYPE | None]:
        engine = self.cache.engine
        try:
            answer = as_generations(work.fill(entry))
        except CorruptEntry:
            yield engine.store.drop_corrupt(work.namespace, work.key)
            return None
        except UnstorableError:
            return None
        except UNFILLABLE:
            work.bypass = "cannot be filled for this user"
            return None
        event = work.event
        verdict = judge(entry, work.directives, engine.expiry, engine.clock.now())
        event.outcome, event.model = "hit" if verdict == "fresh" else "stale", entry.model
        event.age_s = max(0.0, engine.clock.now() - entry.created_at)
        event.saved_usd = entry.cost_usd
        work.ended()
        return answer

    def _keep(self, work: "LookupWork", generations: RETURN_VAL_TYPE) -> Flow[None]:
        engine = self.cache.engine
        try:
            produced = work.produced(as_answers(generations))
            engine.account(work.event, produced.usages)
            if work.bypass is None:
                entry = engine.entry(work, engine.checked(work, produced))
                gone_at = engine.expiry.gone_at(entry.fresh_until)
                yield engine.store.put(work.namespace, work.key, entry, gone_at, work.labels)
        except Refused as refused:
            work.refused(refused)
        except Exception as error:
            work.bypass = str(error) if isinstance(error, UnstorableError) else f"error: {type(error).__name__}"
        work.ended()


class LookupWork(ModelWork):
    """One model call as LangChain's cache sees it: in two halves, with the provider between them."""

    def __init__(
        self, chain: Policed, call: Call, values: Mapping[str, Any], variables: Mapping[str, Any] | None, extra: Any
    ) -> None:
        self._call, self._values, self._variables, self._extra = call, values, variables, extra
        self._started = chain.cache.clock.now()
        super().__init__(chain, values, call.metadata, call.tags)

    def _requested(self) -> ModelRequest:
        told = self._call
        found = fingerprint([_model(told.model), _relevant(told.parameters), told.options])
        identity = identity_of(self.chain.settings, found, "llm_cache")
        request = ModelRequest(
            self.chain,
            identity,
            self._call.messages,
            self._values,
            variables=self._variables,
            extra={"llm_string": self._extra},
        )
        request.check()
        return request

    def refused(self, refused: Refused) -> None:
        """The answer must not be stored."""
        event = self.event
        event.outcome, event.reason = "refused", refused.reason
        for name in ("slot", "form", "position"):
            if getattr(refused, name) is not None:
                event.details[name] = getattr(refused, name)

    def failed(self, error: BaseException) -> None:
        """The provider failed: no update follows."""
        self.ended(f"error: {type(error).__name__}")

    def ended(self, reason: str | None = None) -> None:
        """Account for the call, once."""
        event, clock = self.event, self.chain.cache.clock
        self._call.done, self._call.work = True, None
        if self.bypass is not None:
            event.outcome, event.reason = "bypass", self.bypass
        event.reason = event.reason or reason
        event.latency_s = max(0.0, clock.now() - self._started)
        self.chain.cache.engine.record(event)


def _relevant(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters without what does not shape an answer, and without secrets; schemas inside them stay whole."""
    return {k: v for k, v in parameters.items() if k not in IRRELEVANT and not SECRET.search(str(k))}


def _model(described: Any) -> Any:
    """A model as LangChain writes it down."""
    if not isinstance(described, Mapping):
        return described
    kwargs = described.get("kwargs")
    return {
        **_relevant(described),
        "kwargs": _relevant(kwargs) if isinstance(kwargs, Mapping) else kwargs,
    }


def _discriminator(llm_string: str) -> Any:
    """LangChain's own description of the model, relevant parts only; as it is where it has another shape."""
    try:
        described, end = json.JSONDecoder().raw_decode(llm_string)
    except ValueError:
        return llm_string
    return [_model(described), llm_string[end:]]
