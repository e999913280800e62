"""Noticing that a fallback answered instead of what it stands in for (``.with_fallbacks([...])``)."""

from typing import Any

from langchain_core.runnables.base import RunnableSerializable
from langchain_core.runnables.config import ensure_config, get_callback_manager_for_config
from pydantic import ConfigDict

from langcache.langchain.observe import Observer

__all__ = ["Fallback"]


class Fallback(RunnableSerializable[Any, Any]):
    """A fallback inside a wrapped chain, which tells the run's observer when its turn comes."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    bound: Any

    def invoke(self, input: Any, config: Any = None, **kwargs: Any) -> Any:
        """Tell, then run."""
        _tell(config)
        return self.bound.invoke(input, config, **kwargs)

    async def ainvoke(self, input: Any, config: Any = None, **kwargs: Any) -> Any:
        """`invoke`, awaited."""
        _tell(config)
        return await self.bound.ainvoke(input, config, **kwargs)

    def stream(self, input: Any, config: Any = None, **kwargs: Any) -> Any:
        """Tell, then stream."""
        _tell(config)
        yield from self.bound.stream(input, config, **kwargs)

    async def astream(self, input: Any, config: Any = None, **kwargs: Any) -> Any:
        """`stream`, awaited."""
        _tell(config)
        async for chunk in self.bound.astream(input, config, **kwargs):
            yield chunk


def _tell(config: Any) -> None:
    for handler in get_callback_manager_for_config(ensure_config(config)).handlers:
        if isinstance(handler, Observer):
            handler.fell_back = True
