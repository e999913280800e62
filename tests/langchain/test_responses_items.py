"""Answers of OpenAI's Responses, whose items have ids of their own: they go back to the provider in the next turn."""

from collections.abc import Iterator
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai.chat_models.base import _construct_responses_api_input
from support.models import CountingModel
from support.streaming import StreamingModel

from langcache import Cache, CacheMiddleware, Profile, Slot

PROFILE = Profile.of(slots={"city": Slot()})
CITIES = ("Lisbon", "Narvik", "Toulouse")


@pytest.fixture
def cache() -> Iterator[Cache]:
    with Cache("memory://") as cache:
        yield cache


@tool
def weather(place: str) -> str:
    """The weather at a place."""
    return f"Sunny at {place}."


class Tools(CountingModel):
    """Takes tools."""

    def bind_tools(self, tools: Any, **more: Any) -> Any:
        return self.bind(tools=[each.name for each in tools], **more)


def calling(number: int, **more: Any) -> AIMessage:
    """A call as ``ChatOpenAI(use_responses_api=True)`` gives it."""
    block = {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}", "name": "weather"}
    call = {"name": "weather", "args": {"place": "[city]"}, "id": f"call_{number}", "type": "tool_call"}
    return AIMessage([{**block, "arguments": '{"place": "[city]"}'}], tool_calls=[call], **more)


def calling_v1(number: int) -> AIMessage:
    """The same with ``output_version="v1"``."""
    call = {"type": "tool_call", "name": "weather", "args": {"place": "[city]"}, "id": f"call_{number}"}
    item = {**call, "extras": {"item_id": f"fc_{number}", "status": "completed"}}
    return AIMessage([item], tool_calls=[call], response_metadata={"output_version": "v1"})


def calling_v0(number: int) -> AIMessage:
    """The same with ``output_version="v0"``."""
    call = {"type": "tool_call", "name": "weather", "args": {"place": "[city]"}, "id": f"call_{number}"}
    return AIMessage("", tool_calls=[call], additional_kwargs={"__openai_function_call_ids__": {call["id"]: "fc_1"}})


@pytest.mark.parametrize("call", [calling, calling_v1, calling_v0])
def test_an_agents_call_of_a_tool_serves_the_next_user_to_the_end(cache: Cache, call: Any) -> None:
    """Its id is in the blocks of the answer too, and new with every hit: each user's second step was another key."""

    def say(messages: list[BaseMessage]) -> AIMessage:
        if isinstance(messages[-1], ToolMessage):
            return AIMessage([{"type": "text", "text": "Sunny in [city].", "id": f"msg_{model.calls}"}])
        return call(model.calls)  # type: ignore[no-any-return]

    model = Tools(say=say)
    app = create_agent(model, [weather], middleware=[CacheMiddleware(cache, profile=PROFILE)])
    for city in CITIES:
        with cache.user({"city": city}):
            done = app.invoke({"messages": [HumanMessage("Weather?")]})["messages"]
        assert done[-1].text == f"Sunny in {city}."
    assert model.calls == 2


def reasoned(number: int) -> list[dict[str, Any]]:
    """The blocks of an answer that was thought about."""
    return [
        {"type": "reasoning", "id": f"rs_{number}", "summary": [], "index": 0},
        {"type": "text", "text": "Go to [city].", "id": f"msg_{number}", "index": 1},
    ]


@pytest.mark.parametrize("how", ["whole", "streamed"])
def test_an_item_does_not_go_back_by_its_id_without_its_reasoning(cache: Cache, how: str) -> None:
    """OpenAI refuses that: "Item 'msg_1' of type 'message' was provided without its required 'reasoning' item"."""
    chunks = [AIMessageChunk([block]) for block in reasoned(1)]
    model = CountingModel(say=AIMessage(reasoned(1))) if how == "whole" else StreamingModel(chunks=chunks)
    wrapped = cache.wrap(model, profile=PROFILE)
    for city in CITIES[:2]:
        with cache.user({"city": city}):
            parts = list(wrapped.stream("Where to?")) if how == "streamed" else [wrapped.invoke("Where to?")]
        answer = parts[0] if how == "whole" else sum(parts[1:], parts[0])  # type: ignore[operator]
        sent = _construct_responses_api_input([HumanMessage("Where to?"), AIMessage(answer.content)])
        assert answer.text == f"Go to {city}."
        assert [item.get("id") for item in sent] == [None, None]


def test_two_answers_of_one_entry_stay_two_messages(cache: Cache) -> None:
    """LangChain sends blocks of one id as one message: the later answer stood in the earlier one's place."""
    model = CountingModel(say=AIMessage([{"type": "text", "text": "Go to [city].", "id": "msg_1"}]))
    wrapped = cache.wrap(model, profile=PROFILE)
    history: list[BaseMessage] = []
    for city in CITIES:
        with cache.user({"city": city}):
            history += [HumanMessage("Where to?"), wrapped.invoke("Where to?")]
    sent = _construct_responses_api_input(history)
    said = [[block["text"] for block in item["content"]] for item in sent if item.get("role") == "assistant"]
    assert said == [[f"Go to {city}."] for city in CITIES]


def test_whoever_paid_shares_the_next_turn_with_whoever_did_not(cache: Cache) -> None:
    """Ids of items are new with every answer: they are no part of the key, and do not leave masked."""
    model = CountingModel(say=AIMessage([{"type": "text", "text": "Go to [city].", "id": "msg_1"}]))
    wrapped = cache.wrap(model, profile=PROFILE)
    for city in CITIES:
        with cache.user({"city": city}):
            first = wrapped.invoke("Where to?")
            wrapped.invoke([HumanMessage("Where to?"), first, HumanMessage("And then?")])
    assert model.calls == 2
    assert "msg_1" not in str(model.seen)


def test_with_its_reasoning_an_item_keeps_its_id(cache: Cache) -> None:
    """A history that was never masked goes back as it came."""
    model = CountingModel(say="Fine.")
    with cache.user({"city": "Lisbon"}):
        cache.wrap(model, profile=PROFILE).invoke(
            [HumanMessage("Where to?"), AIMessage(reasoned(1)), HumanMessage("!")]
        )
    sent = _construct_responses_api_input(model.seen[-1])
    assert [item["id"] for item in sent if "id" in item] == ["rs_1", "msg_1"]
