"""A LangGraph node with a stage's key, cascade and resume."""

import operator
from typing import Annotated, TypedDict

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.types import Command, interrupt

from langcache.errors import DeclarationError
from langcache.stages import Pipeline, node


class State(TypedDict, total=False):
    topic: str
    noise: int
    plan: str
    text: str
    messages: Annotated[list, add_messages]


CALLS = []
BREAKS = {"write": False}


def plan(state: State) -> dict:
    CALLS.append("plan")
    return {"plan": f"plan for {state['topic']}", "messages": [AIMessage("planned")]}


def write(state: State, config: RunnableConfig) -> dict:
    CALLS.append("write")
    if BREAKS["write"]:
        raise TimeoutError
    return {"text": f"{state['plan']} by {config['configurable'].get('user')} after {len(state['messages'])}"}


def graph(cache, saver=None, depends_on=(), version="v1"):
    pipe = Pipeline("graph", cache=cache)
    builder = StateGraph(State)
    builder.add_node("plan", node(pipe, "plan", plan, prompt_version=version))
    builder.add_node("write", node(pipe, "write", write, depends_on=depends_on))
    builder.add_edge(START, "plan")
    builder.add_edge("plan", "write")
    builder.add_edge("write", END)
    return pipe, builder.compile(checkpointer=saver)


@pytest.fixture(autouse=True)
def fresh():
    CALLS.clear()
    BREAKS["write"] = False


def ask(noise=0):
    return {"topic": "todo", "noise": noise, "messages": [HumanMessage("hi")]}


def test_a_node_is_keyed_by_what_it_reads_and_who_asks(cache):
    """Message ids and unread state do not count; another user in the config does."""
    _, app = graph(cache)
    first = app.invoke(ask(), {"configurable": {"user": "ann"}})
    assert "plan for todo by ann after 2" == first["text"]  # noqa: SIM300
    assert app.invoke(ask(noise=7), {"configurable": {"user": "ann"}})["text"] == first["text"]
    assert CALLS == ["plan", "write"]
    assert "by bob" in app.invoke(ask(), {"configurable": {"user": "bob"}})["text"]


async def test_async_graphs_share_the_entries(cache):
    """The same node serves both."""
    _, app = graph(cache)
    await app.ainvoke(ask())
    app.invoke(ask())
    assert CALLS == ["plan", "write"]


def test_an_edited_prompt_is_never_served_from_before(cache):
    """LangGraph's own node cache does (see docs/stages.md)."""
    graph(cache)[1].invoke(ask())
    graph(cache, version="v2")[1].invoke(ask())
    assert CALLS == ["plan", "write", "plan"]


def test_a_failed_node_raises_its_own_error_and_the_rest_is_resumed(cache):
    """Retry policies look at the type."""
    BREAKS["write"] = True
    with pytest.raises(TimeoutError):
        graph(cache)[1].invoke(ask())
    BREAKS["write"] = False
    graph(cache)[1].invoke(ask())
    assert CALLS == ["plan", "write", "write"]


def test_invalidation_cascades_along_declared_nodes(cache):
    """What was made from it falls with it."""
    pipe, app = graph(cache, InMemorySaver(), depends_on=["plan"])
    app.invoke(ask(), {"configurable": {"thread_id": "1"}})
    assert [fallen.stage for fallen in pipe.invalidate("plan")] == ["plan", "write"]


def wanting_runtime(state, runtime):
    return {"plan": runtime.context}


def wanting_writer(state, *, writer):
    return writer("started")


@pytest.mark.parametrize("function", [wanting_runtime, wanting_writer])
def test_what_can_be_part_of_no_key_is_refused_when_declared(cache, function):
    """It would be given the config in place of what it asks for."""
    with pytest.raises(DeclarationError, match="part of no key"):
        node(Pipeline("g", cache=cache), "n", function)


def test_other_parameters_keep_their_defaults(cache):
    """As LangGraph itself has it."""
    written = node(Pipeline("g", cache=cache), "n", lambda state, model="small": {"plan": model})
    assert written.invoke({}) == {"plan": "small"}


async def test_a_runnable_may_be_a_node(cache):
    """Its prompt is part of the key."""

    def built(text):
        chain = ChatPromptTemplate.from_template(text) | (lambda prompt: {"plan": prompt.messages[0].content})
        return node(Pipeline("g", cache=cache), "n", chain)

    assert built("Plan {topic}").invoke({"topic": "it"}) == {"plan": "Plan it"}
    assert await built("Draw {topic}").ainvoke({"topic": "it"}) == {"plan": "Draw it"}


def test_declared_dependencies_need_a_thread(cache):
    """Without one, nobody knows which plan this text was made from."""
    _, app = graph(cache, depends_on=["plan"])
    with pytest.raises(DeclarationError, match="needs a thread_id"):
        app.invoke(ask())


class Draft(TypedDict, total=False):
    text: str
    signed: Annotated[list, operator.add]


def sign(state: Draft) -> dict:
    CALLS.append("sign")
    return {"signed": [f"{state['text']} signed by {interrupt('who?')}"]}


def countersign(state: Draft) -> dict:
    return {"signed": [f"{state['text']} seen by {interrupt('who else?')}"]}


def signing(cache, *functions):
    pipe, builder = Pipeline("graph", cache=cache), StateGraph(Draft)
    for function in functions:
        builder.add_node(function.__name__, node(pipe, function.__name__, function))
        builder.add_edge(START, function.__name__)
        builder.add_edge(function.__name__, END)
    return builder.compile(checkpointer=InMemorySaver())


@pytest.mark.parametrize("is_async", [False, True])
async def test_each_person_is_asked_and_nobody_s_answer_is_another_s(cache, is_async):
    """LangGraph hands an answer to the node behind our back: the next thread was given it, and was never asked."""
    made = signing(cache, sign)

    async def run(given, thread):
        config = {"configurable": {"thread_id": thread}}
        return await made.ainvoke(given, config) if is_async else made.invoke(given, config)

    for thread, name in (("1", "Alice"), ("2", "Bob"), ("3", "Bob")):
        assert (await run({"text": "A"}, thread))["__interrupt__"][0].value == "who?"
        assert (await run(Command(resume=name), thread))["signed"] == [f"A signed by {name}"]
    assert len(CALLS) == 5  # asked three times, signed twice: Bob had signed the same before


def test_answers_that_name_their_question_are_the_person_s_too(cache):
    """Two nodes that ask at once are answered by the ids of their questions."""
    made = signing(cache, sign, countersign)
    for thread, names in (("1", ("Alice", "Ann")), ("2", ("Bob", "Bea"))):
        config = {"configurable": {"thread_id": thread}}
        asked = made.invoke({"text": "A"}, config)["__interrupt__"]
        said = dict(zip(("who?", "who else?"), names, strict=True))
        answered = made.invoke(Command(resume={each.id: said[each.value] for each in asked}), config)
        assert sorted(answered["signed"]) == [f"A seen by {names[1]}", f"A signed by {names[0]}"]


def test_what_asks_only_some_is_reused_for_the_others(cache):
    """A question that hangs on the state is asked wherever the state is the same."""

    def approve(state: Draft) -> dict:
        CALLS.append("approve")
        who = interrupt("who?") if state["text"] == "dear" else "nobody"
        return {"signed": [who]}

    made = signing(cache, approve)
    for thread in ("1", "2"):
        assert made.invoke({"text": "cheap"}, {"configurable": {"thread_id": thread}})["signed"] == ["nobody"]
        assert "__interrupt__" in made.invoke({"text": "dear"}, {"configurable": {"thread_id": f"dear {thread}"}})
    assert len(CALLS) == 3
