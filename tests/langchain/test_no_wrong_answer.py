"""Law 1: two requests share an entry only if everything that could shape the answer is equal."""

import gc
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.chat_history import BaseChatMessageHistory, InMemoryChatMessageHistory
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.example_selectors import (
    BaseExampleSelector,
    LengthBasedExampleSelector,
    SemanticSimilarityExampleSelector,
)
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.output_parsers import BaseOutputParser, PydanticOutputParser, StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, FewShotPromptTemplate, PromptTemplate, StringPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import (
    ConfigurableField,
    RunnableConfig,
    RunnableLambda,
    RunnablePassthrough,
    RunnableSerializable,
    ensure_config,
)
from langchain_core.runnables.history import RunnableWithMessageHistory
from langchain_core.tools import tool
from langchain_core.vectorstores import InMemoryVectorStore
from pydantic import BaseModel, create_model
from support.chains import PROMPT, SAY, Applicant, chain, founder
from support.models import CountingModel

from langcache import Cache, Feature, Profile, Slot
from langcache.errors import DeclarationError


@pytest.fixture
def cache() -> Cache:
    return Cache("memory://")


def test_a_model_swapped_behind_the_same_prompt_version(cache: Cache) -> None:
    """prompt_version stands for the prompt text alone."""
    for model in (
        CountingModel(say="one"),
        CountingModel(say="two", model_name="fake-2"),
        CountingModel(say="three", temperature=0.9),
    ):
        wrapped = cache.wrap(chain(model), profile=Applicant, name="plan", prompt_version="v1")
        assert wrapped.invoke(founder()) == model.say


def test_a_parameter_changed_after_wrapping(cache: Cache) -> None:
    """The fingerprint is of the model as it is now, also where the change is inside a container."""
    model = CountingModel(say="first")
    wrapped = cache.wrap(PROMPT | model.bind(stop=["x"]) | StrOutputParser(), profile=Applicant, prompt_version="v1")
    assert wrapped.invoke(founder()) == "first"
    model.temperature, model.say = 0.9, "second"
    assert wrapped.invoke(founder()) == "second"
    wrapped.bound.steps[1].kwargs["stop"].append("y")
    model.say = "third"
    assert wrapped.invoke(founder()) == "third"
    assert wrapped.invoke(founder(startup_name="Zed")) == "third"
    assert model.calls == 3


def test_two_prompts_under_one_version_are_told_once(cache: Cache, caplog: pytest.LogCaptureFixture) -> None:
    """One is answered with the other's answers. The same prompt again is no news, nor is it in another namespace, with
    another model or profile, or under another version."""
    model = CountingModel(say=SAY)
    first, second = (ChatPromptTemplate.from_template(text + " {startup_name}") for text in ("Plan", "Judge"))

    def ask(prompt: Any, where: Cache = cache, model: CountingModel = model, version: str | None = "v1") -> None:
        wrapped = where.wrap(prompt | model, profile=Applicant, name="plan", prompt_version=version)
        wrapped.invoke(founder())

    for _ in range(2):
        ask(first)
        ask(first.partial(startup_name="Zed"))
    ask(second, cache.namespaced("other"))
    ask(second, Cache("memory://"))
    ask(second, model=CountingModel(say=SAY, temperature=0.9))
    ask(second, version="v2")
    ask(second, version=None)
    assert caplog.messages == []
    for _ in range(2):
        ask(second)
        ask(first)
    assert len(caplog.messages) == 1
    assert "chain 'plan', prompt_version 'v1'" in caplog.messages[0]
    assert "give each prompt its own prompt_version" in caplog.messages[0]


def test_an_edited_prompt_is_another_key_unless_a_version_stands_for_it(cache: Cache) -> None:
    """Without prompt_version, a fingerprint of every prompt found."""
    model = CountingModel(say=SAY)
    for text in ("Plan {startup_name}", "Plan well {startup_name}"):
        prompt = ChatPromptTemplate.from_messages([("human", text)])
        cache.wrap(prompt | model | StrOutputParser(), profile=Applicant, name="a").invoke(founder())
        cache.wrap(prompt | model | StrOutputParser(), profile=Applicant, name="b", prompt_version="1").invoke(
            founder()
        )
    assert model.calls == 2 + 1


def _edited(base: Any, method: str, body: Any, **fields: Any) -> Any:
    """An instance of a class of the user's own, as it is after an edit."""
    made: Any = type("Mine", (base,), {method: body, "__module__": "app"})
    return made(**fields)


@pytest.mark.parametrize("version", [None, "1"])
@pytest.mark.parametrize(
    ("edit", "says_it_all"),
    [
        (lambda say: _edited(BaseOutputParser, "parse", say), False),
        (lambda say: _edited(RunnableSerializable, "invoke", say), False),
        (lambda say: _edited(StringPromptTemplate, "format", say, input_variables=["x"]), True),
    ],
    ids=["parser", "runnable", "prompt"],
)
def test_the_code_of_a_class_of_ones_own_is_in_the_key(
    cache: Cache, edit: Any, says_it_all: bool, version: str | None
) -> None:
    """It shapes the answer as a field does; a version stands for that of a prompt."""
    before = edit(lambda self, *given, **_: "before")
    after = edit(lambda self, *given, **_: "after")
    chains = [
        PromptTemplate.from_template("{x}") | CountingModel() | each if not says_it_all else each | CountingModel()
        for each in (before, before, after)
    ]
    with cache.capture() as events:
        for each in chains:
            cache.wrap(each, name="mine", prompt_version=version).invoke({"x": "1"})
    stands = says_it_all and version is not None
    assert [event.outcome for event in events] == ["miss", "hit", "hit" if stands else "miss"]


def test_examples_out_of_sight_ask_for_a_version(cache: Cache) -> None:
    """Those in a vector store, or in a class of the user's own, would be edited unnoticed."""

    class Mine(BaseExampleSelector):
        def add_example(self, example: dict[str, str]) -> None: ...

        def select_examples(self, input_variables: dict[str, str]) -> list[dict[str, str]]:
            return []

    examples = [{"q": "a", "a": "b"}]
    one = PromptTemplate.from_template("{q}: {a}")
    stored = SemanticSimilarityExampleSelector.from_examples(
        examples, DeterministicFakeEmbedding(size=4), InMemoryVectorStore, k=1
    )
    for selector, seen in (
        (stored, False),
        (Mine(), False),
        (LengthBasedExampleSelector(examples=examples, example_prompt=one), True),
    ):
        prompt = FewShotPromptTemplate(
            example_selector=selector, example_prompt=one, suffix="{q}", input_variables=["q"]
        )
        with nullcontext() if seen else pytest.raises(DeclarationError, match="prompt_version"):
            cache.wrap(prompt | CountingModel(), name="few")
        cache.wrap(prompt | CountingModel(), name="few", prompt_version="1")


def test_tools_and_schemas_are_in_the_key(cache: Cache) -> None:
    """A changed tool, and a changed schema of the same name, are other keys."""

    @tool
    def look(place: str) -> str:
        """Look there."""
        return place

    small, large = create_model("Answer", name=(str, ...)), create_model("Answer", name=(str, ...), age=(int, 3))
    model = CountingModel(say='{"name": "x"}')
    runnables: list[Any] = [
        model,
        model.bind(tools=[{"name": "look"}]),
        model.bind(tools=[{"name": "look", "description": look.description}]),
        model | PydanticOutputParser(pydantic_object=small),
        model | PydanticOutputParser(pydantic_object=large),
    ]
    answers = [
        cache.wrap(PROMPT | r, profile=Applicant, name="n", prompt_version="1").invoke(founder()) for r in runnables
    ]
    assert model.calls == len(runnables)
    assert isinstance(answers[4], BaseModel)
    assert answers[4].age == 3  # type: ignore[attr-defined]


def test_a_wrapped_chain_inside_a_wrapped_chain(cache: Cache) -> None:
    """A model swapped inside the inner chain is noticed by the outer one; details come through both."""
    for model in (CountingModel(say=SAY), CountingModel(say="New: [startup name]", model_name="fake-2")):
        inner = cache.wrap(chain(model), profile=Applicant, name="inner")
        outer = cache.wrap(inner | (lambda text: f"<{text}>"), profile=Applicant, name="outer", prompt_version="1")
        expected = model.say.replace("[startup name]", "Zed").replace("[university name]", "MIT and CMU")
        outer.invoke(founder())
        assert outer.invoke(founder(startup_name="Zed")) == f"<{expected}>"
        assert model.calls == 1


def test_configurable_that_shapes_the_answer_is_in_the_key(cache: Cache) -> None:
    """All of ``configurable`` but LangGraph's own names and those declared volatile."""
    model = CountingModel(say=SAY).configurable_fields(say=ConfigurableField(id="voice"))
    wrapped = cache.wrap(PROMPT | model | StrOutputParser(), profile=Applicant, volatile=["session"])
    say = lambda **configurable: wrapped.invoke(founder(), {"configurable": configurable})  # noqa: E731
    assert [say(), say(voice="A"), say(voice="B"), say(voice="A")] == ["Pitch PathAI to MIT and CMU.", "A", "B", "A"]
    with cache.capture() as events:
        say(thread_id="1", checkpoint_ns="x", session=7)
        say(voice="A", __pregel_x=object())
        say(other=object())
    assert [e.outcome for e in events] == ["hit", "hit", "bypass"]


def _told(config: Any) -> str:
    return str((config.get("metadata") or {}).get("locale"))


class Speaks(RunnableSerializable[Any, str]):
    """A runnable of the user's own that reads its config."""

    def invoke(self, input: Any, config: Any = None, **_: Any) -> str:
        return ensure_config(config)["metadata"].get("locale", "None")


READS: dict[str, Any] = {
    "a lambda": RunnableLambda(lambda d, config: config["metadata"].get("locale", "None")),
    "a helper": RunnableLambda(lambda d, config: _told(config)),
    "no parameter": RunnableLambda(lambda d: ensure_config()["metadata"].get("locale", "None")),
    "a class": Speaks(),
    "tags": RunnableLambda(lambda d, config: next((tag for tag in config["tags"] if len(tag) == 2), "None")),
}


@pytest.mark.parametrize("how", READS)
def test_metadata_and_tags_that_a_function_reads_are_in_the_key(cache: Cache, how: str) -> None:
    """Those of LangChain and of the cache itself, and names declared volatile, are not; nor where nobody reads them."""
    wrapped = cache.wrap(READS[how], name="w", prompt_version="1", volatile=["session"])
    plain = cache.wrap(RunnableLambda(lambda d, config: "plain"), name="p", prompt_version="1")
    with cache.capture() as events:
        for locale, session in (("en", 1), ("de", 2), ("en", 3)):
            metadata = {"locale": locale, "session": session, "langcache": "max-age=60", "ls_run": session}
            config: Any = {"metadata": metadata, "tags": [locale, "langcache:max-age=60"]}
            assert wrapped.invoke({"x": 1}, config) == locale
            plain.invoke({"x": 1}, config)
    assert [event.outcome for event in events] == ["miss", "miss", "miss", "hit", "hit", "hit"]


def test_call_arguments_and_partials_are_in_the_key(cache: Cache) -> None:
    """What reaches a chain besides its input is residue too."""
    day = iter(["Monday", "Monday", "Tuesday", "Tuesday"])
    prompt = ChatPromptTemplate.from_messages([("human", "{day} {q}")]).partial(day=lambda: next(day))
    model = CountingModel(say=lambda messages: str(messages[-1].content))
    wrapped = cache.wrap(prompt | model | StrOutputParser(), name="x")
    assert wrapped.invoke({"q": "?"}) == "Monday ?"
    assert wrapped.invoke({"q": "?"}) == "Tuesday ?"
    model2 = CountingModel()
    bound = cache.wrap(model2 | StrOutputParser(), name="y")
    for stop in (["a"], ["b"], ["a"]):
        bound.bind(stop=stop).invoke("hi")
    assert model2.calls == 2


def test_two_prompts_have_a_partial_of_one_name(cache: Cache) -> None:
    """Each of them is in the key."""
    said = {"first": "Be brief.", "second": "Be kind."}
    first = ChatPromptTemplate.from_template("{tone} {q}").partial(tone=lambda: said["first"])
    second = ChatPromptTemplate.from_template("{tone} {q}").partial(tone=lambda: said["second"])
    echo = CountingModel(say=lambda messages: str(messages[-1].content)) | StrOutputParser()
    wrapped = cache.wrap(first | echo | {"q": RunnablePassthrough()} | second | echo, name="x", prompt_version="1")
    assert wrapped.invoke({"q": "?"}) == "Be kind. Be brief. ?"
    said["first"] = "Be long."
    assert wrapped.invoke({"q": "?"}) == "Be kind. Be long. ?"
    said["second"] = "Be stern."
    assert wrapped.invoke({"q": "?"}) == "Be stern. Be long. ?"


@pytest.mark.filterwarnings("ignore:.*(RunnableWithMessageHistory|InMemoryChatMessageHistory)")
def test_history_loaded_by_the_chain_bypasses(cache: Cache) -> None:
    """A runnable that loads history is bypassed: what it loads is not in the key."""
    stores: dict[str, InMemoryChatMessageHistory] = {}
    model = CountingModel(say=lambda messages: str(len(messages)))
    inner = ChatPromptTemplate.from_messages([("placeholder", "{h}"), ("human", "{q}")]) | model | StrOutputParser()
    talk = RunnableWithMessageHistory(
        inner,
        lambda session_id: stores.setdefault(session_id, InMemoryChatMessageHistory()),
        input_messages_key="q",
        history_messages_key="h",
    )
    wrapped = cache.wrap(talk, name="talk", prompt_version="1")
    config: Any = {"configurable": {"session_id": "a"}}
    with cache.capture() as events:
        assert [wrapped.invoke({"q": "hi"}, config) for _ in range(3)] == ["1", "3", "5"]
    assert {e.outcome for e in events} == {"bypass"}
    assert "history" in (events[0].reason or "")


class Kept(BaseChatMessageHistory):
    """A history as databases have them: no plain data."""

    def __init__(self) -> None:
        self.messages = []

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        self.messages = [*self.messages, *messages]

    def clear(self) -> None:
        self.messages = []


@pytest.mark.filterwarnings("ignore:.*(RunnableWithMessageHistory|InMemoryChatMessageHistory)")
@pytest.mark.parametrize("kind", [Kept, InMemoryChatMessageHistory])
async def test_a_history_around_a_wrapped_chain(cache: Cache, kind: Any) -> None:
    """Its messages are an input of the chain, and masked; the object LangChain leaves in the config says no more."""
    stores: dict[str, Any] = {}
    prompt = ChatPromptTemplate.from_messages([("system", "{name}"), ("placeholder", "{h}"), ("human", "{q}")])
    model = CountingModel(say=lambda messages: f"{messages[0].content[:6]} {len(messages)}")
    profile = Profile.of(slots={"name": Slot(kind="person")})
    talk = RunnableWithMessageHistory(
        cache.wrap(prompt | model, profile=profile, name="talk", volatile="session_id"),
        lambda session_id: stores.setdefault(session_id, kind()),
        input_messages_key="q",
        history_messages_key="h",
    )
    for name in ("Anabel", "Robert"):
        config: Any = {"configurable": {"session_id": name}}
        said = [talk.invoke({"name": name, "q": "hi"}, config), await talk.ainvoke({"name": name, "q": name}, config)]
        assert [each.content for each in said] == [f"{name} 2", f"{name} 4"]
        assert [each.content for each in stores[name].messages] == ["hi", f"{name} 2", name, f"{name} 4"]
    assert model.calls == 2


@pytest.mark.filterwarnings("ignore:.*InMemoryChatMessageHistory")
def test_a_history_that_a_function_reads_from_its_config_is_in_the_key(cache: Cache) -> None:
    """It need not be in the input."""
    counts = RunnableLambda(lambda d, config: str(len(config["configurable"]["message_history"].messages)))
    wrapped = cache.wrap(counts, name="counts", prompt_version="1")
    histories = [InMemoryChatMessageHistory(messages=[HumanMessage("hi")] * count) for count in (1, 2)]
    assert [wrapped.invoke("?", {"configurable": {"message_history": each}}) for each in histories] == ["1", "2"]


def test_a_graph_with_a_checkpointer_bypasses(cache: Cache) -> None:
    """The checkpoint is not in the key."""
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.graph import START, MessagesState, StateGraph

    graph = StateGraph(MessagesState)
    graph.add_node("n", lambda state: {"messages": [f"{len(state['messages'])}"]})
    graph.add_edge(START, "n")
    wrapped = cache.wrap(graph.compile(checkpointer=InMemorySaver()), name="g", prompt_version="1")
    config: Any = {"configurable": {"thread_id": "a"}}
    counts = [len(wrapped.invoke({"messages": [HumanMessage("hi")]}, config)["messages"]) for _ in range(3)]
    assert counts == [2, 4, 6]


class Library(BaseRetriever):
    """Finds what it is asked for."""

    def _get_relevant_documents(self, query: str, **_: Any) -> list[Document]:
        return [Document(f"About {query}")]


@pytest.mark.parametrize("mode", ["mask", "abstract"])
@pytest.mark.parametrize("lookup_ok", [False, True])
async def test_a_retriever_fed_with_a_slot(cache: Cache, mode: Any, lookup_ok: bool) -> None:
    """That slot is a feature, unless declared ``lookup_ok``: the answer is for nobody else and not stored."""
    model = CountingModel(say=lambda messages: "Found: " + str(messages[-1].content)[6:9])
    steps = (
        RunnablePassthrough.assign(docs=RunnableLambda(lambda d: d["city"]) | Library())
        | ChatPromptTemplate.from_messages([("human", "{docs}")])
        | model
        | StrOutputParser()
    )
    profile = Profile.of(slots={"city": Slot(lookup_ok=lookup_ok)})
    wrapped = cache.wrap(steps, profile=profile, name="rag", prompt_version="1", mode=mode)
    with cache.capture() as events:
        wrapped.invoke({"city": "Springfield"})
        await wrapped.ainvoke({"city": "Shelbyville"})
    if not lookup_ok:
        assert {e.outcome for e in events} <= {"bypass", "refused"}
        assert all("Springfield" in str(model.seen[0]) or "Shelbyville" in str(m) for m in model.seen)
        assert "city" in f"{events[0].reason} {events[0].details}"
        assert cache.stats().entries == 0


class Shelf(BaseRetriever):
    """Finds the same for everybody."""

    def _get_relevant_documents(self, query: str, **_: Any) -> list[Document]:
        return [Document("MIT, then Yale.")]


@pytest.mark.parametrize(
    "name", ["Grace", "Will", "Al", "10", 4711, 3.5, "李", "Anabel", "Anabel Smith", ["Ed", "May"]]
)
@pytest.mark.parametrize("query", ["{}", "orders of {}", "user_{}", "a{}b", "{first}", "{lower}"])
def test_everyday_words_and_numbers_are_looked_up_too(cache: Cache, name: Any, query: str) -> None:
    """Elsewhere they may mean something else; here in doubt the answer is for nobody else."""

    def asked(person: Any) -> str:
        told = str(person["name"][0] if isinstance(person["name"], list) else person["name"])
        return query.format(told, first=told.split()[0], lower=told.lower())

    steps = RunnableLambda(asked) | Library() | (lambda found: "Found " + str(hash(found[0].page_content)))
    wrapped = cache.wrap(steps, profile=Profile.of(slots=["name"]), name="r", prompt_version="1", mode="abstract")
    with cache.capture() as events:
        wrapped.invoke({"name": name})
    if not (name in ("Al", ["Ed", "May"]) and query == "a{}b"):
        assert [(event.reason, event.details) for event in events] == [("slot looked up", {"slot": "name"})]


def test_what_a_query_says_in_everybodys_name_is_stored(cache: Cache) -> None:
    """The question is in the key as it is."""
    steps = RunnableLambda(lambda d: d["question"]) | Shelf() | (lambda found: found[0].page_content)
    wrapped = cache.wrap(steps, profile=Profile.of(slots=["name"]), name="r", prompt_version="1", mode="abstract")
    with cache.capture() as events:
        for name in ("Will", "Anabel"):
            wrapped.invoke({"name": name, "question": "Will it help?"})
    assert [event.outcome for event in events] == ["miss", "hit"]


@tool
def ranking(year: int) -> str:
    """The best schools of a year."""
    return f"{year}: MIT, then Yale."


LOOKS_UP: dict[str, Any] = {
    "a retriever": RunnableLambda(lambda d: "schools") | Shelf() | (lambda found: found[0].page_content),
    "a tool": RunnableLambda(lambda d: {"year": 2025}) | ranking,
}


@pytest.mark.parametrize("how", LOOKS_UP)
async def test_a_value_that_was_looked_up_is_everybodys(cache: Cache, how: str) -> None:
    """The first is MIT, for somebody from Yale, too: whose word it is cannot be told."""
    steps = RunnablePassthrough.assign(found=LOOKS_UP[how]) | (lambda d: f"{d['found']} You are at {d['school']}.")
    wrapped = cache.wrap(steps, profile=Profile.of(slots=["school"]), name="r", prompt_version="1", mode="abstract")
    with cache.capture() as events:
        for school in ("MIT", "Princeton", "Stanford", "Yale"):
            answer = await wrapped.ainvoke({"school": school})
            assert "MIT" in answer
            assert answer.endswith(f"You are at {school}.")
    assert [event.outcome for event in events][:3] == ["refused", "miss", "hit"]


@pytest.mark.parametrize("how", ["invoke", "stream"])
@pytest.mark.parametrize("label", ["city", "place of residence"])
def test_a_placeholders_text_in_what_was_looked_up_stays(cache: Cache, how: str, label: str) -> None:
    """A letter's template is no letter: such a run is made on real values, unless the slot has another label."""

    class Letters(BaseRetriever):
        def _get_relevant_documents(self, query: str, **_: Any) -> list[Document]:
            return [Document("Welcome to [City]!")]

    chain = (
        RunnablePassthrough.assign(
            docs=RunnableLambda(lambda d: d["q"]) | Letters() | (lambda docs: docs[0].page_content)
        )
        | ChatPromptTemplate.from_messages([("human", "{docs} {city}")])
        | CountingModel(say=lambda messages: str(messages[-1].content))
        | StrOutputParser()
    )
    profile = Profile.of(slots={"city": Slot(label=label)})
    wrapped = cache.wrap(chain, profile=profile, name="letters", prompt_version="1")
    with cache.capture() as events:
        for city in ("Springfield", "Shelbyville"):
            given = {"city": city, "q": "?"}
            answer = wrapped.invoke(given) if how == "invoke" else "".join(wrapped.stream(given))
            assert answer == f"Welcome to [City]! {city}"
    assert [e.outcome for e in events] == (["bypass"] * 2 if label == "city" else ["miss", "hit"])


PHOTOS: dict[str, Any] = {
    "openai": lambda url: {"type": "image_url", "image_url": {"url": url}},
    "langchain": lambda url: {"type": "image", "url": url},
    "anthropic": lambda url: {"type": "document", "source": {"type": "url", "url": url}},
    "uploaded": lambda url: {"type": "file", "file_id": url.rpartition("/")[2]},
}


@pytest.mark.parametrize("how", PHOTOS)
@pytest.mark.parametrize("mode", ["mask", "abstract"])
@pytest.mark.parametrize("door", ["chain", "model"])
def test_another_photo_is_another_question(cache: Cache, how: str, mode: Any, door: str) -> None:
    """Though the user's name is in its address: a placeholder there is nowhere, and what it shows is nobody else's."""
    model = CountingModel(
        say=lambda messages: f"It shows {'a cat' if 'ana' in str(messages[-1].content) else 'a dog'}."
    )
    profile = Profile.of(slots={"name": Slot(kind="person")})
    prompt = ChatPromptTemplate.from_messages([("placeholder", "{asked}")])
    chain = prompt | model if door == "chain" else model
    wrapped = cache.wrap(chain, profile=profile, name="photo", mode=mode)
    for name, shown in (("Anabel Lee", "cat"), ("Robert Koch", "dog"), ("Anabel Lee", "cat")):
        photo = PHOTOS[how](f"https://x.org/{name.lower().replace(' ', '-')}")
        asked = [HumanMessage([{"type": "text", "text": f"I am {name}. What is this?"}, photo])]
        with cache.user({"name": name}):
            answer = wrapped.invoke({"name": name, "asked": asked} if door == "chain" else asked)
        assert answer.content == f"It shows a {shown}."
    assert model.calls == 2
    assert not any("[" in str(call[-1].content[1]) for call in model.seen)


@pytest.mark.parametrize("mode", ["mask", "abstract"])
async def test_a_slot_in_the_address_of_a_photo_is_looked_up(cache: Cache, mode: Any) -> None:
    """By the provider, who would be sent to a placeholder."""
    photo = {"type": "image_url", "image_url": {"url": "https://x.org/{login}.png"}}
    model = CountingModel(say=lambda messages: "A cat." if "ana" in str(messages[-1].content) else "A dog.")
    chain = ChatPromptTemplate.from_messages([("human", [photo])]) | model | StrOutputParser()
    wrapped = cache.wrap(chain, profile=Profile.of(slots=["login"]), name="photo", mode=mode)
    heard: RunnableConfig = {"callbacks": [BaseCallbackHandler()]}
    assert wrapped.invoke({"login": "anabel7"}, heard) == "A cat."
    assert await wrapped.ainvoke({"login": "robert9"}, heard) == "A dog."
    assert "[login]" not in str(model.seen)
    gc.collect()  # a coroutine that nobody awaited warns when it goes


def test_namespaces_are_hard_partitions(cache: Cache) -> None:
    """``namespaced`` is the same cache, and never reads across."""
    model = CountingModel(say=SAY)
    tenants = [cache.namespaced(name).wrap(chain(model), profile=Applicant, name="x") for name in ("a", "b")]
    for wrapped in (*tenants, *tenants):
        wrapped.invoke(founder())
    assert model.calls == 2
    assert (cache.stats().entries, cache.namespaced("a").stats().entries) == (0, 1)
    assert cache.namespaced("a").clear() == 1
    assert cache.namespaced("b").stats().entries == 1


def test_the_profiles_own_declaration_is_in_the_key(cache: Cache) -> None:
    """Another bucket edge, another label, another part to play: other keys."""
    model = CountingModel(say="ok")
    for profile in (
        Profile.of(features={"gpa": Feature(buckets=[3])}),
        Profile.of(features={"gpa": Feature(buckets=[3, 4])}),
        Profile.of(features=["gpa"]),
        Profile.of(slots=["gpa"]),
        Profile.of(slots={"gpa": Slot(label="grade")}),
    ):
        cache.wrap(model | StrOutputParser(), profile=profile, name="x")
        prompt = ChatPromptTemplate.from_messages([("human", "{gpa}")])
        cache.wrap(prompt | model, profile=profile, name="x").invoke({"gpa": 3.5})
    assert model.calls == 5


KEY_SCRIPT = """
from support.chains import *
from langcache import Cache
from support.models import CountingModel
c = Cache("memory://")
w = c.wrap(chain(CountingModel(say=SAY)), profile=Applicant, name="plan")
with c.capture() as events:
    w.invoke(founder(question="How is PathAI?", extra={"b": 1, "a": [1.5, None]}))
key = events[0].key
"""


def test_keys_are_the_same_in_every_process() -> None:
    """Another process, another hash seed: the same key."""
    here: dict[str, Any] = {}
    exec(KEY_SCRIPT, here)
    another = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    there = subprocess.run(
        [sys.executable, "-c", f"{KEY_SCRIPT}print(key)"],
        env={**os.environ, "PYTHONPATH": "tests", "PYTHONHASHSEED": another},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert here["key"] == there
    assert len(there) == 40
