"""Callbacks that tell the model cache whose call it sees.

A plain ``def`` with ``run_inline`` is the one kind of handler that reaches the caller's context in sync and async
calls alike.
"""

import weakref
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from langchain_core.messages import BaseMessage

from langcache.langchain.inline import InlineHandler
from langcache.langchain.matching import Call, begin, finish, runs
from langcache.langchain.policy import ChainPolicy

__all__ = ["PROBE", "CacheHandler", "declared", "unwatch", "watch"]

DEFAULT_NAME = "llm"
"""Name of a policy given by keywords without one."""


def declared(policies: Sequence[ChainPolicy], keywords: Mapping[str, Any]) -> tuple[tuple[ChainPolicy, bool], ...]:
    """Policies, each with whether it covers whatever call it is asked about: one given by keywords does."""
    found = [(policy, False) for policy in policies]
    if keywords:
        found.append((ChainPolicy(**{"name": DEFAULT_NAME, **keywords}), True))
    return tuple(found)


class CacheHandler(InlineHandler):
    """Give it as a callback to a chain or model whose model has a `LLMCache`.

    Args:
        cache: the cache it belongs to.
        policies: for the chains it sees, besides those of the `LLMCache`.
        **policy: arguments of one `ChainPolicy` that covers whatever the handler sees.
    """

    def __init__(self, cache: Any = None, policies: Sequence[ChainPolicy] = (), **policy: Any) -> None:
        self.cache, self.policies = cache, declared(policies, policy)

    def on_chain_start(
        self,
        serialized: Any,
        inputs: Any,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        run_type: str | None = None,
        name: str | None = None,
        **_: Any,
    ) -> None:
        """Remember the run, or what the prompt was given."""
        if run_type == "prompt":
            runs.format(run_id, parent_run_id, inputs)
        else:
            runs.start(run_id, parent_run_id, name)

    def on_chain_end(self, outputs: Any, *, run_id: UUID, **_: Any) -> None:
        """Forget the run, or remember which messages the prompt made."""
        runs.end(run_id, outputs)

    def on_chain_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:
        """Forget the run."""
        runs.end(run_id)

    def on_tool_start(
        self, serialized: Any, input_str: str, *, run_id: UUID, parent_run_id: UUID | None = None, **_: Any
    ) -> None:
        """Remember the run: a tool may call models."""
        runs.start(run_id, parent_run_id, (serialized or {}).get("name"))

    def on_tool_end(self, output: Any, *, run_id: UUID, **_: Any) -> None:
        """Forget the run."""
        runs.end(run_id)

    def on_tool_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:
        """Forget the run."""
        runs.end(run_id)

    def on_chat_model_start(
        self,
        serialized: Any,
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        name: str | None = None,
        invocation_params: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Write the call down, for the lookup that follows."""
        prompt, unsure = runs.prompt_of(parent_run_id, messages[0])
        begin(
            Call(
                run_id,
                tuple(messages[0]),
                (name, *runs.around(parent_run_id)),
                tuple(tags or ()),
                metadata or {},
                serialized,
                invocation_params or {},
                options,
                prompt.given if prompt else None,
                prompt.made if prompt else (),
                unsure,
                self.policies,
            )
        )

    def on_llm_end(self, response: Any, *, run_id: UUID, **_: Any) -> None:
        """Forget the call."""
        call = runs.calls.get(run_id)
        if call is not None:
            finish(call)

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:
        """Account for a call that failed after its lookup missed: no update follows."""
        call = runs.calls.get(run_id)
        if call is None:
            return
        if call.work is not None:
            call.work.failed(error)
        finish(call)


class _Probe(CacheHandler):
    """The handler every run of this process gets while a `LLMCache` lives; otherwise it is not even called."""

    @property
    def _idle(self) -> bool:
        return not _watching

    ignore_chain = ignore_chat_model = ignore_llm = ignore_agent = _idle


_watching: "weakref.WeakSet[Any]" = weakref.WeakSet()
PROBE: ContextVar[CacheHandler | None] = ContextVar("langcache_probe", default=_Probe())  # noqa: B039
"""A context variable's default is seen in every thread and task; LangChain offers no way to unregister it."""
_registered: list[bool] = []


def watch(cache: Any) -> None:
    """See the model calls of this process as long as *cache*, a `LLMCache`, lives."""
    _watching.add(cache)
    if not _registered:
        from langchain_core.tracers.context import register_configure_hook

        _registered.append(True)
        register_configure_hook(PROBE, inheritable=True)


def unwatch(cache: Any) -> None:
    """*cache* needs to see no more."""
    _watching.discard(cache)
