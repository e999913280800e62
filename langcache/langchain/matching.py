"""Whose call a lookup is: LangChain tells its cache the prompt's text only, its callbacks everything else.

`CacheHandler` writes each model call down when it starts; a lookup finds its own by the text of the prompt. The
calls of a context are kept in an immutable tuple in a context variable, so that threads, tasks, batches and models
that call models never see each other's (found by running all of them). No match means: stand aside.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from langchain_core.load import dumps
from langchain_core.messages import BaseMessage

from langcache.langchain.policy import ChainPolicy

__all__ = ["Call", "Runs", "any_begun", "begin", "claim", "claimed", "finish", "leads_here", "policy_for", "runs"]

REMEMBERED = 32
"""Model calls a context remembers; a call is matched at once, so only a batch of prompts needs more than one."""
RUNS_KEPT = 10_000
"""Runs known at once; beyond it the oldest is forgotten, and its calls match no policy by ``run_name``."""

_calls: ContextVar[tuple["Call", ...]] = ContextVar("langcache_calls", default=())
_lock = threading.Lock()


@dataclass(eq=False)
class Call:
    """One model call, as its start told of it.

    Attributes:
        names: run names, its own first, then those of the runs around it, nearest first.
        model, parameters, options: what LangChain tells callbacks of the model and the call.
        variables: what the prompt template before it was given; None if unknown.
        made: the messages that template made of them.
        unsure: more than one prompt was formatted beside it, and it cannot be told which one is its own.
        policies: of the handlers given by hand, each with whether it covers whatever it sees.
        llm_string: that of the lookup which claimed it.
        work: what the lookup made of it, for the update.
    """

    run_id: UUID | None
    messages: Sequence[BaseMessage]
    names: tuple[str | None, ...] = ()
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    model: Any = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    options: Any = None
    variables: Mapping[str, Any] | None = None
    made: Sequence[BaseMessage] = ()
    unsure: bool = False
    policies: tuple[tuple[ChainPolicy, bool], ...] = ()
    llm_string: str | None = None
    done: bool = False
    work: Any = None

    @cached_property
    def prompt(self) -> str:
        """The text LangChain looks up: messages without their ids."""
        return dumps([m if m.id is None else m.model_copy(update={"id": None}) for m in self.messages])


@dataclass(eq=False, slots=True)
class Prompt:
    """A prompt template that was formatted: what it was given, and the messages it made."""

    given: Any
    made: Sequence[BaseMessage] = ()


def _written(message: BaseMessage) -> Any:
    return message.type, str(message.content)


_SIGNS = (id, _written)
"""What tells that a message is the one a prompt made, the surer one first."""


@dataclass(eq=False, slots=True)
class _Run:
    parent: UUID | None
    name: str | None
    prompts: dict[UUID, Prompt] = field(default_factory=dict)
    unsorted: list[Prompt] = field(default_factory=list)
    makers: dict[Any, list[Prompt]] = field(default_factory=dict)

    def prompt_of(self, messages: Sequence[BaseMessage]) -> tuple[Prompt | None, bool]:
        """See `Runs.prompt_of`."""
        if len(self.prompts) == 1:
            return next(iter(self.prompts.values())), False
        self._sort()
        for sign in _SIGNS:
            makers = [self.makers.get(sign(message), ()) for message in messages]
            own = {id(each[0]): each[0] for each in makers if len(each) == 1}
            if own:
                return (next(iter(own.values())), False) if len(own) == 1 else (None, True)
        return None, True

    def _sort(self) -> None:
        """Note who made which message: to compare all prompts at each call of a loop over many would be a cube."""
        for prompt in self.unsorted:
            for sign in {sign(message) for message in prompt.made for sign in _SIGNS}:
                self.makers.setdefault(sign, []).append(prompt)
        self.unsorted.clear()


class Runs:
    """The runs that are under way in this process; one that ends is forgotten."""

    def __init__(self) -> None:
        self._runs: OrderedDict[UUID, _Run] = OrderedDict()
        self._owners: OrderedDict[UUID, UUID] = OrderedDict()
        self.calls: OrderedDict[UUID, Call] = OrderedDict()

    def start(self, run_id: UUID, parent: UUID | None, name: str | None) -> None:
        """A chain's run began."""
        with _lock:
            if run_id not in self._runs:
                _put(self._runs, run_id, _Run(parent, name))

    def format(self, run_id: UUID, parent: UUID | None, given: Any) -> None:
        """A prompt template is being formatted."""
        with _lock:
            owner = self._runs.get(parent) if parent is not None else None
            if owner is not None and parent is not None and run_id not in owner.prompts:
                owner.prompts[run_id] = Prompt(given)
                _put(self._owners, run_id, parent)

    def end(self, run_id: UUID, output: Any = None) -> None:
        """A run ended; a prompt's messages are kept as long as the run around it."""
        with _lock:
            owner = self._runs.get(self._owners.get(run_id, run_id))
            if owner is not None and run_id in owner.prompts:
                prompt, to_messages = owner.prompts[run_id], getattr(output, "to_messages", None)
                if not prompt.made and callable(to_messages):  # else another handler told of it
                    prompt.made = to_messages()
                    owner.unsorted.append(prompt)
                return
            run = self._runs.pop(run_id, None)
            for known in run.prompts if run else ():
                self._owners.pop(known, None)

    def around(self, parent: UUID | None) -> tuple[str | None, ...]:
        """Names of the runs around a call, nearest first."""
        names: list[str | None] = []
        with _lock:
            while parent is not None and (run := self._runs.get(parent)) is not None:
                names.append(run.name)
                parent = run.parent
        return tuple(names)

    def prompt_of(self, parent: UUID | None, messages: Sequence[BaseMessage]) -> tuple[Prompt | None, bool]:
        """The prompt before a call, and whether it is in doubt which one that is.

        The nearest run around the call that formatted a prompt counts. If it formatted several, the one that made a
        message which only it made and the call holds is the call's own; a message that several made, such as one that
        is literal in a template, says nothing.
        """
        with _lock:
            while parent is not None and (run := self._runs.get(parent)) is not None:
                if run.prompts:
                    return run.prompt_of(messages)
                parent = run.parent
        return None, False


def _put(table: OrderedDict[UUID, Any], key: UUID, value: Any) -> None:
    table[key] = value
    while len(table) > RUNS_KEPT:
        table.popitem(last=False)


runs = Runs()
"""Those of this process: every handler tells the same ones."""


def begin(call: Call) -> Call:
    """A model call started; told by several handlers, it is still one."""
    assert call.run_id is not None
    with _lock:
        known = runs.calls.get(call.run_id)
        if known is not None:
            known.policies += call.policies
            return known
        _put(runs.calls, call.run_id, call)
    _calls.set((*_calls.get()[1 - REMEMBERED :], call))
    return call


def finish(call: Call) -> None:
    """A model call is over, well or not; the context that remembers it keeps nothing of the user."""
    with _lock:
        call.done, call.work, call.messages, call.made, call.variables = True, None, (), (), None
        call.__dict__.pop("prompt", None)
        if call.run_id is not None:
            runs.calls.pop(call.run_id, None)


def claim(prompt: str, llm_string: str) -> Call | None:
    """The call a lookup belongs to: the latest of this context with this prompt that no lookup has claimed."""
    for call in reversed(_calls.get()):
        if call.llm_string is None and not call.done and call.prompt == prompt:
            with _lock:
                if call.llm_string is None:
                    call.llm_string = llm_string
                    return call
    return None


def claimed(prompt: str, llm_string: str) -> Call | None:
    """The call an update belongs to: the latest with this prompt whose lookup said *llm_string* and missed."""
    for call in reversed(_calls.get()):
        if call.llm_string == llm_string and not call.done and call.prompt == prompt:
            with _lock:
                if not call.done:
                    call.done = True
                    return call
    return None


def any_begun() -> bool:
    """Whether this context has seen a model call start."""
    return bool(_calls.get())


def leads_here(flight: Any) -> bool:
    """Whether a call of this context, still under way, leads *flight*."""
    works = (call.work for call in _calls.get() if not call.done)
    return any(work is not None and work.term.flight is flight for work in works)


def policy_for(call: Call, policies: Sequence[tuple[ChainPolicy, bool]]) -> ChainPolicy | None:
    """The policy of the chain *call* belongs to: by its own name, tags and metadata, else by the nearest run's name."""
    for policy, whatever in policies:
        if whatever or policy.covers(call.names[0] if call.names else None, call.tags, call.metadata):
            return policy
    for name in call.names[1:]:
        for policy, _ in policies:
            if policy.covers(name, (), {}):
                return policy
    return None
