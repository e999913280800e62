"""The drop-in door under what apps are made of: agents, structured output, streamed events, both vendors."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_anthropic import ChatAnthropic
from langchain_core.callbacks import UsageMetadataCallbackHandler
from langchain_core.messages import AIMessageChunk, HumanMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, SecretStr
from support.doors import BOB, Applicant, applicant

import langcache
from langcache import Cache, ChainPolicy
from langcache.errors import DeclarationError
from langcache.testing import Provider, Reply, Request, ToolCall

KEY = SecretStr("test")
POLICY = ChainPolicy(name="plan", profile=Applicant, prompt_version="v1")
PROMPT = ChatPromptTemplate.from_template("A {background} with GPA {gpa} asks in JSON about {startup_name}")


@pytest.fixture
def cache() -> Iterator[Cache]:
    with Cache("memory://") as cache:
        langcache.install(cache, policies=[POLICY])
        yield cache
        langcache.uninstall()


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


def about(request: Request) -> str:
    """The startup the request speaks of."""
    text = str(request.json["messages"])
    return next(name for name in ("PathAI", "Quantix") if name in text)


class Plan(BaseModel):
    """A plan."""

    title: str
    steps: list[str]


def planned(request: Request) -> Reply | str:
    name = about(request)
    if request.json.get("tools"):
        return Reply(tool_calls=[ToolCall("Plan", {"title": f"For {name}", "steps": [f"Ask {name}"]})])
    return f'{{"title": "For {name}", "steps": ["Ask {name}"]}}'


@pytest.mark.parametrize(
    ("build", "method"),
    [(openai, "json_schema"), (openai, "function_calling"), (openai, "json_mode"), (anthropic, "function_calling")],
)
def test_structured_output(cache: Cache, provider: Provider, build: Build, method: str) -> None:
    """The object each user gets speaks of them, also where the provider's SDK parsed it."""
    provider.reply = planned
    chain = PROMPT | build(provider).with_structured_output(Plan, method=method)
    for user in (applicant(), BOB):
        name = user["startup_name"]
        assert chain.invoke(user, {"tags": ["plan"]}) == Plan(title=f"For {name}", steps=[f"Ask {name}"])
    assert provider.calls == 1


@tool
def search(query: str) -> str:
    """Search."""
    return f"found {query}"


@both
@pytest.mark.parametrize("how", ["sync", "async"])
async def test_an_agent_with_a_tool(cache: Cache, provider: Provider, build: Build, how: str) -> None:
    """Two model calls with a tool between them; the second user costs none, and no message is lost."""

    def reply(request: Request) -> Reply:
        if "found" in str(request.json["messages"]):
            return Reply(f"All about {about(request)}.")
        return Reply(tool_calls=[ToolCall("search", {"query": about(request)})])

    provider.reply = reply
    agent: Any = create_agent(build(provider), [search], name="plan")
    for user in (applicant(), BOB):
        asked = {"messages": [HumanMessage(f"News of {user['startup_name']}?")]}
        with cache.user(user):
            state = agent.invoke(asked) if how == "sync" else await agent.ainvoke(asked)
        assert [message.type for message in state["messages"]] == ["human", "ai", "tool", "ai"]
        assert state["messages"][-1].text == f"All about {user['startup_name']}."
    assert provider.calls == 2


@both
def test_a_hit_counts_no_tokens(cache: Cache, provider: Provider, build: Build) -> None:
    """LangChain's own counter would count a replayed answer again."""
    model, usage = build(provider), UsageMetadataCallbackHandler()
    for _ in range(3):
        model.invoke("Hello", {"callbacks": [usage]})
    (counted,) = usage.usage_metadata.values()
    once = UsageMetadataCallbackHandler()
    model.invoke("Hello", {"callbacks": [once], "metadata": {"langcache": "no-store"}})
    (single,) = once.usage_metadata.values()
    assert (provider.calls, counted["total_tokens"]) == (2, single["total_tokens"])


async def test_streamed_events_of_a_hit(cache: Cache, provider: Provider) -> None:
    """Inside astream_events a miss streams and is kept; a hit is whole."""
    model = openai(provider)
    for _ in range(2):
        ends = [e async for e in model.astream_events("Hello", version="v2") if e["event"] == "on_chat_model_end"]
        assert ends[0]["data"]["output"].text == "echo: Hello"
    assert model.invoke("Hello").text == "echo: Hello"


def test_what_streams_is_left_alone(cache: Cache, provider: Provider) -> None:
    """LangChain never asks its cache for a streamed answer."""
    model = openai(provider)
    for _ in range(2):
        chunks = list(model.stream("Hello"))
        assert all(isinstance(chunk, AIMessageChunk) for chunk in chunks)
    assert (provider.calls, cache.stats().requests) == (2, 0)


def test_a_misspelt_directive_is_said_aloud(cache: Cache, provider: Provider) -> None:
    """Silence would store what somebody asked not to be stored."""
    with pytest.raises(DeclarationError, match="no-store"):
        openai(provider).invoke("Hello", {"metadata": {"langcache": "no-stor"}})
    assert provider.calls == 0


@both
def test_images_are_left_alone(cache: Cache, provider: Provider, build: Build) -> None:
    """LangChain rewrites them for its callbacks, so the call cannot be told from others."""
    image = {"type": "image", "base64": "aGk=", "mime_type": "image/png"}
    asked = [HumanMessage([{"type": "text", "text": "What is this?"}, image])]
    with cache.capture() as events:
        for _ in range(2):
            build(provider).invoke(asked)
    assert ([e.outcome for e in events], provider.calls) == (["bypass", "bypass"], 2)
