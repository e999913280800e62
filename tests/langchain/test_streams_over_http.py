"""Streams with the real SDKs over real HTTP, wrapped chains and wrapped models."""

from typing import Any

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import message_chunk_to_message
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import RunnableLambda
from langchain_openai import ChatOpenAI
from support.chains import PROMPT, Applicant, founder

from langcache import Cache, Profile, Slot
from langcache.testing import FakeClock, Fault, Provider, Reply
from langcache.testing.provider import ToolCall

SAY = "Pitch [startup name] to [university name]. Good luck, a [startup name]"
HEARD = "Pitch PathAI to MIT and CMU. Good luck, a PathAI"
PLAN = ToolCall("plan", {"for": "a [startup name] fan", "steps": ["Visit [university name]", 'say "hi"']})
TOOL = {
    "type": "function",
    "function": {"name": "plan", "description": "Plan.", "parameters": {"type": "object", "properties": {}}},
}
PLANNED = {"for": "a PathAI fan", "steps": ["Visit MIT and CMU", 'say "hi"']}


def openai(provider: Provider, **more: Any) -> Any:
    return ChatOpenAI(base_url=provider.openai_url, api_key="test", model="gpt-4o-mini", stream_usage=True, **more)


def anthropic(provider: Provider, **more: Any) -> Any:
    return ChatAnthropic(base_url=provider.anthropic_url, api_key="test", model="claude-haiku-4-5", **more)


both = pytest.mark.parametrize("make", [openai, anthropic])
half = pytest.mark.parametrize("how", ["sync", "async"])


async def chunks_of(runnable: Any, given: Any, how: str) -> list[Any]:
    if how == "sync":
        return list(runnable.stream(given))
    return [chunk async for chunk in runnable.astream(given)]


def message_of(chunks: list[Any]) -> Any:
    return message_chunk_to_message(chunks[0] + chunks[1:])


@both
@half
async def test_a_chain_streams_filled(make: Any, how: str) -> None:
    """As many chunks as words, one call, usage accounted."""
    with Provider(reply=SAY) as provider:
        cache = Cache("memory://")
        wrapped = cache.wrap(PROMPT | make(provider) | StrOutputParser(), profile=Applicant)
        with cache.capture() as events:
            chunks = await chunks_of(wrapped, founder(), how)
            again = await chunks_of(wrapped, founder(startup_name="Zed"), how)
    assert (HEARD, HEARD.replace("PathAI", "Zed"), provider.calls) == ("".join(chunks), "".join(again), 1)
    assert len([chunk for chunk in chunks if chunk]) > 5
    assert [event.outcome for event in events] == ["miss", "hit"]
    assert events[0].output_tokens > 0


@both
@half
async def test_messages_with_tool_calls_and_thinking(make: Any, how: str) -> None:
    """Joined chunks are `invoke`'s message: texts, tool calls, usage and finish; thinking is left out."""
    reply = Reply("For [startup name]: ", tool_calls=[PLAN], reasoning="hm [startup name]", input_tokens=7)
    with Provider(reply=reply) as provider:
        chain = PROMPT | make(provider).bind_tools([TOOL])
        invoked = Cache("memory://").wrap(chain, profile=Applicant).invoke(founder())
        wrapped = Cache("memory://").wrap(chain, profile=Applicant)
        for outcome in ("miss", "hit"):
            message = message_of(await chunks_of(wrapped, founder(), how))
            assert [call["args"] for call in message.tool_calls] == [PLANNED]
            assert message.text == invoked.text == "For PathAI: "
            assert message.usage_metadata["input_tokens"] == (7 if outcome == "miss" else 0)
            assert "[startup" not in str(message)
    assert provider.calls == 2


@both
@half
async def test_a_wrapped_model_streams_filled(make: Any, how: str) -> None:
    """`cache.wrap(model)`: chunks as they come, filled; the next user's are replayed."""
    asker = Profile.of(slots={"startup": Slot(label="startup name"), "school": Slot(label="university name")})
    with Provider(reply=SAY) as provider:
        cache = Cache("memory://")
        model = cache.wrap(make(provider), profile=asker)
        for startup in ("PathAI", "Zed"):
            with cache.user({"startup": startup, "school": "MIT"}), cache.capture() as events:
                chunks = await chunks_of(model, f"Plan for {startup} at MIT", how)
            message = message_of(chunks)
            assert message.content == HEARD.replace("PathAI", startup).replace("MIT and CMU", "MIT")
            assert message.usage_metadata["output_tokens"] == (0 if startup == "Zed" else 17)
            assert events[0].outcome == ("hit" if startup == "Zed" else "miss")
            assert len(chunks) > (1 if startup == "Zed" else 8)
        sent = provider.requests[0].body
    assert provider.calls == 1
    assert b"PathAI" not in sent


@both
@half
async def test_a_model_with_tools_streams(make: Any, how: str) -> None:
    """Arguments of tool calls are filled on the way, on a model that tools were bound to."""
    asker = Profile.of(slots={"startup": Slot(label="startup name"), "school": Slot(label="university name")})
    with Provider(reply=Reply("", tool_calls=[PLAN])) as provider:
        cache = Cache("memory://")
        model = cache.wrap(make(provider), profile=asker).bind_tools([TOOL])
        for _ in range(2):
            with cache.user({"startup": "PathAI", "school": ["MIT", "CMU"]}):
                message = message_of(await chunks_of(model, "Plan for PathAI at MIT", how))
            assert [(call["name"], call["args"]) for call in message.tool_calls] == [("plan", PLANNED)]
    assert provider.calls == 1


@both
@half
async def test_a_stream_that_breaks(make: Any, how: str) -> None:
    """Opened again while nothing has come; a break later is the consumer's to see, and is not stored."""
    faults = [Fault(status=429, headers={"retry-after": "1"}), Fault.midstream(after_chunks=4)]
    with Provider(reply=SAY, faults=faults) as provider:
        cache = Cache("memory://", clock=FakeClock())
        wrapped = cache.wrap(PROMPT | make(provider) | StrOutputParser(), profile=Applicant)
        with pytest.raises(Exception, match=r"(?i)overloaded|error"):
            await chunks_of(wrapped, founder(), how)
        assert (cache.stats().entries, provider.calls) == (0, 2)
        assert "".join(await chunks_of(wrapped, founder(), how)) == HEARD
    assert cache.stats().entries == 1


@half
async def test_a_streamed_model_call_is_told_the_user_by_metadata(how: str) -> None:
    """Whoever is named in ``metadata["profile"]`` is masked in a stream as in a whole answer."""
    asker = Profile.of(slots={"startup": Slot(label="startup name")})
    with Provider(reply="Pitch [startup name].") as provider:
        cache = Cache("memory://")
        model = cache.wrap(openai(provider), profile=asker)
        for startup in ("PathAI", "Zed"):
            named = model.with_config(metadata={"profile": {"startup": startup}})
            assert message_of(await chunks_of(named, f"Plan for {startup}", how)).content == f"Pitch {startup}."
            assert named.invoke(f"Plan for {startup}").content == f"Pitch {startup}."
    assert provider.calls == 1


async def answered(model: Any, asked: str, config: Any, how: str) -> str:
    """What a model answers, in one of the ways in which LangChain streams it unasked, or by its protocol."""
    if how == "invoke":
        return str(model.invoke(asked, config).text)
    if how == "ainvoke":
        return str((await model.ainvoke(asked, config)).text)
    events = model.stream_events(asked, config, version="v3")
    return "".join(event["delta"]["text"] for event in events if event["event"] == "content-block-delta")


unasked = pytest.mark.parametrize("how", ["invoke", "ainvoke", "events"])


@unasked
async def test_a_call_that_is_streamed_unasked_is_told_its_config(how: str) -> None:
    """Of a model with ``streaming=True``, or below whoever listens for tokens: the user, and what they opted out of."""
    asker = Profile.of(slots={"startup": Slot(label="startup name")})
    with Provider(reply="Pitch [startup name].") as provider:
        cache = Cache("memory://")
        model = cache.wrap(openai(provider, streaming=True), profile=asker)
        for startup in ("PathAI", "Zed"):
            config = {"metadata": {"profile": {"startup": startup}}}
            assert await answered(model, f"Plan for {startup}", config, how) == f"Pitch {startup}."
        assert provider.calls == 1
        await answered(model, "Plan for Zed", {"metadata": {"langcache": "no-store"}}, how)
        await answered(model, "Plan for Zed", {"tags": ["langcache:no-store"]}, how)
    assert (cache.stats().entries, provider.calls) == (1, 3)


@unasked
async def test_a_call_below_another_user_is_its_own_users(how: str) -> None:
    """A run inherits the metadata of the one it is part of; what the call itself says goes before."""
    asker = Profile.of(slots={"startup": Slot(label="startup name")})
    with Provider(reply="Pitch [startup name].") as provider:
        model = Cache("memory://").wrap(openai(provider, streaming=True), profile=asker)
        of_zed: Any = {"metadata": {"profile": {"startup": "Zed"}}}

        async def step(_: str) -> str:
            return await answered(model, "Plan", of_zed, how)

        around: Any = {"metadata": {"profile": {"startup": "PathAI"}}}
        assert await RunnableLambda(step).ainvoke("", around) == "Pitch Zed."
