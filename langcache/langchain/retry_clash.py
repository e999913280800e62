"""Two retry layers on one call: where a model's own cannot be turned off, its user is told how to."""

import logging
from typing import Any

from langchain_core.language_models import BaseChatModel

from langcache.langchain.adapt import adapted
from langcache.langchain.fingerprint import fingerprint
from langcache.langchain.sdk_retries import sdk_retries_of

__all__ = ["models_in", "report_clash"]

logger = logging.getLogger("langcache")


def report_clash(name: str, runnable: Any, attempts: int) -> None:
    """Warn of each model in chain *name* that repeats failed calls by itself, though the cache makes *attempts*.

    Such a model is one that a function, or a graph, of the user's own holds: what the cache runs instead of the
    runnable has quiet copies of all others.
    """
    if attempts == 1:
        return
    for model in models_in(adapted(runnable, None)):
        if retries := sdk_retries_of(model):
            logger.warning(
                "langcache: chain %r: a failed call of a %s inside a function or graph is made %d times, %d by the "
                "model for each of %d by the cache: build the model with max_retries=0",
                *(name, type(model).__name__, (1 + retries) * attempts, 1 + retries, attempts),
            )


def models_in(runnable: Any) -> list[BaseChatModel]:
    """The chat models met in *runnable*, except inside another wrapped chain, which has seen to its own."""
    found = fingerprint(runnable).objects
    wrapped = [item.bound for item in found if hasattr(item, "described_by") and item is not runnable]
    theirs = {id(item) for bound in wrapped for item in fingerprint(bound).objects}
    return [item for item in found if isinstance(item, BaseChatModel) and id(item) not in theirs]
