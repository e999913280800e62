"""`Cache.wrap` given a chat model: still a chat model, and every law of a wrapped chain."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_anthropic import ChatAnthropic
from langchain_core.globals import set_llm_cache
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.rate_limiters import BaseRateLimiter
from langchain_core.runnables import ConfigurableField
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, SecretStr
from support.doors import BOB, Applicant, Echo, applicant

import langcache
from langcache import Cache, ChainPolicy, RetryPolicy
from langcache.errors import DeclarationError, NotCached
from langcache.testing import Fault, Provider, Reply, Request, ToolCall

KEY = SecretStr("test")
ASKED = "Plan for a {background} of {startup_name}, GPA {gpa}"


@pytest.fixture
def cache() -> Iterator[Cache]:
    with Cache("memory://") as cache:
        yield cache


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


def openai(provider: Provider) -> Any:
    return ChatOpenAI(base_url=provider.openai_url, api_key=KEY, model="gpt-4o-mini")


def anthropic(provider: Provider) -> Any:
    return ChatAnthropic(base_url=provider.anthropic_url, api_key=KEY, model_name="claude-haiku-4-5")


both = pytest.mark.parametrize("build", [openai, anthropic])
Build = Callable[[Provider], Any]


def asked(user: dict[str, Any]) -> str:
    return ASKED.format(**user)


@both
def test_it_is_a_chat_model_of_the_same_class(cache: Cache, provider: Provider, build: Build) -> None:
    """What takes a chat model takes the wrapped one."""
    model = build(provider)
    wrapped = cache.wrap(model, profile=Applicant, name="plan")
    assert isinstance(wrapped, type(model))
    assert type(wrapped).__name__ == type(model).__name__


@both
def test_two_users_of_one_kind_cost_one_call(cache: Cache, provider: Provider, build: Build) -> None:
    """Law 2: and what leaves for the provider holds nothing of either."""
    provider.reply = "Tell the story of [startup name]."
    model = cache.wrap(build(provider), profile=Applicant, name="plan")
    for user in (applicant(gpa=None), applicant(gpa=None, background="entrepreneur", startup_name="Quantix")):
        with cache.user(user):
            assert model.invoke(asked(user)).text == f"Tell the story of {user['startup_name']}."
    assert provider.calls == 1
    assert b"PathAI" not in provider.requests[0].body
    assert b"Plan for a founder of [startup name]" in provider.requests[0].body


@both
async def test_the_same_awaited_with_the_user_in_metadata(cache: Cache, provider: Provider, build: Build) -> None:
    """Law 12."""
    provider.reply = "Tell the story of [startup name]."
    model = cache.wrap(build(provider), profile=Applicant, name="plan")
    for user in (applicant(), BOB):
        answer = await model.ainvoke("Plan of " + user["startup_name"], {"metadata": {"profile": user}})
        assert answer.text == f"Tell the story of {user['startup_name']}."
    assert provider.calls == 1


def test_bodies_are_byte_identical_whoever_asks(provider: Provider) -> None:
    """Law 2: two cold caches, two users of one kind, one body."""
    provider.reply = "Tell the story of [startup name]."
    for user in (applicant(), BOB):
        with Cache("memory://") as cache, cache.user(user):
            cache.wrap(openai(provider), profile=Applicant, name="plan").invoke(f"Plan of {user['startup_name']}")
    assert provider.requests[0].body == provider.requests[1].body


def test_a_bucket_masks_what_it_blurs(cache: Cache, provider: Provider) -> None:
    """A normalised label stands where a raw value stood."""
    provider.reply = "Fine."
    model = cache.wrap(openai(provider), profile=Applicant, name="plan")
    for user in (applicant(gpa=3.42), {**BOB, "gpa": 3.17}):
        with cache.user(user):
            model.invoke(asked(user))
    assert provider.calls == 1
    assert "3.0–3.5" in provider.requests[0].json["messages"][-1]["content"]


@both
def test_without_values_it_caches_exactly(cache: Cache, provider: Provider, build: Build) -> None:
    """No user, no template."""
    model = cache.wrap(build(provider), profile=Applicant, name="plan")
    answers = [model.invoke(text).text for text in ("Plan of PathAI", "Plan of PathAI", "Plan of Quantix")]
    assert answers[0] == answers[1] != answers[2]
    assert provider.calls == 2


def test_abstract_mode_runs_on_real_values(cache: Cache, provider: Provider) -> None:
    """And delexicalizes afterwards."""
    provider.reply = lambda request: f"Tell of {request.json['messages'][-1]['content'].rpartition(' of ')[2]}."
    model = cache.wrap(openai(provider), profile=Applicant, name="plan", mode="abstract")
    for user in (applicant(), BOB):
        with cache.user(user):
            answer = model.invoke(f"Plan of {user['startup_name']}")
        assert answer.content == f"Tell of {user['startup_name']}."
    assert provider.calls == 1
    assert b"PathAI" in provider.requests[0].body


class Plan(BaseModel):
    """A plan."""

    title: str
    steps: list[str]


def planned(request: Request) -> Reply | str:
    """A plan, as a tool call if one may be called, else as JSON."""
    if request.json.get("tools"):
        return Reply(tool_calls=[ToolCall("Plan", {"title": "For [startup name]", "steps": ["Ask [startup name]"]})])
    return '{"title": "For [startup name]", "steps": ["Ask [startup name]"]}'


@pytest.mark.parametrize(
    ("build", "method"),
    [(openai, "json_schema"), (openai, "function_calling"), (openai, "json_mode"), (anthropic, "function_calling")],
)
def test_structured_output(cache: Cache, provider: Provider, build: Build, method: str) -> None:
    """Every way a schema is asked for; each user gets the object that speaks of them."""
    provider.reply = planned
    model = cache.wrap(build(provider), profile=Applicant, name="plan").with_structured_output(Plan, method=method)
    for user in (applicant(startup_name='Path"AI'), applicant(startup_name="Quantix")):
        with cache.user(user):
            plan = model.invoke(f"Plan in JSON for {user['startup_name']}")
        assert plan == Plan(title=f"For {user['startup_name']}", steps=[f"Ask {user['startup_name']}"])
    assert provider.calls == 1


def test_another_schema_is_another_call(cache: Cache, provider: Provider) -> None:
    """Law 1: tools and schema are in the key."""
    provider.reply = planned
    model = cache.wrap(openai(provider), name="plan")

    class Other(Plan):
        extra: str = ""

    model.with_structured_output(Plan).invoke("Plan")
    model.with_structured_output(Other).invoke("Plan")
    model.invoke("Plan")
    model.bind(temperature=0.3).invoke("Plan")
    assert provider.calls == 4


@tool
def search(query: str) -> str:
    """Search."""
    return f"found {query}"


@both
def test_bound_tools(cache: Cache, provider: Provider, build: Build) -> None:
    """A call is filled with the reader's details and gets an id of its own."""
    provider.reply = Reply(tool_calls=[ToolCall("search", {"query": "[startup name] news"})])
    model = cache.wrap(build(provider), profile=Applicant, name="plan").bind_tools([search])
    found = []
    for user in (applicant(), BOB):
        with cache.user(user):
            found.append(model.invoke(f"News of {user['startup_name']}?").tool_calls[0])
    assert [call["args"] for call in found] == [{"query": "PathAI news"}, {"query": "Quantix news"}]
    assert found[0]["id"] != found[1]["id"]
    assert provider.calls == 1


@both
def test_an_agent(cache: Cache, provider: Provider, build: Build) -> None:
    """Two turns of an agent; the second user costs no call although every id is new."""

    def reply(request: Request) -> Reply:
        last = request.json["messages"][-1]
        if last["role"] == "tool" or (
            isinstance(last["content"], list) and last["content"][0]["type"] == "tool_result"
        ):
            return Reply("All about [startup name].")
        return Reply(tool_calls=[ToolCall("search", {"query": "[startup name]"})])

    provider.reply = reply
    agent = create_agent(cache.wrap(build(provider), profile=Applicant, name="plan"), [search])
    for user in (applicant(), BOB):
        with cache.user(user):
            state = agent.invoke({"messages": [HumanMessage(f"News of {user['startup_name']}?")]})
        assert state["messages"][-1].text == f"All about {user['startup_name']}."
    assert provider.calls == 2


@both
def test_stream_replays_the_finished_answer(cache: Cache, provider: Provider, build: Build) -> None:
    """Chunks add up to the same answer, hit or miss."""
    model = cache.wrap(build(provider), name="plan")
    texts = []
    for _ in range(2):
        chunks = list(model.stream("Hello"))
        texts.append("".join(chunk.text for chunk in chunks))
    assert texts[0] == texts[1] == model.invoke("Hello").text
    assert provider.calls == 1


async def test_astream_and_tool_calls_in_chunks(cache: Cache, provider: Provider) -> None:
    """A tool call survives being added up."""
    provider.reply = Reply(tool_calls=[ToolCall("search", {"query": "x"})])
    model = cache.wrap(openai(provider), name="plan").bind_tools([search])
    for _ in range(2):
        whole: Any = None
        async for chunk in model.astream("Hello"):
            whole = chunk if whole is None else whole + chunk
        assert [(call["name"], call["args"]) for call in whole.tool_calls] == [("search", {"query": "x"})]
    assert provider.calls == 1


def test_batch(cache: Cache, provider: Provider) -> None:
    """Law 6: identical cold requests in one batch are one call."""
    provider.reply = Reply("Hello", delay_s=0.05)
    model = cache.wrap(openai(provider), name="plan")
    assert {m.content for m in model.batch(["Hi"] * 32)} == {"Hello"}
    assert provider.calls == 1


async def test_tasks(cache: Cache, provider: Provider) -> None:
    """Law 6, with tasks."""
    provider.reply = Reply("Hello", delay_s=0.05)
    model = cache.wrap(openai(provider), name="plan")
    await asyncio.gather(*[model.ainvoke("Hi") for _ in range(32)])
    assert provider.calls == 1


@both
def test_one_retry_layer(cache: Cache, provider: Provider, build: Build) -> None:
    """Law 8: the SDK's own retries are off inside, ours answer; the original keeps its own."""
    original = build(provider)
    provider.fail(Fault(529, headers={"retry-after-ms": "1"}), Fault(529, headers={"retry-after-ms": "1"}))
    with cache.capture() as events:
        assert cache.wrap(original, name="plan").invoke("Hi").text
    assert (provider.calls, events[0].attempts) == (3, 3)
    assert original.max_retries in (None, 2)


def test_with_retry_and_with_fallbacks(cache: Cache, provider: Provider) -> None:
    """LangChain's own combinators take it."""
    provider.fail(Fault(400))
    model = cache.wrap(openai(provider), name="plan").with_fallbacks(
        [cache.wrap(anthropic(provider), name="plan").with_retry()]
    )
    assert model.invoke("Hi").text == "echo: Hi"
    assert [request.vendor for request in provider.requests] == ["openai", "anthropic"]


def test_state_is_shared_with_the_original(cache: Cache) -> None:
    """What the model counts, it counts on the original; the original is not cached."""
    original = Echo()
    wrapped = cache.wrap(original, name="plan")
    for _ in range(3):
        wrapped.invoke("Hello")
    assert (original.calls, wrapped.calls) == (1, 1)
    original.invoke("Hello")
    assert (original.calls, original.cache) == (2, None)


@pytest.mark.parametrize("on", ["original", "wrapped"])
def test_a_changed_parameter_is_another_call(cache: Cache, on: str) -> None:
    """Law 1, on whichever of the two it is changed."""
    original = Echo()
    wrapped = cache.wrap(original, name="plan", prompt_version="v1")
    wrapped.invoke("Hello")
    (original if on == "original" else wrapped).prefix = "Now: "
    assert wrapped.invoke("Hello").content == "Now: Hello"


def test_a_copy_is_a_model_of_its_own(cache: Cache) -> None:
    """`model_copy` with another parameter asks again, and is cached too."""
    model = Echo()
    wrapped = cache.wrap(model, name="plan")
    wrapped.invoke("Hello")
    other = wrapped.model_copy(update={"prefix": "Now: ", "calls": 0})
    assert [other.invoke("Hello").content for _ in range(2)] == ["Now: Hello"] * 2
    assert other.calls == 1


def test_a_hit_is_fresh(cache: Cache) -> None:
    """Law 7."""
    model = cache.wrap(Echo(), name="plan")
    first, second, third = (model.invoke("Hello") for _ in range(3))
    assert len({first.id, second.id, third.id}) == 3
    assert first.usage_metadata["total_tokens"] == 12
    assert second.usage_metadata == {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    assert second.response_metadata["langcache"]["usage"]["total_tokens"] == 12


def test_a_declaration_that_cannot_work_is_refused(cache: Cache) -> None:
    """As for any runnable."""
    with pytest.raises(DeclarationError, match="mode"):
        cache.wrap(Echo(), mode="guess")  # type: ignore[arg-type]


def test_fields_configured_per_call_are_in_the_key(cache: Cache) -> None:
    """`configurable_fields` makes a copy per call; each is asked for what it is."""
    model = cache.wrap(Echo(), name="plan").configurable_fields(prefix=ConfigurableField(id="prefix"))
    configs: list[Any] = [{"configurable": {"prefix": prefix}} for prefix in ("A ", "A ", "B ")]
    with cache.capture() as events:
        assert [model.invoke("x", config).content for config in configs] == ["A x", "A x", "B x"]
    assert [event.outcome for event in events] == ["miss", "hit", "miss"]


async def test_streamed_events(cache: Cache, provider: Provider) -> None:
    """Inside astream_events a hit streams like a miss."""
    model = cache.wrap(openai(provider), name="plan")
    seen = [[e["event"] async for e in model.astream_events("Hi", version="v2")] for _ in range(2)]
    assert [list(dict.fromkeys(events)) for events in seen] == [
        ["on_chat_model_start", "on_chat_model_stream", "on_chat_model_end"]
    ] * 2
    assert provider.calls == 1


class Counting(BaseRateLimiter):
    """Lets everybody through, and counts them."""

    def __init__(self) -> None:
        self.let = 0

    def acquire(self, *, blocking: bool = True) -> bool:
        self.let += 1
        return True

    async def aacquire(self, *, blocking: bool = True) -> bool:
        return self.acquire()


@pytest.mark.parametrize("how", ["invoke", "ainvoke", "stream", "astream", "in a chain"])
async def test_only_calls_of_the_provider_wait_for_a_rate_limiter(provider: Provider, how: str) -> None:
    """Each attempt does; whoever is answered from the cache has nothing to wait for."""
    limiter: Any = Counting()
    provider.fail(Fault(503))
    cache = Cache("memory://", retry=RetryPolicy(initial_s=0.01))
    wrapped = cache.wrap(openai(provider).model_copy(update={"rate_limiter": limiter}), profile=Applicant)
    model: Any = cache.wrap(wrapped | StrOutputParser()) if how == "in a chain" else wrapped
    for user in (applicant(gpa=None), applicant(gpa=None, startup_name="Quantix"), applicant(gpa=None)):
        with cache.user(user):
            if how == "astream":
                assert [chunk async for chunk in model.astream("Hello")]
            elif how == "ainvoke":
                assert await model.ainvoke("Hello")
            else:
                assert list(model.stream("Hello")) if how == "stream" else model.invoke("Hello")
    assert limiter.let == provider.calls == 2


def test_directives(cache: Cache) -> None:
    """No-store, no-cache and only-if-cached."""
    model = Echo()
    wrapped = cache.wrap(model, name="plan")
    wrapped.invoke("Hello", {"metadata": {"langcache": "no-store"}})
    with cache.directives("only-if-cached"), pytest.raises(NotCached):
        wrapped.invoke("Hello")
    wrapped.invoke("Hello")
    wrapped.invoke("Hello", {"tags": ["langcache:no-cache"]})
    assert (model.calls, cache.stats().entries) == (3, 1)


@pytest.mark.parametrize("finish", ["length", "content_filter"])
def test_an_unfinished_answer_is_not_stored(cache: Cache, finish: str) -> None:
    """Law 5."""
    model = Echo(finish=finish)
    wrapped = cache.wrap(model, name="plan")
    wrapped.invoke("Hello")
    wrapped.invoke("Hello")
    assert model.calls == 2


def test_both_doors_at_once_cache_once(cache: Cache) -> None:
    """An installed cache does not store what a wrapped model stores."""
    langcache.install(cache, [ChainPolicy(name="plan", profile=Applicant)])
    try:
        model = Echo()
        wrapped = cache.wrap(model, name="plan")
        wrapped.invoke("Hello")
        wrapped.invoke("Hello", {"metadata": {"langcache": "no-cache"}})
        assert (model.calls, cache.stats().entries) == (2, 1)
    finally:
        langcache.uninstall()
        set_llm_cache(None)


def test_threads_read_of_themselves(cache: Cache, provider: Provider) -> None:
    """Each thread's ambient user, none of the others'."""
    provider.reply = "Tell the story of [startup name]."
    model = cache.wrap(openai(provider), profile=Applicant, name="plan")
    answers: dict[int, Any] = {}

    def serve(n: int) -> None:
        with cache.user(applicant(startup_name=f"Startup{n}x")):
            answers[n] = model.invoke(f"Plan of Startup{n}x").content

    threads = [threading.Thread(target=serve, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {n: f"Tell the story of Startup{n}x." for n in range(16)}
    assert provider.calls == 1


def test_an_answer_with_a_detail_of_its_own_is_refused(cache: Cache, provider: Provider) -> None:
    """Law 2: a model that guesses the startup's name all the same."""
    provider.reply = "Tell the story of PathAI."
    model = cache.wrap(openai(provider), profile=Applicant, name="plan")
    with cache.user(applicant()), cache.capture() as events:
        answer = model.invoke("Plan of PathAI")
    assert isinstance(answer, AIMessage)
    assert [(e.outcome, e.reason) for e in events] == [("refused", "leak")]
    assert cache.stats().entries == 0
