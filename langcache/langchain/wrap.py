"""Door 1: a runnable that answers every user of one kind with one run of what it wraps."""

import copy
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, closing
from dataclasses import replace
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableConfig, RunnableSerializable, ensure_config
from langchain_core.runnables.base import coerce_to_runnable
from pydantic import ConfigDict

from langcache.core.directives import METADATA_KEY, combine, parse
from langcache.core.profile import Profile
from langcache.errors import DeclarationError
from langcache.langchain.announce import Announcer
from langcache.langchain.chain_work import ChainWork
from langcache.langchain.listening import listening
from langcache.langchain.model import wrap_model
from langcache.langchain.replay import replayed
from langcache.langchain.retry_clash import report_clash
from langcache.langchain.settings import Chain, Settings, check
from langcache.langchain.watch import Watched
from langcache.runtime.cache import Cache
from langcache.runtime.steps import adrive, adrive_stream, drive, drive_stream

__all__ = ["CachedRunnable", "wrap"]


class CachedRunnable(RunnableSerializable[Any, Any]):
    """What `Cache.wrap` returns for a chain."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    chain: Any
    """The `Chain`: cache, settings and the wrapped runnable."""

    def __repr__(self) -> str:
        settings = self.chain.settings
        return f"CachedRunnable({settings.name!r}, mode={settings.mode!r}, namespace={self.chain.cache.namespace!r})"

    __str__ = __repr__

    def described_by(self) -> list[Any]:
        """What a fingerprint of this runnable is made of, where one wrapped chain holds another."""
        settings = self.chain.settings
        return [settings.name, settings.mode, settings.profile.declaration.digest, self.bound]

    def with_config(self, config: RunnableConfig | None = None, **kwargs: Any) -> Runnable[Any, Any]:
        """As LangChain's, but directives in *config* are the chain's own from then on.

        A call's metadata would replace them under their key, and ``no-store`` must beat whatever a call asks for.
        """
        whole = {**(config or {}), **kwargs}
        asked = (whole.get("metadata") or {}).get(METADATA_KEY)
        if not isinstance(asked, str | list | tuple):
            return super().with_config(config, **kwargs)
        chain = copy.copy(self.chain)
        chain.settings = replace(chain.settings, directives=combine([parse(asked), chain.settings.directives]))
        metadata = {name: value for name, value in whole["metadata"].items() if name != METADATA_KEY}
        told: Any = {**whole, "metadata": metadata}
        return CachedRunnable(chain=chain, name=self.name).with_config(told)

    @property
    def bound(self) -> Runnable[Any, Any]:
        """The wrapped runnable, untouched."""
        return self.chain.runnable  # type: ignore[no-any-return]

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """The answer, from the cache or from the chain; raises what the chain raises."""
        work, announcer = self._begin(input, config, kwargs)
        try:
            answer = drive(self.chain.cache.engine.answer(work))
        except BaseException as error:
            announcer.fail(input, error)
            raise
        announcer.end(input, answer)
        return answer

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """`invoke`, awaited."""
        work, announcer = self._begin(input, config, kwargs)
        try:
            answer = await adrive(self.chain.cache.engine.answer(work))
        except BaseException as error:
            await announcer.afail(input, error)
            raise
        await announcer.aend(input, answer)
        return answer

    def _begin(self, inputs: Any, config: RunnableConfig | None, kwargs: Any) -> tuple[ChainWork, Announcer]:
        whole = ensure_config(config)
        announcer = Announcer(self.get_name(), whole, listening(whole))
        return ChainWork(self.chain, inputs, whole, kwargs, announcer), announcer

    def stream(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Any]:
        """The answer in chunks: as they come from the chain, filled on the way; a stored one as one chunk."""
        work, announcer = self._begin(input, config, kwargs)
        work.streams = work.identity.adds_up
        chunks = drive_stream(self.chain.cache.engine.stream(work, replayed))
        with closing(announcer.around(input, chunks, grows=work.identity.grows is True)) as told:
            try:
                yield from told
            finally:
                chunks.close()
                for stream in work.opened:
                    stream.close()

    async def astream(
        self,
        input: Any,
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[Any]:
        """`stream`, awaited."""
        work, announcer = self._begin(input, config, kwargs)
        work.streams = work.identity.adds_up
        chunks = adrive_stream(self.chain.cache.engine.stream(work, replayed))
        async with aclosing(announcer.aaround(input, chunks, grows=work.identity.grows is True)) as told:
            try:
                async for chunk in told:
                    yield chunk
            finally:
                await chunks.aclose()
                for stream in work.opened:
                    await stream.aclose()

    def transform(self, input: Iterator[Any], config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Any]:
        """Gather the input, then stream."""
        yield from self.stream(_gathered(list(input)), config, **kwargs)

    async def atransform(
        self,
        input: AsyncIterator[Any],
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[Any]:
        """`transform`, awaited."""
        gathered = _gathered([chunk async for chunk in input])
        async for chunk in self.astream(gathered, config, **kwargs):
            yield chunk

    def get_name(self, suffix: str | None = None, *, name: str | None = None) -> str:
        """The declared name of the chain."""
        return super().get_name(suffix, name=name or self.name or self.chain.settings.name)

    @property
    def InputType(self) -> Any:  # noqa: N802 -- LangChain's name
        """That of the wrapped runnable."""
        return self.bound.InputType

    @property
    def OutputType(self) -> Any:  # noqa: N802 -- LangChain's name
        """That of the wrapped runnable."""
        return self.bound.OutputType

    def get_input_schema(self, config: RunnableConfig | None = None) -> Any:
        """That of the wrapped runnable."""
        return self.bound.get_input_schema(config)

    def get_output_schema(self, config: RunnableConfig | None = None) -> Any:
        """That of the wrapped runnable."""
        return self.bound.get_output_schema(config)

    @property
    def config_specs(self) -> Any:
        """Those of the wrapped runnable."""
        return self.bound.config_specs

    def get_graph(self, config: RunnableConfig | None = None) -> Any:
        """That of the wrapped runnable."""
        return self.bound.get_graph(config)


def _gathered(chunks: list[Any]) -> Any:
    """Chunks added up where they can be; else the last one counts, as in ``Runnable.transform``."""
    final = chunks[0] if chunks else None
    for chunk in chunks[1:]:
        try:
            final = final + chunk
        except TypeError:
            final = chunk
    return final


_AGENT = (
    "; or leave a graph as it is, whose tools must run each time, and cache its models: CacheMiddleware for an agent"
)


def _is_graph(runnable: Any) -> bool:
    """Whether it is LangGraph's, which need not be installed."""
    return type(runnable).__module__.partition(".")[0] == "langgraph"


def wrap(
    cache: Cache,
    runnable: Any,
    *,
    profile: type[Profile] | None = None,
    name: str | None = None,
    prompt_version: str | None = None,
    **declared: Any,
) -> Any:
    """See `Cache.wrap`."""
    if isinstance(runnable, BaseChatModel):
        return wrap_model(cache, runnable, profile=profile, name=name, prompt_version=prompt_version, **declared)
    runnable = coerce_to_runnable(runnable)
    settings = Settings(name or runnable.get_name(), profile or Profile, prompt_version, **declared)
    check(settings)
    watched = Watched(runnable)
    if prompt_version is None and watched.found.opaque:
        agent = "" if not _is_graph(runnable) else _AGENT
        raise DeclarationError(
            f"chain {settings.name!r} holds {watched.found.opaque[0]!r}, which cannot be fingerprinted: an edit of it "
            f"would go unnoticed; give wrap() a prompt_version, and a new one with every edit{agent}"
        )
    if watched.found.opaque:
        report_clash(settings.name, runnable, cache.engine.retry.attempts)
    return CachedRunnable(chain=Chain(cache, runnable, settings, watched))
