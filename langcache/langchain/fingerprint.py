"""What a runnable is: every prompt, model, parameter, tool and schema found by walking it.

Secrets, timeouts, callbacks, clients and names left out: they do not shape the answer. What cannot be looked into
(a function) is described by its code and listed as opaque, so that `wrap` asks for an explicit version.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache, partial
from pathlib import PurePath
from types import FunctionType
from typing import Any
from uuid import UUID

from langchain_core.language_models import BaseLanguageModel
from langchain_core.messages import BaseMessage
from langchain_core.prompts import BasePromptTemplate
from langchain_core.prompts.message import BaseMessagePromptTemplate
from langchain_core.runnables import Runnable
from langchain_core.runnables.history import RunnableWithMessageHistory
from pydantic import BaseModel, SecretBytes, SecretStr

from langcache.core.changing import changed_names, method_codes
from langcache.core.classes import schema_digest
from langcache.core.code import describe_callable
from langcache.langchain.captured import Binding, captured, words_of
from langcache.langchain.own_state import own_state

__all__ = ["Fingerprint", "fingerprint"]

IRRELEVANT = frozenset(
    {
        "async_client", "cache", "callback_manager", "callbacks", "client", "custom_get_token_ids",
        "default_request_timeout", "http_async_client", "http_client", "http_socket_options", "input_types",
        "max_retries", "metadata", "name", "rate_limiter", "request_timeout", "root_async_client", "root_client",
        "run_name", "stream_chunk_timeout", "tags", "timeout", "verbose",
    }
)  # fmt: skip
"""Fields that do not shape an answer, by the names LangChain's own classes give them."""

SECRET = re.compile(r"api_?key|secret|password|access_token", re.IGNORECASE)
LIBRARIES = ("langchain", "langgraph", "builtins", "functools", "operator")
"""Functions from here are fixed by their name; anyone else's may be edited."""

NOT_OWN = (*LIBRARIES, "langcache", "pydantic")
"""Where the classes and functions are from that are not the user's."""

PLAIN_DATA = (Enum, date, time, timedelta, Decimal, UUID, PurePath, re.Pattern, complex, range)
"""What its ``repr`` tells whole, the same in every process."""

SETTINGS = (bool, int, float, str, bytes, list, tuple, dict, set, frozenset, type(None), Runnable, BaseModel)
"""What a runnable of the user's own may hold that shapes its answers."""

NOT_PROSE = frozenset({"input_variables", "optional_variables", "template_format", "variable_name"})


@dataclass(slots=True)
class Fingerprint:
    """What the walk found.

    Attributes:
        prompts: descriptions of prompt templates; `prompt_version` may stand for them.
        parts: descriptions of all else, in the order met; always in the key.
        texts: literal texts of prompts, which may hold what looks like a placeholder.
        opaque: what cannot be looked into, by name.
        loads_history: what brings conversation history or a checkpoint of its own, by name.
        classes: output schemas met, to rebuild answers with.
        late: partial variables that are called anew for each request, by name.
        objects: everything whose fields were read, to notice a later change.
        bindings: names through which a function reaches a runnable, to notice that they name another one.
        reads: what of a call's config its functions seem to read, besides ``configurable``; of that, only `HISTORY`.
            And `INTERRUPT`, if they ask a person.
    """

    prompts: list[Any] = field(default_factory=list)
    parts: list[Any] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    opaque: list[str] = field(default_factory=list)
    loads_history: list[str] = field(default_factory=list)
    classes: list[type] = field(default_factory=list)
    late: list[tuple[str, Callable[[], Any]]] = field(default_factory=list)
    objects: list[Any] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    reads: set[str] = field(default_factory=set)


def fingerprint(runnable: Any, state: Mapping[tuple[int, str], Any] | None = None) -> Fingerprint:
    """Walk *runnable*; the result's descriptions have a canonical encoding.

    Args:
        runnable: what to walk.
        state: fields, by object id and name, that are the runnable's own state, with the value to take instead.
    """
    found = Fingerprint()
    found.parts.append(_Walk(found, state or {}).describe(runnable))
    return found


class _Walk:
    """One walk; each object is described once, later meetings refer to it by number."""

    def __init__(self, found: Fingerprint, state: Mapping[tuple[int, str], Any]) -> None:
        self.found, self.state = found, state
        self.seen: dict[int, int] = {}
        self.in_model = False

    def describe(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float | str | bytes):
            return value
        if isinstance(value, SecretStr | SecretBytes):
            return "secret"
        if isinstance(value, list | tuple):
            return [self.describe(item) for item in value]
        if isinstance(value, dict):
            return {k if isinstance(k, str) else repr(k): self.describe(item) for k, item in value.items()}
        if isinstance(value, set | frozenset):
            return {"set": sorted(repr(self.describe(item)) for item in value)}
        if isinstance(value, type):
            return self.class_(value)
        if isinstance(value, PLAIN_DATA):
            return [_name(type(value)), repr(value)]
        if id(value) in self.seen:
            return ["again", self.seen[id(value)]]
        self.seen[id(value)] = len(self.seen)
        return self.object_(value)

    def class_(self, cls: type) -> Any:
        if hasattr(cls, "model_fields") or hasattr(cls, "__dataclass_fields__"):
            self.found.classes.append(cls)
            return ["class", schema_digest(cls)]
        keys = getattr(cls, "__annotations__", None)
        return ["class", _name(cls), {k: str(v) for k, v in keys.items()} if keys else None]

    def object_(self, value: Any) -> Any:
        self.found.objects.append(value)
        if isinstance(value, Runnable) and not isinstance(value, BaseLanguageModel):
            for method in _own_methods(type(value)):
                self.reads(words_of(method.__code__))
        if isinstance(value, BasePromptTemplate | BaseMessagePromptTemplate):
            self.prompt(value)
            return ["prompt", _name(type(value))]
        if isinstance(value, BaseMessage):
            return ["message", value.type, self.describe(value.content)]
        if isinstance(value, Runnable) and not isinstance(value, BaseModel) and _has_functions(value):
            return self.function_runnable(value)
        if isinstance(value, RunnableWithMessageHistory) or _has_memory(value):
            self.found.loads_history.append(_name(type(value)))
        if hasattr(value, "described_by"):
            return [_name(type(value)), self.describe(value.described_by())]
        if isinstance(value, BaseLanguageModel):
            return self.model(value)
        if isinstance(value, BaseModel):
            return [_name(type(value)), self.fields(value), *_code_of(type(value))]
        return self.own_object(value)

    def own_object(self, value: Any) -> Any:
        """What is of the user's own making."""
        if isinstance(value, Runnable):
            self.found.opaque.append(type(value).__name__)
            return [_name(type(value)), self.describe(_graph_nodes(value) or _plain_state(value))]
        if callable(value):
            return self.function(value)
        held = (
            {f.name: self.describe(getattr(value, f.name, None)) for f in fields(value)} if is_dataclass(value) else {}
        )
        return [_name(type(value)), held]

    def model(self, value: BaseLanguageModel[Any]) -> Any:
        """A model: its parameters; a function among them is told by its code, like the class's own methods."""
        outside, self.in_model = self.in_model, True
        try:
            return [_name(type(value)), self.fields(value), self.describe(_identifying(value))]
        finally:
            self.in_model = outside

    def fields(self, value: BaseModel) -> Any:
        state = own_state(value)
        described = {
            name: self.describe(self.state.get((id(value), name), getattr(value, name)))
            for name, info in type(value).model_fields.items()
            if _shapes(name) and name not in state and not (info.exclude and self.in_model)
        }
        if value.model_extra:
            described["extra"] = self.describe(value.model_extra)
        return described

    def prompt(self, value: Any) -> None:
        index = len(self.found.prompts)
        kind: Any = type(value)
        self.found.prompts.append(None)
        described = {}
        for name in type(value).model_fields:
            if not _shapes(name):
                continue
            content = getattr(value, name)
            if name == "partial_variables":
                self.partials(content)
                continue
            if name == "output_parser" and content is not None:
                self.found.parts.append(self.describe(content))
                continue
            described[name] = self.describe(content)
            if name not in NOT_PROSE:
                self.found.texts.extend(_texts(content))
        self.found.prompts[index] = [_name(kind), described, *_code_of(kind)]
        selector = getattr(value, "example_selector", None)
        if selector is not None and (not isinstance(selector, BaseModel) or hasattr(selector, "vectorstore")):
            self.found.opaque.append(type(selector).__name__)  # what it selects from is out of sight

    def partials(self, values: dict[str, Any]) -> None:
        """What a prompt is given beforehand is no prompt text: no `prompt_version` stands for it."""
        given = {name: value for name, value in values.items() if not callable(value)}
        self.found.late.extend((name, value) for name, value in values.items() if callable(value))
        self.found.texts.extend(_texts(given))
        self.found.parts.extend([["partials", self.describe(given)]] if given else [])

    def reads(self, words: set[str]) -> None:
        """Note what a function reads of its call's config, and whether it asks a person, by the words of its code."""
        if INTERRUPT in words and "langgraph.types" in sys.modules:
            self.found.reads.add(INTERRUPT)
        if words & CONFIG:
            self.found.reads |= {part for part in READ if repr(part) in words}

    def function_runnable(self, value: Any) -> Any:
        """A runnable made of functions: their code, and the runnables they capture."""
        return ["functions", [self.function(f) for name in FUNCTIONS if callable(f := vars(value).get(name))]]

    def function(self, value: Any) -> Any:
        """A callable: by name if a library's, else by its code, and opaque."""
        if isinstance(value, partial):
            return [
                "partial",
                self.function(value.func),
                self.describe(value.args),
                self.describe(value.keywords),
            ]
        if str(getattr(value, "__module__", "")).startswith(LIBRARIES):
            owner = getattr(value, "__self__", None)
            bound = self.describe(owner) if isinstance(owner, Runnable) else None
            return ["library function", getattr(value, "__module__", ""), getattr(value, "__qualname__", ""), bound]
        if self.in_model:
            # what a model's function captures is often a script or a log, and changes as it runs
            return ["function", describe_callable(value, captured=False)]
        self.found.opaque.append(getattr(value, "__name__", type(value).__name__))
        used = captured(value)
        self.found.bindings += used.bindings
        self.reads(used.words)
        return ["function", describe_callable(value), [self.describe(item) for item in used.runnables]]


FUNCTIONS = ("func", "afunc", "_transform", "_atransform", "_func", "_afunc")


CONFIG = frozenset({"config", "ensure_config", "get_config", "var_child_runnable_config"})
"""What a function says that asks for its call's config; LangChain hands it to a parameter of that name only."""


HISTORY = "message_history"
"""Where in ``configurable`` a ``RunnableWithMessageHistory`` leaves what it takes the input's messages from."""

READ = ("metadata", "tags", HISTORY)

INTERRUPT = "interrupt"
"""LangGraph's function that asks a person, whose answer reaches the chain behind its input."""


def _shapes(name: str) -> bool:
    return name not in IRRELEVANT and not SECRET.search(name)


def _identifying(model: Any) -> Any:
    """What the model's author says identifies it; a model may refuse to say."""
    try:
        return {name: value for name, value in model._identifying_params.items() if _shapes(name)}  # noqa: SLF001 -- LangChain's own hook
    except Exception:
        return None


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, BaseMessage):
        yield from _texts(content.content)
    elif isinstance(content, list | tuple):
        for item in content:
            yield from _texts(item)
    elif isinstance(content, dict):
        for item in content.values():
            yield from _texts(item)


def _graph_nodes(value: Any) -> Any:
    """The runnables inside a compiled LangGraph graph."""
    nodes = getattr(value, "nodes", None)
    if not isinstance(nodes, dict):
        return None
    return {name: getattr(node, "bound", node) for name, node in nodes.items()}


def _plain_state(value: Any) -> dict[str, Any]:
    """The settings of a runnable of the user's own, except what its running changes."""
    methods = ["invoke", "ainvoke", "stream", "astream", "transform", "atransform"]
    changed = {name for code in method_codes(type(value), methods) for name in changed_names(code)}
    return {
        key: item
        for key, item in vars(value).items()
        if key not in changed and isinstance(item, (*SETTINGS, *PLAIN_DATA))
    }


def _own_methods(cls: type) -> Iterator[FunctionType]:
    """All methods that are no library's."""
    for base in filter(_is_own, cls.__mro__):
        methods = (getattr(item, "__func__", getattr(item, "fget", item)) for item in vars(base).values())
        yield from (each for each in methods if isinstance(each, FunctionType) and _is_own(each))


def _is_own(value: Any) -> bool:
    module = str(value.__module__)
    return not module.startswith(NOT_OWN) and module.partition(".")[0] not in sys.stdlib_module_names


@lru_cache(maxsize=256)
def _code_of(cls: Any) -> list[Any]:
    """What the methods of a class of the user's own do: a parser's code shapes answers as its fields do."""
    own = [describe_callable(method) for method in _own_methods(cls)]
    return [own] if own else []


def _has_memory(value: Any) -> bool:
    """A chain with a memory, or a LangGraph graph with a checkpointer or store."""
    return any(getattr(value, name, None) not in (None, False) for name in ("memory", "checkpointer")) and isinstance(
        value, Runnable
    )


def _has_functions(value: Any) -> bool:
    return any(callable(vars(value).get(name)) for name in FUNCTIONS)


def _name(cls: type) -> str:
    return f"{cls.__module__}:{cls.__qualname__}"
