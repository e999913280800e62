"""What an outside examiner found: requests that shared an entry and must not, or did not and should."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import pytest
from langchain_core.language_models import BaseChatModel, FakeListChatModel
from langchain_core.messages import AIMessage, BaseMessage, ChatMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import Runnable, RunnableLambda, RunnablePassthrough
from langchain_openai import ChatOpenAI

from langcache import Cache, Feature, Ignore, Profile, RetryPolicy, Slot
from langcache.testing import FakeClock, Provider, Request


@pytest.fixture
def cache() -> Iterator[Cache]:
    with Cache("memory://") as opened:
        yield opened


class Model(BaseChatModel):
    """Says its temperature."""

    temperature: float = 0.0
    setting: Any = None

    @property
    def _llm_type(self) -> str:
        return "examined"

    def _generate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **_: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(f"at {self.temperature}"))])


class Safety(Enum):
    LOW = 1
    HIGH = 2


@dataclass
class Options:
    level: int


def outcomes(cache: Cache, *calls: Callable[[], Any]) -> list[str]:
    with cache.capture() as events:
        for call in calls:
            call()
    return [event.outcome for event in events]


SETTINGS = [
    (Safety.LOW, Safety.HIGH),
    ({Safety.LOW: 1}, {Safety.HIGH: 1}),
    (Options(1), Options(2)),
    ([Options(1)], [Options(2)]),
    (date(2024, 1, 1), date(2025, 1, 1)),
    (Decimal(1), Decimal(2)),
    (Path("one"), Path("two")),
    (range(2), range(3)),
]


@pytest.mark.parametrize(("one", "other"), SETTINGS)
def test_a_model_setting_of_any_plain_type_is_in_the_key(cache: Cache, one: object, other: object) -> None:
    """Law 1: all answer-shaping parameters, not only the ones JSON knows."""
    chains = [cache.wrap(RunnableLambda(str) | Model(setting=s), name="c", prompt_version="1") for s in (one, other)]

    assert outcomes(cache, *[partial(chain.invoke, "hi") for chain in chains]) == ["miss", "miss"]


class Service:
    """An app's own object around a model."""

    def __init__(self, model: Any, inner: Any = None) -> None:
        self.model, self.inner = model, inner
        self.asked: list[str] = []
        self.count = 0

    def plan(self, text: str) -> Any:
        self.asked.append(text)
        self.count += 1
        return (self.inner.model if self.inner else self.model).invoke(text)


def _closing_over_a_dict(model: Any) -> Callable[[str], Any]:
    models = {"plan": model}
    return lambda text: models["plan"].invoke(text)


def _closing_over_a_function(model: Any) -> Callable[[str], Any]:
    def inner(text: str) -> Any:
        return model.invoke(text)

    return lambda text: inner(text)


def _asked(model: Any, text: str) -> Any:
    return model.invoke(text)


HOLDERS: dict[str, Callable[[Any], Any]] = {
    "method": lambda model: Service(model).plan,
    "method of an object that holds another": lambda model: Service(None, Service(model)).plan,
    "dict": _closing_over_a_dict,
    "function": _closing_over_a_function,
    "partial": lambda model: partial(_asked, model),
}


@pytest.mark.parametrize("holder", HOLDERS.values(), ids=HOLDERS)
def test_a_model_that_a_function_reaches_is_in_the_key(cache: Cache, holder: Callable[[Any], Any]) -> None:
    """Law 1: a model swapped behind one prompt_version, wherever the function has it from."""
    runnables = [RunnableLambda(holder(Model(temperature=t))) for t in (0.0, 1.0)]
    chains = [cache.wrap(runnable, name="c", prompt_version="1") for runnable in runnables]

    assert [chain.invoke("hi").content for chain in chains] == ["at 0.0", "at 1.0"]


def test_a_service_that_is_given_another_model_is_noticed(cache: Cache) -> None:
    """Law 1: the chain stays wrapped while what it reaches is exchanged."""
    service = Service(Model())
    chain = cache.wrap(RunnableLambda(service.plan), name="c", prompt_version="1")
    before = chain.invoke("hi").content
    service.model = Model(temperature=1.0)

    assert (before, chain.invoke("hi").content) == ("at 0.0", "at 1.0")


GLOBAL_MODEL: Model = Model()


def _asks_the_global(text: str) -> Any:
    return GLOBAL_MODEL.invoke(text)


def test_a_global_model_that_is_exchanged_is_noticed(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law 1: names are asked again, values changed in place are seen."""
    chain = cache.wrap(RunnableLambda(_asks_the_global), name="c", prompt_version="1")
    said = [chain.invoke("hi").content]
    exchanged = Model(temperature=1.0)
    monkeypatch.setitem(globals(), "GLOBAL_MODEL", exchanged)
    said.append(chain.invoke("hi").content)
    exchanged.temperature = 2.0
    said.append(chain.invoke("hi").content)

    assert said == ["at 0.0", "at 1.0", "at 2.0"]


class Own(Runnable[Any, Any]):
    """A runnable of the user's own, with settings."""

    def __init__(self, **settings: Any) -> None:
        self.__dict__.update(settings)
        self.log: list[Any] = []

    def invoke(self, input: Any, config: Any = None, **_: Any) -> Any:
        self.log.append(input)
        return "said"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"options": {"t": 1}}, {"options": {"t": 2}}),
        ({"words": ["a"]}, {"words": ["b"]}),
        ({"_t": 1}, {"_t": 2}),
        ({"models": [Model()]}, {"models": [Model(temperature=1.0)]}),
    ],
)
def test_the_settings_of_an_own_runnable_are_in_the_key(cache: Cache, one: Any, other: Any) -> None:
    """Law 1: containers and private names hold parameters too."""
    chains = [cache.wrap(Own(**settings), name="c", prompt_version="1") for settings in (one, other)]

    assert outcomes(cache, *[partial(chain.invoke, "hi") for chain in chains]) == ["miss", "miss"]


def _appending(calls: list[Any]) -> Callable[[Any], str]:
    def log(text: Any) -> str:
        calls.append(text)
        return "said"

    return log


def _counting() -> Callable[[Any], str]:
    count, by_name = 0, {"all": 0}

    def tally(_: Any) -> str:
        nonlocal count
        count += 1
        by_name["all"] += 1
        return "said"

    return tally


@pytest.mark.parametrize(
    "make",
    [
        lambda: RunnableLambda(_appending([])),
        lambda: RunnableLambda(_counting()),
        lambda: RunnableLambda(Service(Model()).plan),
        Own,
    ],
)
def test_what_a_function_logs_is_no_part_of_it(cache: Cache, make: Callable[[], Any]) -> None:
    """A function that counts its calls keeps its key when it is wrapped again, as in a process's second cache."""
    runnable = make()

    def again() -> Any:
        return cache.wrap(runnable, name="c", prompt_version="1").invoke("hi")

    assert outcomes(cache, again, again, again) == ["miss", "hit", "hit"]


def test_a_partial_is_in_the_key_whatever_the_prompt_version(cache: Cache) -> None:
    """Law 1: evaluated partials are residue; prompt_version stands for the prompt text alone."""
    prompt = ChatPromptTemplate.from_template("{day}: {x}")
    chains = [cache.wrap(prompt.partial(day=d) | Model(), name="c", prompt_version="1") for d in ("mon", "tue")]

    assert outcomes(cache, *[partial(chain.invoke, {"x": "hi"}) for chain in chains]) == ["miss", "miss"]


BROKEN_CALL = {"args": "{", "id": "1", "error": "no JSON", "type": "invalid_tool_call"}
HISTORIES: list[tuple[BaseMessage, BaseMessage]] = [
    (ChatMessage(role="critic", content="x"), ChatMessage(role="fan", content="x")),
    (ToolMessage("x", tool_call_id="1", status="error"), ToolMessage("x", tool_call_id="1", status="success")),
    (
        AIMessage("x", invalid_tool_calls=[{"name": "a", **BROKEN_CALL}]),
        AIMessage("x", invalid_tool_calls=[{"name": "b", **BROKEN_CALL}]),
    ),
]


@pytest.mark.parametrize(("one", "other"), HISTORIES, ids=["role", "status", "invalid call"])
def test_all_of_a_message_that_is_sent_is_in_the_key(cache: Cache, one: BaseMessage, other: BaseMessage) -> None:
    """Law 1: a tool that failed is not a tool that said the same words."""
    chain = cache.wrap(ChatPromptTemplate.from_messages([MessagesPlaceholder("past")]) | Model(), name="c")
    calls = [partial(chain.invoke, {"past": [message]}) for message in (one, other)]

    assert outcomes(cache, *calls) == ["miss", "miss"]


def test_a_parameter_changed_while_the_model_runs_is_a_parameter(cache: Cache) -> None:
    """Law 1: only test doubles count in their fields; a vendor's model changed mid-run was changed by its user."""
    arrived, release = threading.Event(), threading.Event()

    def reply(request: Request) -> str:
        if "slow" in request.json["messages"][-1]["content"]:
            arrived.set()
            release.wait(10)
        return f"at most {request.json.get('max_completion_tokens')}"

    with Provider(reply=reply) as provider:
        model = ChatOpenAI(base_url=provider.openai_url, api_key="k", model="gpt-4o-mini", max_tokens=10)
        chain = cache.wrap(ChatPromptTemplate.from_template("{x}") | model, name="c")
        said = [chain.invoke({"x": "hi"}).content]
        running = threading.Thread(target=chain.invoke, args=({"x": "slow"},))
        running.start()
        assert arrived.wait(10)
        model.max_tokens = 99
        said.append(chain.invoke({"x": "hi"}).content)
        release.set()
        running.join()
        said.append(chain.invoke({"x": "hi"}).content)

    assert said == ["at most 10", "at most 99", "at most 99"]


class Failing:
    """A chain's own function; it fails when told to."""

    def __init__(self, error: type[Exception]) -> None:
        self.error, self.failing, self.runs = error, False, 0

    def answer(self, _: Any) -> AIMessage:
        self.runs += 1
        if self.failing:
            raise self.error("no")
        return AIMessage("said")


People = Profile.of(slots=["name"])


@pytest.mark.parametrize("error", [ConnectionError, ValueError])
@pytest.mark.parametrize("profile", [None, People])
def test_a_stale_answer_beats_any_error_of_the_chain(error: type[Exception], profile: Any) -> None:
    """RFC 5861, 4: also where a function fails, not a model, and the chain has run on real values as well."""
    clock, function = FakeClock(), Failing(error)
    cache = Cache("memory://", ttl=100, stale_if_error=1000, clock=clock)
    chain = cache.wrap(RunnableLambda(function.answer), profile=profile, name="c", prompt_version="1")
    chain.invoke({"name": "PathAI"})
    clock.advance(200)
    function.failing = True
    with cache.capture() as events:
        answer = chain.invoke({"name": "PathAI"})

    assert (
        answer.content,
        answer.response_metadata["langcache"]["outcome"],
        events[0].outcome,
    ) == ("said", "stale", "stale")


@pytest.mark.parametrize(("profile", "error", "runs"), [(None, ValueError, 1), (People, ConnectionError, 2)])
def test_a_failure_that_is_not_the_masks_is_not_repeated(profile: Any, error: type[Exception], runs: int) -> None:
    """Law 8: where nothing is masked, or the trouble passes by itself, a run on real values is only one more call."""
    function = Failing(error)
    function.failing = True
    cache = Cache("memory://", clock=FakeClock(), retry=RetryPolicy(attempts=2))
    chain = cache.wrap(RunnableLambda(function.answer), profile=profile, name="c", prompt_version="1")
    with pytest.raises(error):
        chain.invoke({"name": "PathAI"})

    assert runs == function.runs


def test_errors_of_a_chain_do_not_end_its_masking(cache: Cache) -> None:
    """Law 5: only a chain that works on real values, and not masked, is bypassed after a few failures."""
    function = Failing(ValueError)
    chain = cache.wrap(RunnableLambda(function.answer), profile=People, name="c", prompt_version="1")
    function.failing = True
    for _ in range(4):
        with pytest.raises(ValueError, match="no"):
            chain.invoke({"name": "PathAI"})
    function.failing = False

    assert outcomes(cache, *[partial(chain.invoke, {"name": name}) for name in ("Ada", "Bob")]) == ["miss", "hit"]


class Applicant(Profile):
    gpa: Annotated[float | None, Feature(buckets=[3.0, 3.5])] = None
    name: Annotated[str | None, Slot(label="startup name")] = None
    schools: Annotated[list[str], Slot(label="school")] = []
    age: Annotated[int | None, Slot()] = None
    users: Annotated[int | None, Ignore()] = None


PASSED_ON = [
    {"gpa": 3.1, "name": " PathAI ", "schools": ["MIT", "ETH"], "age": 30, "users": 5},
    {"gpa": 3.2, "name": 'Zed "L"', "schools": ["Yale", "Rice", "ETH"], "age": 41, "users": 7},
]


def _handed_on(cache: Cache) -> Any:
    prompt = ChatPromptTemplate.from_template("{name}")
    answer = prompt | FakeListChatModel(responses=["For [startup name]."]) | StrOutputParser()
    return cache.wrap(RunnablePassthrough.assign(answer=answer), profile=Applicant, name="c")


def test_inputs_handed_on_come_back_as_they_came(cache: Cache) -> None:
    """``RunnablePassthrough.assign`` gives a chain's inputs back: each user's own, with their types, from one call."""
    chain = _handed_on(cache)
    with cache.capture() as events:
        answers = [chain.invoke(dict(user)) for user in PASSED_ON]

    expected = [{**user, "answer": f"For {str(user['name']).strip()}."} for user in PASSED_ON]
    assert [{**a, "answer": a["answer"].replace("  ", " ").replace(" .", ".")} for a in answers] == expected
    assert [event.outcome for event in events] == ["miss", "hit"]


def test_inputs_handed_on_are_not_stored(cache: Cache) -> None:
    """Law 2: what comes back is the reader's own, by name."""
    _handed_on(cache).invoke(dict(PASSED_ON[1]))
    [row] = cache.store.scan(cache.namespace, now=0)
    stored = repr(cache.store.get(cache.namespace, row.key, now=0))

    assert [word for word in ("Zed", "Yale", "Rice") if word in stored] == []
