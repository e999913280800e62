"""Door 3: agents."""

import json
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ModelRetryMiddleware, ToolRetryMiddleware
from langchain.agents.structured_output import ToolStrategy
from langchain.chat_models import init_chat_model
from langchain_anthropic import ChatAnthropic
from langchain_core.documents import Document
from langchain_core.messages import HumanMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import ConfigurableField, RunnableConfig
from langchain_core.tools import BaseTool, StructuredTool, create_retriever_tool, tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.prebuilt import InjectedState, ToolRuntime
from pydantic import BaseModel, SecretStr

from langcache import Cache, CacheMiddleware, Feature, Profile, RetryPolicy, Slot
from langcache.errors import DeclarationError
from langcache.testing import Fault, Provider, Reply, Request, ToolCall

PROFILE = Profile.of(features=["field"], slots={"city": Slot()})
KEY, WHICH = SecretStr("test"), ConfigurableField(id="which")
runs: list[str] = []


@tool
def weather(place: str, request_id: str = "") -> str:
    """The weather at a place."""
    runs.append(place)
    return f"Sunny at {place}."


@dataclass
class Context:
    field: str
    city: str


def openai(provider: Provider) -> Any:
    return ChatOpenAI(base_url=provider.openai_url, api_key=KEY, model="gpt-4o-mini")


def agent(provider: Provider, cache: Cache, vendor: str = "openai", **more: Any) -> Any:
    model: Any = (
        openai(provider)
        if vendor == "openai"
        else ChatAnthropic(base_url=provider.anthropic_url, api_key="test", model="claude-haiku-4-5")
    )
    middleware = [*more.pop("before", []), CacheMiddleware(cache, profile=PROFILE, **more.pop("options", {}))]
    return create_agent(model, more.pop("tools", []), middleware=middleware, context_schema=Context, **more)


async def ask(app: Any, how: str, text: str, city: str) -> list[Any]:
    asked: Any = {"messages": [HumanMessage(text)]}
    context = Context("nursing", city)
    done = app.invoke(asked, context=context) if how == "sync" else await app.ainvoke(asked, context=context)
    return list(done["messages"])


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
@pytest.mark.parametrize("how", ["sync", "async"])
async def test_users_of_one_kind_share_the_model_call(vendor: str, how: str) -> None:
    """The profile comes from the runtime's context; each reads about their own city, under a fresh id."""
    with Provider(reply="Move to [city] soon.") as provider:
        cache = Cache("memory://")
        app = agent(provider, cache, vendor)
        answers = [await ask(app, how, f"Shall I move to {city}?", city) for city in ("Lisbon", "Oslo", "Porto")]
    assert [a[-1].content for a in answers] == [f"Move to {city} soon." for city in ("Lisbon", "Oslo", "Porto")]
    assert len({a[-1].id for a in answers}) == 3
    assert provider.calls == 1


@pytest.mark.parametrize("where", ["context", "state", "metadata", "ambient"])
@pytest.mark.parametrize("how", ["sync", "async"])
async def test_the_profile_is_found_wherever_an_agent_keeps_it(where: str, how: str) -> None:
    """In the context under a name of its own, in the state with no schema for it, in the config, around the call."""
    with Provider(reply="Move to [city] soon.") as provider:
        cache = Cache("memory://")
        app = create_agent(
            openai(provider),
            [],
            middleware=[CacheMiddleware(cache, profile=PROFILE)],
        )
        for city in ("Tromsø", "Narvik"):
            profile = {"field": "nursing", "city": city}
            asked: Any = {"messages": [HumanMessage(f"A job in {city}?")]}
            options: Any = {}
            if where == "state":
                asked["profile"] = profile
            elif where != "ambient":
                options = {"context": {"profile": profile}} if where == "context" else {}
                options |= {"config": {"metadata": {"profile": profile}}} if where == "metadata" else {}
            with cache.user(profile if where == "ambient" else {}):
                done = app.invoke(asked, **options) if how == "sync" else await app.ainvoke(asked, **options)
            assert done["messages"][-1].content == f"Move to {city} soon."
        assert provider.calls == 1


@pytest.mark.parametrize(
    ("made", "vendors"),
    [
        (lambda model, _: model.with_config(tags=["x"]), ["openai"]),
        (lambda model, _: model.configurable_fields(temperature=ConfigurableField(id="heat")), ["openai"]),
        (lambda model, other: model.configurable_alternatives(WHICH, other=other), ["openai", "anthropic"]),
        (lambda model, other: model.configurable_alternatives(WHICH, other=lambda: other), ["openai", "anthropic"]),
        (lambda model, other: model.with_fallbacks([other]), ["openai"]),
    ],
    ids=["binding", "fields", "alternatives", "made alternatives", "fallbacks"],
)
def test_whatever_holds_the_model_is_cached(made: Any, vendors: list[str]) -> None:
    """Each choice is an entry of its own."""
    with Provider(reply=lambda request: f"{request.vendor}: go to [city]") as provider:
        other: Any = ChatAnthropic(base_url=provider.anthropic_url, api_key=KEY, model_name="claude-haiku-4-5")
        middleware = CacheMiddleware(Cache("memory://"), profile=PROFILE)
        app = create_agent(made(openai(provider), other), [], middleware=[middleware], context_schema=Context)
        asked: Any = {"messages": [HumanMessage("Where to?")]}
        for which, vendor in zip(("default", "other"), vendors, strict=False):
            for city in ("Lisbon", "Oslo"):
                done = app.invoke(asked, {"configurable": {"which": which}}, context=Context("nursing", city))
                assert done["messages"][-1].content == f"{vendor}: go to {city}"
    assert [request.vendor for request in provider.requests] == vendors


@pytest.mark.parametrize("how", ["sync", "async"])
async def test_metadata_of_an_agent_around_this_one_says_nothing(how: str) -> None:
    """A run inherits the metadata of what calls it; the context is the agent's own, and nothing mixes with it."""
    with Provider(reply="Move to [city] soon.") as provider:
        middleware = CacheMiddleware(Cache("memory://"), profile=PROFILE)
        app = create_agent(openai(provider), [], middleware=[middleware])
        around: Any = {"metadata": {"profile": {"field": "law", "city": "Lisbon"}}}
        asked: Any = {"messages": [HumanMessage("Where to?")]}
        for context in ({"field": "nursing", "city": "Oslo"}, {"field": "nursing"}):
            options: Any = {"context": context}
            run = app.invoke(asked, around, **options) if how == "sync" else await app.ainvoke(asked, around, **options)
            assert "Lisbon" not in run["messages"][-1].content


def test_a_thread_that_somebody_else_began_is_not_answered_for_them() -> None:
    """The state still holds their profile: whose the call is cannot be told, so nothing is filled in."""
    with Provider() as provider:
        cache = Cache("memory://")
        app = create_agent(
            openai(provider),
            [],
            middleware=[CacheMiddleware(cache, profile=PROFILE)],
            checkpointer=InMemorySaver(),
        )
        config: Any = {"configurable": {"thread_id": "1"}}
        first: Any = {"messages": [HumanMessage("A job in Oslo?")], "profile": {"city": "Oslo"}}
        assert app.invoke(first, config)["messages"][-1].content == "echo: A job in Oslo?"
        config["metadata"] = {"profile": {"city": "Porto"}}
        with cache.capture() as events:
            done = app.invoke({"messages": [HumanMessage("In Porto?")]}, config)
        assert done["messages"][-1].content == "echo: In Porto?"
        assert [(event.outcome, event.reason) for event in events] == [("bypass", "no-store")]
        assert "Porto" in provider.requests[-1].json["messages"][-1]["content"]


def test_a_model_that_cannot_be_reached_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """It works, and nobody wonders why nothing is saved."""
    with Provider(reply="Fine.") as provider:
        model = init_chat_model(
            "gpt-4o-mini",
            model_provider="openai",
            configurable_fields=("temperature",),
            base_url=provider.openai_url,
            api_key="test",
        )
        app = create_agent(model, [], middleware=[CacheMiddleware(Cache("memory://"), profile=PROFILE)])  # type: ignore[arg-type]
        for _ in range(2):
            assert app.invoke({"messages": [HumanMessage("Hi")]})["messages"][-1].content == "Fine."
    assert [record.getMessage() for record in caplog.records if "is not cached" in record.getMessage()] == [
        "langcache: agent 'agent': a _ConfigurableModel is not cached, since the chat model in it cannot be reached: "
        "give the agent that model itself"
    ]


async def test_no_message_vanishes_in_the_second_turn() -> None:
    """A replayed id would make ``add_messages`` replace the first answer; history is part of the key."""
    with Provider(reply="Yes.") as provider:
        app = agent(provider, Cache("memory://"))
        messages: list[Any] = []
        for turn in range(3):
            messages = app.invoke({"messages": [*messages, HumanMessage(f"again {turn % 1}")]})["messages"]
    assert [m.type for m in messages] == ["human", "ai"] * 3
    assert provider.calls == 3


def plan(request: Request) -> Reply:
    """Calls the tool first, then answers."""
    if b"Sunny" in request.body:
        return Reply(text="It is sunny.")
    return Reply(tool_calls=[ToolCall("weather", {"place": "the sea", "request_id": str(request.number)})])


@pytest.mark.parametrize("how", ["sync", "async"])
async def test_only_tools_declared_pure_are_cached(how: str) -> None:
    """Keyed on name and arguments minus the volatile ones; the model's own turns are cached apart."""
    one = {"pure_tools": "weather", "volatile_arguments": "request_id"}  # a name is not as many as it has letters
    for options, expected in (
        ({}, 2),
        (one, 1),
        ({"pure_tools": ["weather"], "volatile_arguments": ["request_id"]}, 1),
    ):
        runs.clear()
        with Provider(reply=plan) as provider:
            app = agent(provider, Cache("memory://"), tools=[weather], options=options)
            for city in ("Lisbon", "Oslo"):
                assert (await ask(app, how, f"Weather near {city}?", city))[-1].content == "It is sunny."
        assert len(runs) == expected


@pytest.mark.parametrize("how", ["sync", "async"])
async def test_a_pure_tool_is_repeated_by_nobody_but_its_own_middleware(how: str) -> None:
    """Law 8: there it failed nine times for each time it failed bare, with waits of ours between."""
    tried: list[str] = []

    @tool
    def feed(place: str, request_id: str) -> str:
        """Weather by wire."""
        tried.append(place)
        raise ConnectionError("down")

    call = Reply(tool_calls=[ToolCall("feed", {"place": "the sea", "request_id": "1"})])
    with Provider(reply=lambda request: "Pity." if b"failed after" in request.body else call) as provider:
        retries = [ToolRetryMiddleware(max_retries=2, initial_delay=0)]
        options = {"pure_tools": ["feed"]}
        app = agent(provider, Cache("memory://"), tools=[feed], before=retries, options=options)
        assert (await ask(app, how, "Weather?", "Oslo"))[-1].content == "Pity."
    assert len(tried) == 3


def look_up_the_city(request: Request) -> Reply:
    """Calls the tool with the user's own detail."""
    call = ToolCall("weather", {"place": "[city]"})
    return Reply(text="Done.") if b"Sunny" in request.body else Reply(tool_calls=[call])


def test_a_tool_result_for_a_users_detail_is_not_stored() -> None:
    """An argument that holds a slot's value makes the result that user's own."""
    runs.clear()
    with Provider(reply=look_up_the_city) as provider:
        cache = Cache("memory://")
        app = agent(provider, cache, tools=[weather], options={"pure_tools": ["weather"]})
        for city in ("Lisbon", "Oslo", "Lisbon"):
            app.invoke({"messages": [HumanMessage("Weather?")]}, context=Context("nursing", city))
    assert runs == ["Lisbon", "Oslo", "Lisbon"]


def finder(found: str) -> Any:
    @tool
    def find(query: str) -> str:
        """Find something."""
        runs.append(query)
        return f"{found} about {query}"

    return find


def find_first(request: Request) -> Reply:
    """Calls the one tool there is, then says what it said."""
    last = request.json["messages"][-1]
    name = request.json["tools"][0]["function"]["name"]
    return Reply(last["content"]) if last["role"] == "tool" else Reply(tool_calls=[ToolCall(name, {"query": "x"})])


def test_a_tool_of_the_same_name_is_another_tool() -> None:
    """Law 1: two agents on one cache, each with a tool called "find"."""
    with Provider(reply=find_first) as provider:
        cache = Cache("memory://")
        apps = [
            agent(provider, cache, tools=[finder(found)], options={"pure_tools": ["find"], "name": name})
            for name, found in [("shop", "Products"), ("shop", "Papers"), ("desk", "Papers")]
        ]
        said = [app.invoke({"messages": [HumanMessage("Go")]})["messages"][2].content for app in apps]
    assert said == ["Products about x", "Papers about x", "Papers about x"]


class Shelf(BaseRetriever):
    """Finds what it was told to."""

    found: str

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        return [Document(self.found)]


def shelf(found: str) -> Any:
    return create_retriever_tool(Shelf(found=found), "find", "Find something.")


def remote(found: str) -> Any:
    """A tool whose schema came over the wire."""

    async def find(**arguments: Any) -> str:
        return found

    schema = {"type": "object", "properties": {"query": {"type": "string"}}}
    return StructuredTool(name="find", description="Find.", args_schema=schema, coroutine=find)


@pytest.mark.parametrize("made", [finder, shelf, remote])
async def test_what_a_tool_holds_makes_it_another(made: Any) -> None:
    """Also where a library's function holds it; and the same tool is the same in the next agent."""
    with Provider(reply=find_first) as provider:
        cache = Cache("memory://")
        with cache.capture() as events:
            for found in ("Products", "Papers", "Papers"):
                app = agent(provider, cache, tools=[made(found)], options={"pure_tools": ["find"]})
                done = await app.ainvoke({"messages": [HumanMessage("Go")]})
                assert done["messages"][2].text.startswith(found)
    assert [event.outcome for event in events if event.chain == "tool find"] == ["miss", "miss", "hit"]


class Counted(BaseTool):
    """Counts its own calls, in a field."""

    name: str = "find"
    description: str = "Find."
    calls: int = 0

    def _run(self, query: str) -> str:
        self.calls += 1
        return f"found {query}"


@pytest.mark.parametrize("how", ["sync", "async"])
async def test_a_tool_that_counts_its_calls_stays_the_same(how: str) -> None:
    counted = Counted()
    with Provider(reply=find_first) as provider:
        app = agent(provider, Cache("memory://"), tools=[counted], options={"pure_tools": ["find"]})
        for _ in range(3):
            asked: Any = {"messages": [HumanMessage("Go")]}
            _ = app.invoke(asked) if how == "sync" else await app.ainvoke(asked)
    assert counted.calls == 1


@tool
def balance(query: str, runtime: ToolRuntime[Context]) -> str:
    """What is on somebody's account."""
    return {"Lisbon": "500 euros", "Oslo": "7 euros"}[runtime.context.city]


@tool
def account(query: str, config: RunnableConfig) -> str:
    """The same, of whoever the config names."""
    return {"Lisbon": "500 euros", "Oslo": "7 euros"}[config["metadata"]["profile"]["city"]]


@tool
def remembered(query: str, state: Annotated[dict[str, Any], InjectedState]) -> str:
    """The same, of whoever the state names."""
    return {"Lisbon": "500 euros", "Oslo": "7 euros"}[state["profile"]["city"]]


@pytest.mark.parametrize("handed", [balance, account, remembered])
@pytest.mark.parametrize("how", ["sync", "async"])
async def test_a_tool_that_is_handed_more_than_its_arguments_is_not_cached(handed: Any, how: str) -> None:
    """Whatever was declared: the arguments do not tell whose account it is."""
    with Provider(reply=find_first) as provider:
        app = agent(provider, Cache("memory://"), tools=[handed], options={"pure_tools": [handed.name]})
        for city, expected in (("Lisbon", "500 euros"), ("Oslo", "7 euros")):
            profile = {"field": "nursing", "city": city}
            asked: Any = {"messages": [HumanMessage("How much?")], "profile": profile}
            options: Any = {"context": Context("nursing", city), "config": {"metadata": {"profile": profile}}}
            done = app.invoke(asked, **options) if how == "sync" else await app.ainvoke(asked, **options)
            assert done["messages"][2].content == expected


class Guest(Profile):
    """Opts out."""

    field: Annotated[str, Feature()]

    def cache_directives(self) -> str:
        return "no-store"


@pytest.mark.parametrize("options", [{"profile": Guest}, {"profile": PROFILE, "directives": "no-store"}])
def test_who_opts_out_leaves_no_tool_results_behind(options: dict[str, Any]) -> None:
    """What holds for an agent's model calls holds for its tools."""
    runs.clear()
    with Provider(reply=find_first) as provider:
        cache = Cache("memory://")
        middleware = CacheMiddleware(cache, pure_tools=["find"], **options)
        app = create_agent(openai(provider), [finder("Papers")], middleware=[middleware])
        for _ in range(2):
            app.invoke({"messages": [HumanMessage("Go")]}, {"metadata": {"profile": {"field": "nursing"}}})
    assert (len(runs), cache.clear()) == (2, 0)


def test_tool_results_bear_the_agents_labels() -> None:
    """They go with all else that is tagged like them."""
    with Provider(reply=find_first) as provider:
        cache = Cache("memory://")
        app = agent(provider, cache, tools=[finder("Papers")], options={"pure_tools": ["find"], "tags": ["desk"]})
        app.invoke({"messages": [HumanMessage("Go")]}, context=Context("nursing", "Oslo"))
        assert (cache.invalidate(tags="desk"), cache.clear()) == (3, 0)


def think_first(request: Request) -> Reply:
    """As Anthropic has it: a tool call goes back with the signed thoughts that led to it, or is refused."""
    *_, asked, last = [{"role": "user", "content": ""}, *request.json["messages"]]
    if isinstance(last["content"], list) and last["content"][0]["type"] == "tool_result":
        if asked["content"][0].get("type") != "thinking" or not asked["content"][0]["signature"]:
            raise ValueError("Expected `thinking`, but found `tool_use`")
        return Reply("Done.", reasoning="So it was [city].")
    if "Thanks" in str(last["content"]):
        return Reply("You are welcome.", reasoning="Polite.")
    return Reply(tool_calls=[ToolCall("weather", {"place": "the sea"})], reasoning="They are in [city].")


@pytest.mark.parametrize("mode", ["mask", "abstract"])
@pytest.mark.parametrize("how", ["sync", "async", "streamed"])
async def test_reasoning_goes_back_with_the_tool_call_it_led_to(mode: str, how: str) -> None:
    """A call without it, replayed or of a masked run, would fail an agent that works bare."""
    with Provider(reply=think_first) as provider:
        thinking: Any = {"type": "enabled", "budget_tokens": 1024}
        model: Any = ChatAnthropic(
            base_url=provider.anthropic_url,
            api_key=KEY,
            model_name="claude-haiku-4-5",
            thinking=thinking,
            max_tokens=2048,
        )
        middleware = CacheMiddleware(Cache("memory://"), profile=PROFILE, mode=mode)  # type: ignore[arg-type]
        app = create_agent(model, [weather], middleware=[middleware], context_schema=Context)
        for city in ("Lisbon", "Oslo", "Lisbon"):
            asked: Any = {"messages": [HumanMessage("Weather?")]}
            options: Any = {"context": Context("nursing", city)}
            if how == "streamed":
                done = list(app.stream(asked, stream_mode=["messages", "values"], **options))[-1][1]
            else:
                done = app.invoke(asked, **options) if how == "sync" else await app.ainvoke(asked, **options)
            assert done["messages"][-1].text == "Done."


@pytest.mark.parametrize("mode", ["mask", "abstract"])
@pytest.mark.parametrize("how", ["sync", "async", "streamed"])
async def test_reasoning_of_a_wrapped_model_goes_back_too(mode: Any, how: str) -> None:
    """Whoever gives an agent a wrapped model, or writes its loop, needs it as much."""
    with Provider(reply=think_first) as provider:
        cache = Cache("memory://")
        url: Any = provider.anthropic_url
        thinking: Any = {"type": "enabled", "budget_tokens": 1024}
        model = ChatAnthropic(base_url=url, api_key=KEY, model_name="claude-haiku-4-5", thinking=thinking)
        app = create_agent(cache.wrap(model, profile=PROFILE, mode=mode), [weather])
        for city in ("Lisbon", "Oslo", "Lisbon"):
            asked: Any = {"messages": [HumanMessage("Weather?")]}
            with cache.user({"city": city, "field": "law"}):
                if how == "streamed":
                    done = list(app.stream(asked, stream_mode=["messages", "values"]))[-1][1]
                else:
                    done = app.invoke(asked) if how == "sync" else await app.ainvoke(asked)
            assert done["messages"][-1].text == "Done."


def test_a_call_that_was_asked_for_is_kept_without_its_reasoning() -> None:
    """``with_structured_output`` forces one: it is the answer, and never goes back."""
    with Provider(reply=Reply(tool_calls=[ToolCall("Verdict", {"city": "[city]", "good": True})], reasoning="!")) as p:
        cache = Cache("memory://")
        model: Any = ChatAnthropic(base_url=p.anthropic_url, api_key=KEY, model_name="claude-haiku-4-5")
        judge = cache.wrap(model, profile=PROFILE).with_structured_output(Verdict)
        for city in ("Lisbon", "Oslo"):
            with cache.user({"city": city, "field": "law"}):
                assert judge.invoke("Is it good?") == Verdict(city=city, good=True)
        assert p.calls == 1


def look_first(request: Request) -> str | Reply:
    return "Take [city]." if b"Sunny" in request.body else Reply(tool_calls=[ToolCall("weather", {"place": "sea"})])


def test_a_streamed_call_in_standard_blocks_serves_to_the_end() -> None:
    """Where a block stood in its stream is told by the replay alone: whoever paid and whoever did not had two keys."""
    with Provider(reply=look_first) as provider:
        url: Any = provider.anthropic_url
        model = ChatAnthropic(base_url=url, api_key=KEY, model_name="claude-haiku-4-5", output_version="v1")
        middleware = CacheMiddleware(Cache("memory://"), profile=PROFILE)
        app = create_agent(model, [weather], middleware=[middleware], context_schema=Context)
        for city in ("Lisbon", "Oslo", "Porto"):
            asked: Any = {"messages": [HumanMessage("Where to?")]}
            done = list(app.stream(asked, stream_mode=["messages", "values"], context=Context("law", city)))[-1][1]
            assert done["messages"][-1].text == f"Take {city}."
        assert provider.calls == 2


def test_an_error_text_is_never_stored() -> None:
    """``ModelRetryMiddleware`` turns a failure into an answer; the next call still reaches the model."""
    with Provider(reply="Fine.", faults=[Fault(status=400)] * 2) as provider:
        cache = Cache("memory://", retry=RetryPolicy(attempts=1))
        app = agent(
            provider, cache, before=[ModelRetryMiddleware(max_retries=1, initial_delay=0, retry_on=(Exception,))]
        )
        texts = [app.invoke({"messages": [HumanMessage("hi")]})["messages"][-1].content for _ in range(3)]
    assert "fail" in texts[0].lower()
    assert texts[1:] == ["Fine.", "Fine."]
    assert provider.calls == 3


class Verdict(BaseModel):
    """A verdict."""

    city: str
    good: bool


def test_structured_responses_are_filled() -> None:
    """The whole response is built anew for each user."""
    with Provider(reply=json.dumps({"city": "[city]", "good": True})) as provider:
        app = agent(provider, Cache("memory://"), response_format=ToolStrategy(Verdict))
        asked = [({"messages": [HumanMessage(f"Is {c} good?")]}, Context("nursing", c)) for c in ("Lisbon", "Oslo")]
        found = [app.invoke(state, context=context)["structured_response"] for state, context in asked]
    assert found == [Verdict(city="Lisbon", good=True), Verdict(city="Oslo", good=True)]
    assert provider.calls == 1


@pytest.mark.parametrize(
    ("mistake", "fix"),
    [
        ({"tags": ["caf\udce9"]}, "tag"),
        ({"profile": PROFILE(field="nursing", city="Oslo")}, "subclass"),
        ({"mode": "masked"}, "'mask' or 'abstract'"),
        ({"cache": "memory://"}, r"langcache\.Cache"),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_made(mistake: dict[str, Any], fix: str) -> None:
    """Not at the agent's first call."""
    with pytest.raises(DeclarationError, match=fix):
        CacheMiddleware(**{"cache": Cache("memory://"), "profile": PROFILE, **mistake})
