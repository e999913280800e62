"""A wrapped chat model under LangGraph's streams and LangChain's events: details filled, on a miss and a hit."""

from typing import Any, TypedDict

import pytest
from langchain_core.messages import HumanMessage
from support.chains import Applicant, founder
from support.streaming import StreamingModel

from langcache import Cache

SAID = ["Pitch ", "[start", "up name] ", "to ", "[university", " name]."]
HEARD = "Pitch PathAI to MIT and CMU."
ASKED = [HumanMessage("Plan for PathAI, aiming at MIT and CMU.")]


class State(TypedDict, total=False):
    messages: list[Any]


@pytest.fixture
def model() -> StreamingModel:
    return StreamingModel(chunks=SAID)


@pytest.mark.parametrize("inner", ["invoke", "stream"])
@pytest.mark.parametrize("how", ["sync", "async"])
async def test_a_graphs_messages_are_filled(how: str, inner: str, model: StreamingModel) -> None:
    """``stream_mode="messages"`` shows the user's details, whether the node invokes the model or streams it."""
    from langgraph.graph import END, START, StateGraph

    cache = Cache("memory://")
    wrapped = cache.wrap(model, profile=Applicant, name="plan")

    def node(_: State) -> State:
        if inner == "invoke":
            return {"messages": [wrapped.invoke(ASKED)]}
        return {"messages": ["".join(chunk.text for chunk in wrapped.stream(ASKED))]}

    graph: Any = StateGraph(State)
    graph.add_node("plan", node)
    graph.add_edge(START, "plan")
    graph.add_edge("plan", END)
    app = graph.compile()
    for _ in ("miss", "hit"):
        with cache.user(founder()):
            if how == "sync":
                parts = list(app.stream({}, stream_mode="messages"))
            else:
                parts = [part async for part in app.astream({}, stream_mode="messages")]
        assert "".join(message.text for message, _ in parts) == HEARD
    assert model.calls == 1


async def test_streamed_events_are_filled(model: StreamingModel) -> None:
    """``astream_events`` version 2: start, chunks that add up to the answer, end."""
    cache = Cache("memory://")
    wrapped = cache.wrap(model, profile=Applicant, name="plan")
    for _ in ("miss", "hit"):
        with cache.user(founder()):
            events = [event async for event in wrapped.astream_events(ASKED, version="v2")]
        kinds = [event["event"] for event in events]
        assert list(dict.fromkeys(kinds)) == ["on_chat_model_start", "on_chat_model_stream", "on_chat_model_end"]
        chunks = [event["data"]["chunk"].text for event in events if event["event"] == "on_chat_model_stream"]
        assert "".join(chunks) == HEARD
        assert events[-1]["data"]["output"].text == HEARD
    assert model.calls == 1


async def test_a_protocol_stream_is_filled(model: StreamingModel) -> None:
    """``astream_events`` version 3: content blocks in the order of LangChain's protocol, the text filled."""
    cache = Cache("memory://")
    wrapped = cache.wrap(model, profile=Applicant, name="plan")
    for _ in ("miss", "hit"):
        with cache.user(founder()):
            stream = await wrapped.astream_events(ASKED, version="v3")
            events = [event async for event in stream]
        assert (events[0]["event"], events[-1]["event"]) == ("message-start", "message-finish")
        deltas = [event["delta"] for event in events if event["event"] == "content-block-delta"]
        assert "".join(delta["text"] for delta in deltas) == HEARD
    assert model.calls == 1
