"""A chain that asks a person in the middle: LangGraph hands it the answer behind its input."""

from typing import Any, TypedDict

import pytest
from langchain_core.prompts import ChatPromptTemplate
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt
from support.models import CountingModel

from langcache import Cache, Profile

TOPIC = {"topic": "tea"}


class State(TypedDict, total=False):
    topic: str
    said: str


def signed(draft: Any) -> str:
    return f"{draft.content} Signed, {interrupt('Who signs?')}"


def graph_around(chain: Any) -> Any:
    graph = StateGraph(State)
    graph.add_node("write", lambda state: {"said": chain.invoke({"topic": state["topic"]})})
    graph.add_edge(START, "write")
    return graph.compile(InMemorySaver())


@pytest.mark.parametrize("mode", ["mask", "abstract"])
def test_an_answer_of_one_person_is_not_given_to_the_next(mode: Any) -> None:
    cache, model = Cache("memory://"), CountingModel(say="About tea.")
    chain: Any = ChatPromptTemplate.from_template("Write about {topic}") | model | signed
    profile = Profile.of(features=["topic"], slots=["name"])
    graph: Any = graph_around(cache.wrap(chain, profile=profile, prompt_version="1", name="writer", mode=mode))
    for person in ("Alice", "Bob"):
        config: Any = {"configurable": {"thread_id": person}}
        asked = graph.invoke(TOPIC, config)
        assert [each.value for each in asked["__interrupt__"]] == ["Who signs?"]
        assert graph.invoke(Command(resume=person), config)["said"] == f"About tea. Signed, {person}"
    assert "asks a person" in str(cache.stats().bypasses)


def test_who_asks_before_the_chain_is_served_from_the_store() -> None:
    cache, model = Cache("memory://"), CountingModel(say="About tea.")
    chain: Any = cache.wrap(
        ChatPromptTemplate.from_template("Write about {topic}") | model, profile=Profile.of(features=["topic"])
    )

    def write(state: State) -> State:
        signer = interrupt("Who signs?")
        return {"said": f"{chain.invoke({'topic': state['topic']}).content} Signed, {signer}"}

    graph = StateGraph(State)
    graph.add_node("write", write)
    graph.add_edge(START, "write")
    runs: Any = graph.compile(InMemorySaver())
    for person in ("Alice", "Bob"):
        config: Any = {"configurable": {"thread_id": person}}
        runs.invoke(TOPIC, config)
        assert runs.invoke(Command(resume=person), config)["said"] == f"About tea. Signed, {person}"
    assert model.calls == 1
