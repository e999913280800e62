"""Door 2: LangChain's own model cache, keyed on what decides the answer instead of on the text of a prompt."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.caches import RETURN_VAL_TYPE, BaseCache

from langcache.core import directives as words
from langcache.core.naming import names
from langcache.core.profile import Profile
from langcache.errors import DeclarationError
from langcache.langchain.callers import calling_model, is_chat, is_text
from langcache.langchain.handler import declared, unwatch, watch
from langcache.langchain.lookup_flow import Answer, LookupFlow
from langcache.langchain.lookup_work import LookupWork
from langcache.langchain.matching import Call, any_begun, claim, claimed, policy_for
from langcache.langchain.model_work import Policed
from langcache.langchain.policy import ChainPolicy
from langcache.langchain.settings import Settings
from langcache.runtime import ambient
from langcache.runtime.cache import Cache, check_cache
from langcache.runtime.steps import adrive, drive

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
        check_cache(cache)
        self.cache = cache
        self.policies = declared(policies, policy)
        self._flow = LookupFlow(cache.engine)
        self._policed: dict[int, tuple[ChainPolicy, Policed]] = {}
        self._exact = Policed(cache, Settings(EXACT, Profile, mode="abstract"))
        watch(self)

    def lookup(self, prompt: str, llm_string: str) -> Answer:
        """The answer for the user whose call this is, as fresh objects.

        Raises:
            NotCached: ``only-if-cached`` was asked, and nothing may be used.
            DeclarationError: an unknown directive was asked.
        """
        work = self._safely(lambda: self._begin(prompt, llm_string))
        return None if work is None else drive(self._flow.seek(work))

    async def alookup(self, prompt: str, llm_string: str) -> Answer:
        """`lookup`, awaited."""
        work = self._safely(lambda: self._begin(prompt, llm_string))
        if work is None:
            return None
        task = asyncio.current_task()
        if task is not None and work.matched:
            # A task that is cancelled calls back nobody; LangChain gives each call a task of its own.
            task.add_done_callback(lambda _: work.failed())
        return await adrive(self._flow.seek(work))

    def update(self, prompt: str, llm_string: str, return_val: RETURN_VAL_TYPE) -> None:
        """Keep an answer as a template, if it may be kept; never raises."""
        work = self._safely(lambda: self._resume(prompt, llm_string))
        if work is not None:
            drive(self._flow.keep(work, return_val))

    async def aupdate(self, prompt: str, llm_string: str, return_val: RETURN_VAL_TYPE) -> None:
        """`update`, awaited."""
        work = self._safely(lambda: self._resume(prompt, llm_string))
        if work is not None:
            await adrive(self._flow.keep(work, return_val))

    def clear(self, **_: Any) -> None:
        """Remove every entry of the cache's namespace."""
        self.cache.clear()

    async def aclear(self, **_: Any) -> None:
        """`clear`, awaited."""
        await self.cache.aclear()

    def retire(self) -> None:
        """Be told of no more calls."""
        unwatch(self)

    @staticmethod
    def _safely(make: Callable[[], LookupWork | None]) -> LookupWork | None:
        try:
            return make()
        except DeclarationError:
            raise
        except Exception as error:
            logger.warning("langcache: a model call is not cached (%s)", type(error).__name__)
            return None

    def _begin(self, prompt: str, llm_string: str) -> LookupWork | None:
        if ambient.inside_wrapped():
            return None
        call = claim(prompt, llm_string)
        if call is None:
            return self._unmatched(prompt, llm_string)
        policy = policy_for(call, (*self.policies, *call.policies))
        call.work = LookupWork(self._exact if policy is None else self._chain(policy), call, llm_string)
        return call.work  # type: ignore[no-any-return]

    def _resume(self, prompt: str, llm_string: str) -> LookupWork | None:
        if ambient.inside_wrapped():
            return None
        call = claimed(prompt, llm_string)
        if call is not None:
            return call.work  # type: ignore[no-any-return]
        return self._unmatched(prompt, llm_string)

    def _unmatched(self, prompt: str, llm_string: str) -> LookupWork:
        """A lookup no callback spoke of: a text model's, or one by hand; never a policy's.

        A chat model's whose start was seen differs from what the start said (images are rewritten for tracers).
        """
        call = Call(None, (), parameters={"prompt": prompt, "llm_string": llm_string})
        work = LookupWork(self._exact, call, llm_string)
        lost = calling_model() is None if is_text(prompt, llm_string) else is_chat(prompt) and any_begun()
        if lost or any(whatever for _, whatever in self.policies):
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
                names(policy.tags),
                words.parse(policy.directives),
            )
            known = self._policed[id(policy)] = (policy, Policed(self.cache, settings))
        return known[1]
