"""Whatever holds a chain's inputs by name, its details are slots: never the model's, never at rest."""

from collections import OrderedDict, defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompt_values import ChatPromptValue, StringPromptValue
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import Runnable, RunnableLambda, RunnablePassthrough
from langchain_core.runnables.utils import AddableDict
from pydantic import BaseModel, ConfigDict
from support.chains import PROMPT, SAY, Applicant, chain, founder
from support.models import CountingModel

from langcache import Cache


@dataclass(frozen=True, slots=True)
class Frozen:
    background: str
    startup_name: str
    universities: list[str]


class Model(BaseModel):
    model_config = ConfigDict(frozen=True)

    background: str
    startup_name: str
    universities: list[str]


def as_dict(inputs: Any) -> dict[str, Any]:
    if isinstance(inputs, Mapping):
        return dict(inputs)
    return inputs.model_dump() if isinstance(inputs, BaseModel) else asdict(inputs)


def holding(cache: Cache) -> bytes:
    """Every byte of the store."""
    now = cache.clock.now()
    found = [cache.store.get("default", row.key, now=now) for row in cache.store.scan("default", now=now)]
    return b"".join(record.value for record in found if record is not None)


KINDS = [
    OrderedDict,
    AddableDict,
    MappingProxyType,
    lambda values: defaultdict(str, values),
    lambda values: Frozen(**values),
    lambda values: Model(**values),
]


@pytest.mark.parametrize(
    "kind", KINDS, ids=["OrderedDict", "AddableDict", "proxy", "defaultdict", "dataclass", "model"]
)
@pytest.mark.parametrize("mode", ["mask", "abstract"])
def test_inputs_by_name_of_any_type(kind: Any, mode: Any) -> None:
    """Both users are served by one call, and neither's details are stored or, masked, shown to the model."""

    def say(messages: Any) -> str:
        told = messages[-1].text.removeprefix("Plan for ").removesuffix(".")
        return "Pitch {} to {}.".format(*told.split(", aiming at "))

    model = CountingModel(say=say)
    read: Runnable[Any, Any] = RunnableLambda(as_dict)
    with Cache("memory://") as cache:
        wrapped = cache.wrap(
            read | PROMPT | model | StrOutputParser(), profile=Applicant, name="plan", prompt_version="1", mode=mode
        )
        answers = [
            wrapped.invoke(kind(founder(startup_name=name, universities=["Brumtown"])))
            for name in ("PathAI", "Zanquor")
        ]
        assert answers[1] == answers[0].replace("PathAI", "Zanquor")
        assert model.calls == 1
        assert b"PathAI" not in holding(cache)
    assert ("PathAI" in model.last) == (mode == "abstract")


async def test_what_a_step_before_adds_in_a_stream() -> None:
    """``RunnablePassthrough.assign`` streams dicts of its own type; the chain behind it hits as with `invoke`."""
    model = CountingModel(say=SAY)
    with Cache("memory://") as cache:
        before: Runnable[Any, Any] = RunnablePassthrough.assign(gpa=lambda given: 3.2)
        piped = before | cache.wrap(chain(model), profile=Applicant, name="plan")
        assert piped.invoke(founder()) == "Pitch PathAI to MIT and CMU."
        assert "".join(piped.stream(founder(startup_name="Zed Labs"))) == "Pitch Zed Labs to MIT and CMU."
        chunks = [chunk async for chunk in piped.astream(founder(startup_name="Acme Works"))]
        assert "".join(chunks) == "Pitch Acme Works to MIT and CMU."
    assert model.calls == 1


def test_a_user_who_opted_out_in_a_dataclass() -> None:
    """The profile speaks for its user whatever type holds the values."""

    class Private(Applicant):
        def cache_directives(self) -> str | None:
            return "no-store" if self.background == "vip" else None

    model = CountingModel(say=SAY)
    read: Runnable[Any, Any] = RunnableLambda(as_dict)
    with Cache("memory://") as cache:
        wrapped = cache.wrap(read | chain(model), profile=Private, name="plan", prompt_version="1")
        for _ in range(2):
            wrapped.invoke(Frozen("vip", "PathAI", ["MIT"]))
        assert list(cache.store.scan("default", now=cache.clock.now())) == []
    assert model.calls == 2


HISTORY = ChatPromptTemplate.from_messages(
    [MessagesPlaceholder("history"), ("human", "{documents} for {startup_name}")]
)


def all_of(messages: Any) -> str:
    """All that a provider is told of messages."""
    return repr([(m.type, m.content, m.name, m.additional_kwargs, getattr(m, "tool_calls", None)) for m in messages])


@pytest.mark.parametrize(
    "told",
    [
        {"history": lambda name: [HumanMessage("Hi", name=name)]},
        {"history": lambda name: [HumanMessage("Hi", additional_kwargs={"of": name})]},
        {"history": lambda name: [HumanMessage([{"type": "text", "text": "Hi", "name": name}])]},
        {"history": lambda name: [AIMessage("", tool_calls=[{"name": "find", "args": {"of": name}, "id": "1"}])]},
        {"history": lambda name: [HumanMessage(f"I run {name}")]},
        {"documents": lambda name: [Document("Facts", metadata={"of": name})]},
        {"documents": lambda name: [Document(f"Facts about {name}")]},
        {"documents": lambda name: [Document("Facts", metadata={"said": HumanMessage(f"I run {name}")})]},
    ],
)
def test_who_share_a_key_share_a_prompt(told: Any) -> None:
    """Law 2: wherever in a message or document a detail stands, it is masked there, or it is in the key."""
    seen: dict[str, str] = {}
    with Cache("memory://") as cache:
        for name in ("Zanquor", "Wexley"):
            model = CountingModel(say=lambda messages: "Fine.")
            wrapped = cache.wrap(HISTORY | model, profile=Applicant, name="plan")
            given = {"history": [], "documents": [], **{part: make(name) for part, make in told.items()}}
            with cache.directives("no-cache"), cache.capture() as events:
                wrapped.invoke(founder(startup_name=name, **given))
            prompt = all_of(model.seen[-1])
            assert seen.setdefault(events[0].key, prompt) == prompt


@pytest.mark.parametrize(
    "kind",
    [
        lambda text: text,
        lambda text: [HumanMessage(text)],
        lambda text: [HumanMessage([{"type": "text", "text": text}])],
        lambda text: [("human", text)],
        lambda text: [{"role": "user", "content": text}],
        lambda text: ChatPromptValue(messages=[HumanMessage(text)]),
        lambda text: StringPromptValue(text=text),
    ],
    ids=["text", "message", "blocks", "tuple", "dict", "chat prompt", "string prompt"],
)
def test_inputs_without_names(kind: Any) -> None:
    """Details of the ambient user are found in them; one call serves two users."""
    model = CountingModel(say=lambda messages: messages[-1].text.replace("I run", "You run"))
    hand_on: Runnable[Any, Any] = RunnableLambda(lambda given: given)
    with Cache("memory://") as cache:
        wrapped = cache.wrap(hand_on | model | StrOutputParser(), profile=Applicant, prompt_version="1")
        for name in ("Zanquor", "Wexley"):
            with cache.user({"startup_name": name, "background": "founder"}):
                assert wrapped.invoke(kind(f"I run {name}.")) == f"You run {name}."
    assert model.calls == 1


@pytest.mark.parametrize("first", ["{{ universities[0] }}", "{{ universities|first }}"])
def test_the_first_of_a_list_is_not_the_list(first: str) -> None:
    """One placeholder stands for all items, so a prompt that takes the first alone runs on real values."""
    prompt = ChatPromptTemplate.from_template(f"Apply to {first}", template_format="jinja2")
    with Cache("memory://") as cache, cache.capture() as events:
        wrapped = cache.wrap(prompt | CountingModel(say=lambda messages: messages[-1].text), profile=Applicant)
        assert wrapped.invoke(founder()).content == "Apply to MIT"
        assert wrapped.invoke(founder(universities=["CMU"])).content == "Apply to CMU"
    assert [event.outcome for event in events] == ["bypass", "miss"]
