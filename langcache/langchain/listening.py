"""Whether anything listens to LangChain's events now; if nothing does, a hit need not set up a run."""

from collections.abc import Mapping
from typing import Any

from langchain_core.globals import get_debug, get_verbose
from langchain_core.tracers import context as tracing

from langcache.langchain.handler import PROBE

__all__ = ["listening"]


def listening(config: Mapping[str, Any]) -> bool:
    """Whether a handler, a tracer or a debug switch would see events of a run with this *config*.

    The same places `langchain_core.callbacks.manager._configure` looks at.
    """
    callbacks = config.get("callbacks")
    if callbacks and (isinstance(callbacks, list) or callbacks.handlers or callbacks.parent_run_id):
        return True
    for variable, _, kind, env in tracing._configure_hooks:  # noqa: SLF001 -- there is no public way to ask
        if variable is PROBE:
            continue
        if variable.get() is not None or (kind is not None and env is not None and _is_set(env)):
            return True
    return get_debug() or get_verbose() or _traced()


def _is_set(env: str) -> bool:
    from langchain_core.utils.env import env_var_is_set

    return env_var_is_set(env)


def _traced() -> bool:
    return tracing.tracing_v2_callback_var.get() is not None or bool(tracing._tracing_v2_is_enabled())  # noqa: SLF001
