"""Door 3: an agent whose model calls, and whose pure tools, are answered from the cache."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from typing import Any, Literal, NotRequired

try:
    from langchain.agents.middleware import AgentMiddleware, AgentState
except ModuleNotFoundError as missing:  # agents are all that needs it, and no extra of ours brings it
    raise ModuleNotFoundError("CacheMiddleware needs langchain: pip install langchain", name=missing.name) from None
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import ToolMessage
from langchain_core.runnables import Runnable, RunnableWithFallbacks, ensure_config
from langchain_core.runnables.base import RunnableBindingBase
from langchain_core.runnables.configurable import RunnableConfigurableAlternatives, RunnableConfigurableFields
from pydantic import BaseModel

from langcache.core.directives import NONE, Directives, parse
from langcache.core.naming import names
from langcache.core.profile import Profile
from langcache.langchain.model import wrap_model
from langcache.langchain.per_object import PerObject
from langcache.langchain.settings import Settings, check
from langcache.langchain.tool_work import ToolWork, described
from langcache.runtime import ambient
from langcache.runtime.cache import Cache, check_cache
from langcache.runtime.steps import adrive, drive

__all__ = ["CacheMiddleware"]

logger = logging.getLogger("langcache")

TOOLS_KEPT = 256
"""Tools described at once; what a pure tool counts or keeps for itself later does not make it another."""

MODELS_KEPT = 32
"""Models wrapped at once; an agent that picks its model per call has a handful."""


class CacheState(AgentState[Any]):
    """An agent's state that may hold the user's profile; LangGraph drops what no schema names."""

    profile: NotRequired[Any]


class CacheMiddleware(AgentMiddleware[Any, Any, Any]):
    """Answers an agent's model calls from the cache; give it to ``create_agent(middleware=[...])``.

    The cache stands around the model itself, inside whatever other middleware does: the agent builds its
    ``ModelResponse`` anew from every answer, with fresh ids, and an error text that a retry middleware makes is never
    seen here. The whole conversation, the system message, tools and parameters are in the key. A tool call that came
    of signed reasoning has to go back with it, so it is not kept, and a model that reasons is not masked beside tools.

    Args:
        cache: where answers are kept.
        profile: what of the user decides, fills, or does neither. Its values come from the runtime's context or that
            one's ``profile``, else the state's ``"profile"``, else the config's ``metadata["profile"]``, else
            ``with cache.user({...})``. A call whose state and metadata contradict each other is not cached.
        name: the chain's name in keys, events and statistics.
        prompt_version: part of the key; the system message is in it anyway.
        mode, generation_type, tags, directives, instruction: as for `Cache.wrap`.
        pure_tools: names of tools whose result depends on nothing but their arguments; only these are cached, and
            none that is handed a runtime, state, store or config besides.
        volatile_arguments: names of tool arguments that do not shape the result, such as a request id.

    Raises:
        DeclarationError: an argument cannot work, such as a directive that is unknown.
    """

    state_schema = CacheState

    def __init__(
        self,
        cache: Cache,
        *,
        profile: type[Profile] | None = None,
        name: str = "agent",
        prompt_version: str | None = None,
        mode: Literal["mask", "abstract"] = "mask",
        generation_type: str | None = None,
        tags: str | Sequence[str] = (),
        directives: str | Iterable[str] | None = None,
        instruction: str | Literal[False] | None = None,
        pure_tools: str | Iterable[str] = (),
        volatile_arguments: str | Iterable[str] = (),
    ) -> None:
        super().__init__()
        check_cache(cache)
        self._cache, self._profile = cache, profile or Profile
        self._declared: dict[str, Any] = {
            "profile": self._profile,
            "name": name,
            "prompt_version": prompt_version,
            "mode": mode,
            "generation_type": generation_type,
            "tags": names(tags),
            "directives": parse(directives),
            "instruction": instruction,
            "agent": True,
        }
        self._settings = Settings(**self._declared)
        check(self._settings)
        self._pure, self._volatile = frozenset(names(pure_tools)), frozenset(names(volatile_arguments))
        self._cached = PerObject(self._wrap, kept=MODELS_KEPT)
        self._described = PerObject(described, kept=TOOLS_KEPT)

    def wrap_model_call(self, request: Any, handler: Callable[[Any], Any]) -> Any:
        """One model call, answered from the cache or by the model."""
        with self._serving(request):
            return handler(request.override(model=self._cached(request.model)))

    async def awrap_model_call(self, request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        """`wrap_model_call`, awaited."""
        with self._serving(request):
            return await handler(request.override(model=self._cached(request.model)))

    def wrap_tool_call(self, request: Any, handler: Callable[[Any], Any]) -> Any:
        """One tool call; from the cache only if the tool is declared pure."""
        if request.tool_call["name"] not in self._pure:
            return handler(request)
        with self._serving(request) as values:
            work = self._tool_work(request, values)
            return drive(self._cache.engine.answer(work.calling(handler, request)))

    async def awrap_tool_call(self, request: Any, handler: Callable[[Any], Awaitable[ToolMessage | Any]]) -> Any:
        """`wrap_tool_call`, awaited."""
        if request.tool_call["name"] not in self._pure:
            return await handler(request)
        with self._serving(request) as values:
            work = self._tool_work(request, values)
            return await adrive(self._cache.engine.answer(work.calling(handler, request)))

    def _tool_work(self, request: Any, values: Mapping[str, Any]) -> ToolWork:
        config = ensure_config()
        return ToolWork(self._cache, self._settings, values, request, self._volatile, config, self._described)

    def _wrap(self, model: Any) -> Any:
        """Every chat model in *model*, each an entry of its own: a fallback's answer is not the first choice's."""
        match model:
            case BaseChatModel():
                return wrap_model(self._cache, model, volatile=frozenset(), **self._declared)
            case RunnableBindingBase():
                return model.model_copy(update={"bound": self._wrap(model.bound)})
            case RunnableConfigurableFields():
                return model.model_copy(update={"default": self._wrap(model.default)})
            case RunnableConfigurableAlternatives():
                others = {name: self._wrapped_alternative(other) for name, other in model.alternatives.items()}
                return model.model_copy(update={"default": self._wrap(model.default), "alternatives": others})
            case RunnableWithFallbacks():
                fallbacks = [self._wrap(other) for other in model.fallbacks]
                return model.model_copy(update={"runnable": self._wrap(model.runnable), "fallbacks": fallbacks})
        logger.warning(
            "langcache: agent %r: a %s is not cached, since the chat model in it cannot be reached: give the agent "
            "that model itself",
            *(self._settings.name, type(model).__name__),
        )
        return model

    def _wrapped_alternative(self, other: Any) -> Any:
        """An alternative is a runnable, or makes one when it is asked for."""
        return self._wrap(other) if isinstance(other, Runnable) else lambda: self._cached(other())

    @contextmanager
    def _serving(self, request: Any) -> Iterator[Mapping[str, Any]]:
        """Serve the user whom the nearest place speaks of; if two say different things, nobody is served another."""
        values = self._values(request)
        with (
            ambient.directing(NONE if values is not None else Directives(no_store=True)),
            ambient.serving(values or {}),
        ):
            yield values or {}

    def _values(self, request: Any) -> Mapping[str, Any] | None:
        """The profile's values, from the nearest place that knows any; None if it cannot be told whose they are.

        A state may be that of a thread somebody else began, and metadata that of an agent around this one.
        """
        state, metadata = _as_mapping(request.state), ensure_config().get("metadata") or {}
        context = _as_mapping(getattr(request.runtime, "context", None))
        for source in (context, context.get("profile")):
            if known := self._known(source):
                return known
        kept, told = self._known(state.get("profile")), self._known(metadata.get("profile"))
        if any(told[name] != value for name, value in kept.items() if name in told):
            return None
        return kept or told or ambient.ambient_user()

    def _known(self, source: Any) -> Mapping[str, Any]:
        values = _as_mapping(source)
        return {name: values[name] for name in self._profile.model_fields if name in values}


def _as_mapping(source: Any) -> Mapping[str, Any]:
    if isinstance(source, Mapping):
        return source
    if isinstance(source, BaseModel):
        return {name: getattr(source, name) for name in type(source).model_fields}
    return asdict(source) if is_dataclass(source) and not isinstance(source, type) else {}
