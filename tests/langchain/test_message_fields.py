"""Law 2 for everything a message says beside its text: names, ids, structure, what providers put in odd places.

At every door the asker reads what the bare chain says, so does the second user, and nothing of the first is at rest.
"""

import asyncio
import datetime
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda
from langchain_openai.chat_models.base import _construct_responses_api_input
from support.fields import FIRST, FRESH, PROFILE, SECOND, at_rest, read
from support.models import CountingModel

import langcache
from langcache import Cache, ChainPolicy, Profile, Slot
from langcache.core.classes import Classes
from langcache.core.packing import unpack
from langcache.langchain.messages.packing import Messages

Make = Callable[[str], Any]

PROMPT = ChatPromptTemplate.from_messages([("human", "Greet {who}.")])


def calling(**call: Any) -> AIMessage:
    """A message with a call as it is, past LangChain's own validation."""
    message = AIMessage("hi")
    made: Any = {"name": "greet", "args": {}, "id": "c1", "type": "tool_call", **call}
    message.tool_calls = [made]
    return message


def lacking(name: str) -> AIMessage:
    message = calling()
    del message.tool_calls[0][name]  # type: ignore[misc]
    return message


def block(**fields: Any) -> AIMessage:
    return AIMessage([{"type": "text", "text": "hi", **fields}])


def beside(text: str = "", **extra: Any) -> AIMessage:
    return AIMessage(text, additional_kwargs=extra)


def used(**usage: Any) -> AIMessage:
    message = AIMessage("hi")
    said: Any = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3, **usage}
    message.usage_metadata = said
    return message


def other_kwargs(value: Any) -> AIMessage:
    message = AIMessage("hi")
    message.additional_kwargs = value
    return message


SAID: dict[str, Make] = {
    "message name": lambda who: AIMessage("hi", name=who),
    "message name in words": lambda who: AIMessage(f"hi {who}", name=f"Friend of {who}"),
    "message id": lambda who: AIMessage("hi", id=f"of {who}"),
    "file name": lambda who: AIMessage([{"type": "file", "file_id": "1", "name": f"{who}.pdf"}]),
    "block id": lambda who: block(id=f"{who}-1"),
    "block index": lambda who: block(index=f"{who}-1"),
    "block status": lambda who: block(status=f"sent to {who}"),
    "block type": lambda who: AIMessage([{"type": f"text for {who}", "text": "hi"}]),
    "block mime_type": lambda who: block(mime_type=f"text/{who}"),
    "block source_type": lambda who: block(source_type=f"of {who}"),
    "block tool name": lambda who: AIMessage([{"type": "tool_use", "name": f"greet_{who}", "input": {}, "id": "1"}]),
    "tool name": lambda who: calling(name=f"greet_{who}"),
    "tool id": lambda who: calling(id=f"{who}-1"),
    "tool id and block": lambda who: AIMessage(
        [{"type": "tool_use", "name": "f", "input": {"to": who}, "id": "c1"}],
        tool_calls=[{"name": "f", "args": {"to": who}, "id": "c1"}],
    ),
    "tool extras": lambda who: calling(extras={"note": f"for {who}"}),
    "tool without id": lambda who: lacking("id"),
    "tool with id None beside a block": lambda who: AIMessage(
        [{"type": "text", "text": f"hi {who}"}], tool_calls=[{"name": "f", "args": {}, "id": None}]
    ),
    "function_call": lambda who: beside(function_call={"name": "f", "arguments": json.dumps({"to": who})}),
    "function_call beside text": lambda who: beside(
        "I call.", function_call={"name": f"greet_{who}", "arguments": json.dumps({"to": who})}
    ),
    "audio": lambda who: beside(audio={"id": "a1", "transcript": f"hi {who}", "expires_at": 1}),
    "type is a list": lambda who: AIMessage([{"type": ["text"], "text": f"hi {who}"}]),
}
"""What a model may say, made from who it was asked about."""

ONLY_CHAINS: dict[str, Make] = {
    "human name": lambda who: HumanMessage("hi", name=who),
    "system name": lambda who: SystemMessage("hi", name=who),
    "kwargs None": lambda who: other_kwargs(None),
    "model name": lambda who: AIMessage("hi", response_metadata={"model_name": f"ft:{who}"}),
    "human kwargs": lambda who: HumanMessage(f"hi {who}", additional_kwargs={}),
    "tool_call_id": lambda who: ToolMessage("ok", tool_call_id=who),
    "tool artifact": lambda who: ToolMessage("ok", tool_call_id="1", artifact={"of": who}),
}

FILLED = ("message name", "message name in words", "file name", "tool extras", "tool without id", "human name")
"""Those that serve the second user without another call, at least when masked."""


def who_of(messages: list[BaseMessage]) -> str:
    found = re.search(r"Greet (.+?)\.", messages[-1].text)
    assert found is not None
    return found[1]


@pytest.fixture
def cache() -> Iterator[Cache]:
    with Cache("memory://") as cache:
        yield cache


def asked(runnable: Any, given: Any, how: str) -> Any:
    return runnable.invoke(given) if how == "sync" else asyncio.run(runnable.ainvoke(given))


Door = Callable[[Cache, Make], tuple[Callable[[str, str], BaseMessage], Callable[[], int]]]


def through_chain(mode: Any) -> Door:
    def door(cache: Cache, make: Make) -> Any:
        calls: list[str] = []

        def answer(given: Any) -> Any:
            calls.append("")
            return make(f"{given['who']}")

        wrapped = cache.wrap(RunnableLambda(answer), profile=PROFILE, mode=mode, prompt_version="1")
        return lambda who, how: asked(wrapped, {"who": who}, how), lambda: len(calls)

    return door


def through_model(mode: Any) -> Door:
    def door(cache: Cache, make: Make) -> Any:
        model = CountingModel(say=lambda messages: make(who_of(messages)))
        wrapped = cache.wrap(model, profile=PROFILE, mode=mode)

        def ask(who: str, how: str) -> Any:
            with cache.user({"who": who}):
                return asked(wrapped, f"Greet {who}.", how)

        return ask, lambda: model.calls

    return door


def installed(cache: Cache, make: Make) -> Any:
    model = CountingModel(say=lambda messages: make(who_of(messages)))
    app = (PROMPT | model).with_config(run_name="greet")

    def ask(who: str, how: str) -> Any:
        langcache.install(cache, policies=[ChainPolicy("greet", profile=PROFILE, prompt_version="1")])
        try:
            return asked(app, {"who": who}, how)
        finally:
            langcache.uninstall()

    return ask, lambda: model.calls


DOORS: dict[str, Door] = {
    "chain, masked": through_chain("mask"),
    "chain": through_chain("abstract"),
    "model, masked": through_model("mask"),
    "model": through_model("abstract"),
    "installed": installed,
}
CASES = [
    *((door, field) for door in DOORS for field in SAID),
    *((door, field) for door in ("chain, masked", "chain") for field in ONLY_CHAINS),
]


@pytest.mark.parametrize("how", ["sync", "async"])
@pytest.mark.parametrize(("door", "field"), CASES)
def test_everybody_reads_what_the_bare_chain_says(cache: Cache, door: str, field: str, how: str) -> None:
    """On the miss, and after it; what is stored holds nothing of the first user."""
    make = {**SAID, **ONLY_CHAINS}[field]
    ask, calls = DOORS[door](cache, make)
    for who in (FIRST, SECOND, FIRST, SECOND):
        answer = ask(who, how)
        assert read(answer) == read(make(who))
        if field == "message id" and "langcache" not in answer.response_metadata:
            assert answer.id == f"of {who}"
    assert FIRST.encode() not in at_rest(cache)
    if field in FILLED and "masked" in door:
        assert calls() == 1


@pytest.mark.parametrize("mode", ["mask", "abstract"])
def test_a_call_keeps_its_id_in_the_answer_that_was_paid_for(cache: Cache, mode: Any) -> None:
    """A hit gets fresh ones, the same in the call and in its block; no id stays none."""
    make = SAID["tool id and block"]
    ask, _ = through_chain(mode)(cache, make)
    paid, hit = ask(FIRST, "sync"), ask(SECOND, "sync")
    assert isinstance(paid, AIMessage)
    assert isinstance(hit, AIMessage)
    assert paid.tool_calls == make(FIRST).tool_calls
    assert hit.tool_calls[0]["id"] == hit.content[0]["id"]  # type: ignore[index]
    assert FRESH.match(str(hit.tool_calls[0]["id"]))


ODD: dict[str, Make] = {
    "index": lambda who: block(index=object()),
    "id": lambda who: block(id=datetime.datetime(2024, 1, 1)),  # noqa: DTZ001 -- anything
    "type": lambda who: AIMessage([{"type": datetime.date(2024, 1, 1), "text": "hi"}]),
    "tool name": lambda who: calling(name=datetime.date(2024, 1, 1)),
    "tool id": lambda who: calling(id=object()),
    "tool id, a number": lambda who: calling(id=7),
    "tool arguments": lambda who: calling(args=[who]),
    "tool extras": lambda who: calling(extras=object()),
    "artifact": lambda who: ToolMessage("ok", tool_call_id="1", artifact=object()),
}


@pytest.mark.parametrize("how", ["sync", "async"])
@pytest.mark.parametrize("mode", ["mask", "abstract"])
@pytest.mark.parametrize("field", ODD)
def test_what_is_no_data_is_not_stored(cache: Cache, field: str, mode: Any, how: str) -> None:
    """It is found when the answer is packed, not when it is written: no failure of the store."""
    ask, calls = through_chain(mode)(cache, ODD[field])
    with cache.capture() as events:
        ask(FIRST, how)
    assert (events[0].outcome, cache.stats().entries, cache.stats().store_errors) == ("bypass", 0, 0)
    assert "cannot be stored" in str(events[0].reason)
    assert calls() == (2 if mode == "mask" else 1)


@pytest.mark.parametrize("how", ["sync", "async"])
@pytest.mark.parametrize("mode", ["mask", "abstract"])
@pytest.mark.parametrize(
    "more",
    [{"at": datetime.date(2024, 1, 1)}, {"by": FIRST}, {"input_token_details": {"of": object()}}, {"x": float("nan")}],
)
def test_usage_keeps_only_its_numbers(cache: Cache, more: dict[str, Any], mode: Any, how: str) -> None:
    """The answer is as good as any; what JSON lacks, and text that nobody reads, is left out."""
    ask, calls = through_chain(mode)(cache, lambda who: used(**more))
    ask(FIRST, how)
    hit = ask(SECOND, how)
    assert (calls(), cache.stats().store_errors) == (1, 0)
    kept = hit.response_metadata["langcache"]["usage"]
    assert {k: kept[k] for k in ("input_tokens", "output_tokens")} == {"input_tokens": 1, "output_tokens": 2}
    assert FIRST.encode() not in at_rest(cache)


def test_the_place_of_a_block_is_no_value_of_a_user(cache: Cache) -> None:
    """``index`` counts blocks; another number may be the user's."""
    profile = Profile.of(slots={"size": Slot()})

    def answer(given: Any) -> Any:
        return AIMessage([{"type": "text", "text": "hi", "index": 7, **given["more"]}])

    for more, entries in (({}, 1), ({"id": 7}, 1)):
        wrapped = cache.wrap(RunnableLambda(answer), profile=profile, mode="abstract", prompt_version="1")
        wrapped.invoke({"size": 7, "more": more})
        assert cache.stats().entries == entries


@pytest.mark.parametrize("how", ["sync", "async"])
def test_reasoning_beside_the_content_is_filled_where_it_can_be(cache: Cache, how: str) -> None:
    """As with blocks of reasoning, what cannot be filled is left out, and does not cost another call."""
    ask, calls = through_chain("mask")(cache, lambda who: beside(f"Hi {who}", reasoning_content=f"For {who}, then."))
    assert ask(FIRST, how).additional_kwargs == {"reasoning_content": f"For {FIRST}, then."}
    other = cache.namespaced("other")
    ask, calls = through_chain("mask")(other, lambda who: beside(f"Hi {who}", reasoning_content=f"For {who[:-1]}"))
    answer = ask(FIRST, how)
    assert (answer.content, answer.additional_kwargs, calls()) == (f"Hi {FIRST}", {}, 1)


def test_an_entry_of_an_older_version_is_read() -> None:
    """Structure as it was, call ids of any kind, no extras."""
    old = {
        "metadata": {"model_name": "m"},
        "usage": None,
        "content": [{"b": [["type", "tool_use"], ["id", "c1"], ["name", "f"], ["index", 0], ["input", {"a": 1}]]}],
        "tool_calls": [{"name": "f", "args": {"a": 1}, "id": "c1"}, {"name": "g", "args": {}, "id": None}],
        "name": "bot",
    }
    message = unpack({"$x": ["ai", old]}, "".join, Classes(), Messages())
    assert message.content[0] == {
        "type": "tool_use",
        "id": message.tool_calls[0]["id"],
        "name": "f",
        "index": 0,
        "input": {"a": 1},
    }
    assert [call["name"] for call in message.tool_calls] == ["f", "g"]
    assert message.name == "bot"
    tool = unpack(
        {"$x": ["tool", {"tool_call_id": "c1", "status": "error", "content": "no"}]}, "".join, Classes(), Messages()
    )
    assert (tool.tool_call_id, tool.status, tool.content) == ("c1", "error", "no")


def test_a_call_of_openais_responses_is_sent_back_once() -> None:
    """Its block has an id of its own and that of the call; in a hit the call has a new one in both places."""
    call = {"name": "look_up", "args": {"q": "x"}, "id": "call_1", "type": "tool_call"}
    block = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "look_up", "arguments": '{"q": "x"}'}
    chain = RunnableLambda(lambda _: AIMessage([block], tool_calls=[call]))
    with Cache("memory://") as cache:
        wrapped = cache.wrap(chain, profile=PROFILE, prompt_version="1")
        first, hit = (wrapped.invoke({"who": who}) for who in (FIRST, SECOND))
    assert (first.tool_calls[0]["id"], first.content[0]["call_id"]) == ("call_1", "call_1")
    assert hit.tool_calls[0]["id"] not in ("call_1", None)
    history = [HumanMessage("x"), hit, ToolMessage("found", tool_call_id=hit.tool_calls[0]["id"])]
    sent = [item for item in _construct_responses_api_input(history) if item["type"] == "function_call"]
    assert [item["call_id"] for item in sent] == [hit.tool_calls[0]["id"]]


def test_a_replayed_result_is_of_the_replayed_call() -> None:
    """Providers refuse a history in which a result belongs to no call."""
    call = {"name": "look_up", "args": {"q": "x"}, "id": "call_1", "type": "tool_call"}
    said = [AIMessage("", tool_calls=[call]), ToolMessage("found", tool_call_id="call_1"), AIMessage("Done.")]
    chain = RunnableLambda(lambda _: {"messages": said})
    with Cache("memory://") as cache:
        wrapped = cache.wrap(chain, profile=PROFILE, prompt_version="1")
        _, hit, again = (wrapped.invoke({"who": who})["messages"] for who in (FIRST, SECOND, FIRST))
    assert hit[1].tool_call_id == hit[0].tool_calls[0]["id"] != again[0].tool_calls[0]["id"]
    assert FRESH.match(hit[1].tool_call_id)
