"""A wrapped chain in a loop of one's own: it calls a tool, and is asked again with what the tool said."""

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from pydantic import SecretStr

from langcache import Cache, ChainPolicy, Profile, install, uninstall
from langcache.testing import Provider, Reply, Request, ToolCall

PEOPLE = Profile.of(slots=["name"])
NAMES = ("Anabel", "Robert", "Katherine")
PROMPT = ChatPromptTemplate.from_messages([("system", "Help {name}."), MessagesPlaceholder("messages")])


@pytest.fixture
def cache() -> Iterator[Cache]:
    with Cache("memory://") as cache:
        yield cache


@tool
def weather(place: str) -> str:
    """The weather at a place."""
    return f"Sunny at {place}."


def look_first(request: Request) -> str | Reply:
    return "It is sunny." if b"Sunny" in request.body else Reply(tool_calls=[ToolCall("weather", {"place": "the sea"})])


class State(MessagesState):
    name: str


@pytest.mark.parametrize("mode", ["mask", "abstract"])
def test_each_step_serves_the_next_user(cache: Cache, mode: Any) -> None:
    """The ids of calls are new with every answer, and no part of the question: each second step was paid for."""
    with Provider(reply=look_first) as provider:
        model = ChatOpenAI(base_url=provider.openai_url, api_key=SecretStr("test"), model="gpt-4o-mini")
        chain: Any = cache.wrap(PROMPT | model.bind_tools([weather]), profile=PEOPLE, mode=mode)
        graph = StateGraph(State).add_node("ask", lambda state: {"messages": [chain.invoke(dict(state))]})
        graph.add_node("tools", ToolNode([weather])).add_edge(START, "ask").add_edge("tools", "ask")
        loop = graph.add_conditional_edges("ask", tools_condition).compile()
        for name in NAMES:
            done = loop.invoke({"messages": [HumanMessage("Weather?")], "name": name})["messages"]
            assert done[-1].content == "It is sunny."
            assert done[-2].tool_call_id == done[-3].tool_calls[0]["id"]
        assert provider.calls == 2


def think_first(request: Request) -> Reply:
    """As Anthropic has it: a call goes back with the signed thoughts that led to it, or is refused."""
    *_, asked, last = [{"role": "user", "content": ""}, *request.json["messages"]]
    if isinstance(last["content"], list) and last["content"][0]["type"] == "tool_result":
        if asked["content"][0].get("type") != "thinking":
            raise ValueError("Expected `thinking`, but found `tool_use`")
        return Reply("It is sunny.")
    return Reply(tool_calls=[ToolCall("weather", {"place": "the sea"})], reasoning="They want the weather.")


@pytest.mark.parametrize("how", ["invoke", "stream"])
@pytest.mark.parametrize("door", ["mask", "abstract", "installed"])
def test_reasoning_goes_back_with_the_call_it_led_to(cache: Cache, door: Any, how: str) -> None:
    """Without it, replayed or of a masked run, each second step failed that works bare."""
    with Provider(reply=think_first) as provider:
        url: Any = provider.anthropic_url
        thinking: Any = {"type": "enabled", "budget_tokens": 1024}
        model = ChatAnthropic(base_url=url, api_key=SecretStr("test"), model_name="claude-haiku-4-5", thinking=thinking)
        chain: Any = PROMPT | model.bind_tools([weather])
        if door == "installed":
            install(cache, policies=[ChainPolicy("ask", profile=PEOPLE, prompt_version="1")])
            chain = chain.with_config(run_name="ask")
        else:
            chain = cache.wrap(chain, profile=PEOPLE, mode=door)
        graph = StateGraph(State).add_node("ask", lambda state: {"messages": [chain.invoke(dict(state))]})
        graph.add_node("tools", ToolNode([weather])).add_edge(START, "ask").add_edge("tools", "ask")
        loop = graph.add_conditional_edges("ask", tools_condition).compile()
        try:
            for name in (*NAMES, NAMES[0]):
                asked: Any = {"messages": [HumanMessage("Weather?")], "name": name}
                if how == "stream":
                    done = list(loop.stream(asked, stream_mode=["messages", "values"]))[-1][1]
                else:
                    done = loop.invoke(asked)
                assert done["messages"][-1].text == "It is sunny."
        finally:
            uninstall()


def test_a_chain_that_answers_a_call_answers_this_one(cache: Cache) -> None:
    """Whose answer may hold an id of the messages it is given has them in its key, as they are."""
    chain = RunnableLambda(
        lambda given: ToolMessage(f"Dear {given['name']}", tool_call_id=given["messages"][-1].tool_calls[0]["id"])
    )
    wrapped = cache.wrap(chain, profile=PEOPLE, prompt_version="1")
    for name in NAMES:
        call: Any = {"name": "greet", "args": {}, "id": f"call_of_{len(name)}"}
        answer = wrapped.invoke({"name": name, "messages": [AIMessage("", tool_calls=[call])]})
        assert (answer.content, answer.tool_call_id) == (f"Dear {name}", call["id"])
