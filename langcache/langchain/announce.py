"""The chain's own start and end, told to whoever listens; nothing is set up where nobody does."""

from typing import Any

from langchain_core.runnables.config import (
    get_async_callback_manager_for_config,
    get_callback_manager_for_config,
    patch_config,
)

from langcache.core.events import Event

__all__ = ["Announcer"]


class Announcer:
    """One LangChain run around one request.

    Args:
        name: the run's name.
        config: the call's whole config.
        heard: whether anything listens.
    """

    event: Event

    def __init__(self, name: str, config: Any, heard: bool) -> None:
        self._name, self._config, self._heard = name, config, heard
        self._run: Any = None

    def start(self, inputs: Any) -> Any:
        """Fire the start, once; the config for what runs inside."""
        if not self._heard:
            return self._config
        if self._run is None:
            manager = get_callback_manager_for_config(self._told())
            self._run = manager.on_chain_start(None, inputs, name=self._run_name(), run_id=self._config.get("run_id"))
        return self._inside()

    async def astart(self, inputs: Any) -> Any:
        """`start`, awaited."""
        if not self._heard:
            return self._config
        if self._run is None:
            manager = get_async_callback_manager_for_config(self._told())
            self._run = await manager.on_chain_start(
                None, inputs, name=self._run_name(), run_id=self._config.get("run_id")
            )
        return self._inside()

    def end(self, inputs: Any, answer: Any) -> None:
        """Fire the end; a hit has not been started yet."""
        if self._heard:
            self.start(inputs)
            self._tell()
            self._run.on_chain_end(answer)

    async def aend(self, inputs: Any, answer: Any) -> None:
        """`end`, awaited."""
        if self._heard:
            await self.astart(inputs)
            self._tell()
            await self._run.on_chain_end(answer)

    def fail(self, inputs: Any, error: BaseException) -> None:
        """Fire the error."""
        if self._heard:
            self.start(inputs)
            self._tell()
            self._run.on_chain_error(error)

    async def afail(self, inputs: Any, error: BaseException) -> None:
        """`fail`, awaited."""
        if self._heard:
            await self.astart(inputs)
            self._tell()
            await self._run.on_chain_error(error)

    def _told(self) -> Any:
        self._metadata = self._outcome()
        return {
            **self._config,
            "metadata": {**(self._config.get("metadata") or {}), "langcache_outcome": self._metadata},
        }

    def _inside(self) -> Any:
        config = patch_config(self._config, callbacks=self._run.get_child())
        config.pop("run_id", None)
        config.pop("run_name", None)
        return config

    def _run_name(self) -> str:
        return self._config.get("run_name") or self._name

    def _outcome(self) -> dict[str, Any]:
        event = self.event
        told = {"outcome": event.outcome, "reason": event.reason, "key": event.key, "age_s": event.age_s}
        return {name: value for name, value in told.items() if value is not None}

    def _tell(self) -> None:
        """Bring the metadata listeners hold up to date: a miss may have become a refusal since."""
        self._metadata.update(self._outcome())
