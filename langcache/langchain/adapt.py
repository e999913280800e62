"""Make a runnable ready to be run for a cache: the instruction before its chat models, and one retry layer only.

A new tree around the same leaves: prompts, parsers, functions and models stay the user's own objects, except that a
model whose SDK retries is replaced by a copy that does not.
"""

from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, SystemMessage
from langchain_core.runnables import (
    RouterRunnable,
    Runnable,
    RunnableBranch,
    RunnableParallel,
    RunnableSequence,
)
from langchain_core.runnables.base import RunnableBindingBase, RunnableEachBase, RunnableSerializable
from langchain_core.runnables.configurable import (
    DynamicRunnable,
    RunnableConfigurableAlternatives,
    RunnableConfigurableFields,
)
from langchain_core.runnables.fallbacks import RunnableWithFallbacks
from langchain_core.runnables.passthrough import RunnableAssign
from langchain_core.runnables.retry import RunnableRetry
from pydantic import ConfigDict

from langcache.langchain.fallbacks import Fallback
from langcache.langchain.observe import observers
from langcache.langchain.sdk_retries import without_sdk_retries
from langcache.runtime.retry import is_transient

__all__ = ["INSTRUCTION", "Instructed", "adapted", "with_instruction"]

INSTRUCTION = (
    "Text in square brackets, such as [{example}], stands for a detail that is filled in later. Write it exactly as "
    "it is wherever the detail belongs: do not translate, change, explain or invent it."
)


class Instructed(RunnableSerializable[Any, Any]):
    """A chat model, or what is bound around one, that is told to keep placeholders."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    bound: Any
    model: Any
    instruction: str

    def _told(self, input_: Any, config: Any) -> list[BaseMessage]:
        messages = self.model._convert_input(input_).to_messages()  # noqa: SLF001 -- no public twin
        # Not only as the model starts: who stops that there leaves LangChain with coroutines it never awaits.
        for observer in observers(config):
            observer.sends(messages)
        return with_instruction(messages, self.instruction)

    def invoke(self, input: Any, config: Any = None, **kwargs: Any) -> Any:
        """Tell, then run."""
        return self.bound.invoke(self._told(input, config), config, **kwargs)

    async def ainvoke(self, input: Any, config: Any = None, **kwargs: Any) -> Any:
        """`invoke`, awaited."""
        return await self.bound.ainvoke(self._told(input, config), config, **kwargs)

    def stream(self, input: Any, config: Any = None, **kwargs: Any) -> Any:
        """Tell, then stream."""
        yield from self.bound.stream(self._told(input, config), config, **kwargs)

    async def astream(self, input: Any, config: Any = None, **kwargs: Any) -> Any:
        """`stream`, awaited."""
        async for chunk in self.bound.astream(self._told(input, config), config, **kwargs):
            yield chunk


def with_instruction(messages: list[BaseMessage], instruction: str) -> list[BaseMessage]:
    """*messages* with the instruction in the first system message, which is made if there is none."""
    if not messages or not isinstance(messages[0], SystemMessage):
        return [SystemMessage(instruction), *messages]
    first = messages[0]
    content = (
        f"{first.content}\n\n{instruction}"
        if isinstance(first.content, str)
        else [*first.content, {"type": "text", "text": instruction}]
    )
    return [first.model_copy(update={"content": content}), *messages[1:]]


def adapted(runnable: Any, instruction: str | None) -> Any:
    """*runnable* with SDK retries off and, if *instruction* is text, every chat model told to keep placeholders."""
    model = _model_of(runnable)
    if model is not None:
        quiet = _quiet(runnable)
        if instruction is None:
            return quiet
        return Instructed(bound=quiet, model=model, instruction=instruction)
    return _rebuilt(runnable, instruction)


def _model_of(runnable: Any) -> BaseChatModel | None:
    """The chat model at the end of bindings, retries and configurable fields, if there is one."""
    while True:
        if isinstance(runnable, BaseChatModel):
            return runnable
        if isinstance(runnable, RunnableBindingBase):
            runnable = runnable.bound
        elif isinstance(runnable, DynamicRunnable):
            runnable = runnable.default
        else:
            return None


def _quiet(runnable: Any) -> Any:
    if isinstance(runnable, BaseChatModel):
        return without_sdk_retries(runnable)
    if isinstance(runnable, RunnableBindingBase):
        return _one_layer(runnable.model_copy(update={"bound": _quiet(runnable.bound)}))
    if isinstance(runnable, RunnableConfigurableFields):
        return runnable.model_copy(update={"default": _quiet(runnable.default)})
    if isinstance(runnable, RunnableConfigurableAlternatives):
        return runnable.model_copy(
            update={"default": _quiet(runnable.default), "alternatives": _others(runnable, None)}
        )
    return runnable


def _others(runnable: RunnableConfigurableAlternatives[Any, Any], instruction: str | None) -> dict[str, Any]:
    """An alternative is a runnable, or makes one when it is asked for."""
    return {
        name: adapted(other, instruction) if isinstance(other, Runnable) else AdaptedMaker(other, instruction)
        for name, other in runnable.alternatives.items()
    }


class AdaptedMaker:
    """Makes an alternative when it is asked for, ready to be run."""

    __slots__ = ("_instruction", "_make")

    def __init__(self, make: Any, instruction: str | None) -> None:
        self._make, self._instruction = make, instruction

    def __call__(self) -> Any:
        return adapted(self._make(), self._instruction)


def _one_layer(runnable: Any) -> Any:
    """A user's ``.with_retry()`` goes on retrying what is not the provider's passing trouble; that is our layer's."""
    if not isinstance(runnable, RunnableRetry):
        return runnable
    kinds: Any = runnable.retry_exception_types

    def theirs(error: BaseException) -> bool:
        return isinstance(error, kinds) and not is_transient(error)

    return runnable.model_copy(update={"retry_exception_types": theirs})


def _rebuilt(runnable: Any, instruction: str | None) -> Any:
    def again(inner: Any) -> Any:
        return adapted(inner, instruction) if isinstance(inner, Runnable) else inner

    match runnable:
        case RunnableSequence():
            return RunnableSequence(*[again(step) for step in runnable.steps], name=runnable.name)
        case RunnableParallel():
            return runnable.model_copy(update={"steps__": {k: again(v) for k, v in runnable.steps__.items()}})
        case RunnableAssign():
            return runnable.model_copy(update={"mapper": again(runnable.mapper)})
        case RunnableWithFallbacks():
            fallbacks = [Fallback(bound=again(item)) for item in runnable.fallbacks]
            return runnable.model_copy(update={"runnable": again(runnable.runnable), "fallbacks": fallbacks})
        case RunnableBranch():
            branches = [(condition, again(branch)) for condition, branch in runnable.branches]
            return runnable.model_copy(update={"branches": branches, "default": again(runnable.default)})
        case RouterRunnable():
            return runnable.model_copy(update={"runnables": {k: again(v) for k, v in runnable.runnables.items()}})
        case RunnableConfigurableAlternatives():
            others = _others(runnable, instruction)
            return runnable.model_copy(update={"default": again(runnable.default), "alternatives": others})
        case RunnableBindingBase() | RunnableEachBase():
            return _one_layer(runnable.model_copy(update={"bound": again(runnable.bound)}))
    return runnable
