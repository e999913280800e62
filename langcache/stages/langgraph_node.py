"""A LangGraph node that is a stage: the same key, cascade and resume, inside somebody else's graph."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from langcache.core.naming import names
from langcache.errors import DeclarationError
from langcache.runtime.steps import Flow, adrive, drive
from langcache.stages.declaration import declare
from langcache.stages.inputs import Recorded
from langcache.stages.keys import session_place
from langcache.stages.pipeline import Pipeline
from langcache.stages.settling import Broken

__all__ = ["node"]

CONFIG, CONFIGURABLE = "config", "configurable"
VOLATILE = frozenset({"thread_id", "checkpoint_id", "checkpoint_ns", "checkpoint_map", "run_id", "task_id"})
"""LangGraph's own names in ``configurable``, which do not shape an answer."""

_CONFIG, _WHOLE = "langgraph configurable", "langgraph state"
_ANSWERS = "langgraph resume"


def node(
    pipe: Pipeline, name: str, function: Callable[..., Any], *, depends_on: str | Iterable[str] = (), **options: Any
) -> Any:
    """A Runnable for ``graph.add_node(name, node(pipe, name, function))``.

    Its key covers what *function* reads of the state, ``configurable`` without LangGraph's own names, what people
    answered to its ``interrupt``, and everything a stage's key covers. Messages count by what they say, not by their
    ids.

    Args:
        pipe: where the node's outputs are kept; best one of its own per graph.
        name: the node's.
        function: ``(state)`` or ``(state, config)``, sync or async, or a Runnable, giving an update as plain data. A
            state that is no mapping counts as a whole.
        depends_on: nodes whose invalidation takes this one's output along, and whose outputs count in its key; the
            graph must then run with a ``thread_id``, under which they are found.
        options: as for `Pipeline.stage`: ``prompt_version``, ``agent_version``, ``version``, ``tags``, ``validate`` …

    Raises:
        DeclarationError: the name is taken, an option cannot work, or *function* asks LangGraph for more.
    """
    from langchain_core.runnables import Runnable, RunnableLambda

    needs = names(depends_on)
    function = function.invoke if isinstance(function, Runnable) else function
    takes_config = _takes_config(name, function)
    # A partial, so that the code described is the user's function.
    pipe.add(declare(name, function=partial(_on_state, function, takes_config), depends_on=needs, **options))
    run = _Node(pipe, name, needs)
    return RunnableLambda(run.invoke, afunc=run.ainvoke, name=name)


def _takes_config(name: str, function: Callable[..., Any]) -> bool:
    """LangGraph, too, gives a node the config by this name; a runtime, writer or store has no place in a key."""
    others = [*inspect.signature(function).parameters.values()][1:]
    for other in others:
        is_open = other.kind in (other.VAR_POSITIONAL, other.VAR_KEYWORD)
        if other.name != CONFIG and other.default is other.empty and not is_open:
            raise DeclarationError(
                f"node {name!r} takes {other.name!r}, which can be part of no key; it may take the state and {CONFIG!r}"
            )
    return any(other.name == CONFIG for other in others)


class _Node:
    def __init__(self, pipe: Pipeline, name: str, needs: tuple[str, ...]) -> None:
        self._pipe, self._name, self._needs = pipe, name, needs

    # LangChain passes the config to a parameter of this name.

    def invoke(self, state: Any, config: Mapping[str, Any]) -> Any:
        try:
            return drive(self._settle(state, config))
        except Broken as broken:
            # LangGraph's retry policies look at the type.
            raise (broken.__cause__ or broken) from None

    async def ainvoke(self, state: Any, config: Mapping[str, Any]) -> Any:
        try:
            return await adrive(self._settle(state, config))
        except Broken as broken:
            raise (broken.__cause__ or broken) from None

    def _settle(self, state: Any, config: Mapping[str, Any]) -> Flow[Any]:
        configurable = dict(config.get(CONFIGURABLE) or {})
        thread = configurable.get("thread_id")
        if self._needs and thread is None:
            raise DeclarationError(f"node {self._name!r} has depends_on, so its graph needs a thread_id to run with")
        shaping = {k: v for k, v in configurable.items() if k not in VOLATILE and not k.startswith("__")}
        if answers := _answers(configurable):
            shaping[_ANSWERS] = answers
        values = dict(state) if isinstance(state, Mapping) else {_WHOLE: state}
        place, vault = f"{session_place(str(thread))}/nodes", self._pipe.vault()
        done = (yield from vault.load(place)) or {} if thread is not None else {}
        upstream = {need: done[need] for need in self._needs if need in done}
        settled = yield from self._pipe.settle(self._name, {**values, _CONFIG: shaping}, str(thread), upstream)
        key = settled.entry.cache_key
        if thread is not None and done.get(self._name) != key:
            yield from vault.update(place, lambda known: {**(known or {}), self._name: key})
        return settled.entry.output.value()


def _answers(configurable: Mapping[str, Any]) -> list[Any]:
    """What people said so far, where a run is resumed: `interrupt` hands it to the node behind our back.

    It hangs on the task that is resumed, or on the run as a whole, and would else be everybody's answer.
    """
    pad, by_id = configurable.get("__pregel_scratchpad"), configurable.get("__pregel_resume_map")
    waiting = None if pad is None else pad.get_null_resume(False)
    told = [] if pad is None else list(pad.resume)
    return [*told, *([] if waiting is None else [waiting]), *([dict(by_id)] if by_id else [])]


def _on_state(function: Callable[..., Any], takes_config: bool, inputs: Recorded, upstream: Any) -> Any:
    configurable = inputs[_CONFIG]
    configurable.pop(_ANSWERS, None)  # counted as read; the function asks LangGraph for them
    state = inputs[_WHOLE] if _WHOLE in inputs else inputs.without(_CONFIG)
    return function(state, config={CONFIGURABLE: configurable}) if takes_config else function(state)
