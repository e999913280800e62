"""Streams stay streams: on a miss chunks pass as they come, filled; on a hit they are replayed."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from operator import itemgetter
from typing import Any, TypedDict

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.messages import AIMessageChunk, message_chunk_to_message
from langchain_core.output_parsers import JsonOutputParser, StrOutputParser
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableGenerator, RunnableLambda, RunnableParallel, RunnablePassthrough
from langchain_core.runnables.utils import AddableDict
from support.chains import PROMPT, Applicant, founder
from support.streaming import StreamingModel

from langcache import Cache, Profile, RetryPolicy
from langcache.errors import MaskedValueUsed
from langcache.testing import FakeClock

SAID = ["", "Pitch ", "[start", "up name]", " to [university", " name]. Good", " luck, a ", "[startup name]"]
HEARD = "Pitch PathAI to MIT and CMU. Good luck, a PathAI"
CALL: list[Any] = [
    AIMessageChunk(content="", tool_call_chunks=[{"name": "plan", "args": "", "id": "c1", "index": 0}]),
    AIMessageChunk(
        content="", tool_call_chunks=[{"name": None, "args": '{"for": "a [startup', "id": None, "index": 0}]
    ),
    AIMessageChunk(
        content="", tool_call_chunks=[{"name": None, "args": ' name] fan", "n": 1}', "id": None, "index": 0}]
    ),
]
BLOCKS: list[Any] = [
    AIMessageChunk(content=[{"type": "text", "text": text, "index": 0}])
    for text in ("Hi [start", "up name]", " a", " [startup name]")
]

Chunks = list[Any]
half = pytest.mark.parametrize("how", ["sync", "async"])


async def chunks_of(runnable: Any, given: Any, how: str, config: Any = None) -> Chunks:
    if how == "sync":
        return list(runnable.stream(given, config))
    return [chunk async for chunk in runnable.astream(given, config)]


async def note_chunks_of(runnable: Any, given: Any, how: str, seen: Chunks) -> None:
    if how == "sync":
        for chunk in runnable.stream(given):
            seen.append(chunk)
    else:
        async for chunk in runnable.astream(given):
            seen.append(chunk)


def texts(model: Any, **settings: Any) -> Any:
    return Cache("memory://", clock=FakeClock()).wrap(PROMPT | model | StrOutputParser(), profile=Applicant, **settings)


def summed(chunks: Chunks) -> Any:
    final = chunks[0]
    for chunk in chunks[1:]:
        final += chunk
    return final


@half
async def test_a_miss_passes_chunks_on_filled_and_a_hit_replays_them(how: str) -> None:
    """One call; the first chunk comes with the model's first word, and the next user gets their own details."""
    model = StreamingModel(chunks=SAID)
    wrapped = texts(model)
    with wrapped.chain.cache.capture() as events:
        first = await chunks_of(wrapped, founder(), how)
        second = await chunks_of(wrapped, founder(startup_name="Zed"), how)
    assert (HEARD, HEARD.replace("PathAI", "Zed")) == ("".join(first), "".join(second))
    assert first[:3] == ["", "Pitch ", "PathAI to "]
    assert len(second) > 1
    assert wrapped.invoke(founder()) == HEARD
    assert (model.calls, [event.outcome for event in events]) == (1, ["miss", "hit"])
    assert events[0].input_tokens == 10
    assert "PathAI" not in str(model._calls)


@half
async def test_what_was_shown_is_shown_before_the_model_has_ended(how: str) -> None:
    """The consumer has the first words while the model still speaks."""
    told: list[str] = []

    def speak(_: Any) -> Any:
        class Spoken(list[str]):
            def __iter__(self) -> Any:
                for word in ("Pitch ", "[startup name]", " now"):
                    told.append(f"says {word}")
                    yield word

        return Spoken(["1", "2", "3"])

    wrapped = texts(StreamingModel(chunks=speak))
    if how == "sync":
        told.extend(f"shows {chunk}" for chunk in wrapped.stream(founder()))
    else:
        async for chunk in wrapped.astream(founder()):
            told.append(f"shows {chunk}")
    assert told[:4] == ["says Pitch ", "shows Pitch ", "says [startup name]", "says  now"]


@half
@pytest.mark.parametrize("said", [SAID, CALL, BLOCKS])
async def test_joined_chunks_equal_what_invoke_answers(how: str, said: Any) -> None:
    """Content, blocks, tool calls and usage: the same on a miss and on a hit."""
    asked = [Cache("memory://").wrap(PROMPT | StreamingModel(chunks=said), profile=Applicant) for _ in range(2)]
    expected = asked[0].invoke(founder())
    for hit in (False, True):
        message: Any = message_chunk_to_message(summed(await chunks_of(asked[1], founder(), how)))
        assert (message.content, message.tool_calls) == (expected.content, _with_ids_of(expected, message))
        assert message.usage_metadata["total_tokens"] == (0 if hit else 30)


def _with_ids_of(expected: Any, message: Any) -> Any:
    """A hit has fresh ids."""
    return [{**call, "id": own["id"]} for call, own in zip(expected.tool_calls, message.tool_calls, strict=True)]


@half
async def test_objects_that_grow_are_filled_as_far_as_they_are_sure(how: str) -> None:
    """Of a JSON parser's objects each shows no half placeholder; the last is what `invoke` answers."""
    said = ['{"plan": "Pitch [start', 'up name]", "steps": ["a [university', ' name] tour"', ', "[startup name]"]}']
    model = StreamingModel(chunks=said)
    wrapped = Cache("memory://").wrap(PROMPT | model | JsonOutputParser(), profile=Applicant)
    chunks = await chunks_of(wrapped, founder(), how)
    assert chunks[-1] == {"plan": "Pitch PathAI", "steps": ["an MIT and CMU tour", "PathAI"]}
    assert chunks[0] == {"plan": "Pitch "}
    assert not any("[" in text for chunk in chunks for text in (chunk.get("plan", ""), *chunk.get("steps", [])))
    assert (wrapped.invoke(founder()), model.calls) == (chunks[-1], 1)


@half
async def test_parts_side_by_side(how: str) -> None:
    """A parallel's dicts add up, each part filled on its own."""
    both = RunnableParallel(a=StreamingModel(chunks=SAID) | StrOutputParser(), b=StreamingModel(chunks=SAID))
    wrapped = Cache("memory://").wrap(PROMPT | both, profile=Applicant)
    joined = summed([AddableDict(chunk) for chunk in await chunks_of(wrapped, founder(), how)])
    assert (joined["a"], joined["b"].content) == (HEARD, HEARD)


@half
async def test_inputs_that_are_handed_on_are_shown_as_they_were_given(how: str) -> None:
    """Whatever they are, as `invoke` answers them: a date is no text, a blurred grade and an ignored number no word."""
    given = founder(gpa=3.42, users=7, startup_name=date(2024, 3, 1))
    for names in ("gpa", "users", "startup_name", ["gpa", "users", "startup_name", "plan"]):
        chain = RunnablePassthrough.assign(plan=PROMPT | StreamingModel(chunks=SAID) | StrOutputParser()).pick(names)
        shown = summed(await chunks_of(Cache("memory://").wrap(chain, profile=Applicant), given, how))
        assert shown == Cache("memory://").wrap(chain, profile=Applicant).invoke(given)
        assert not isinstance(names, str) or shown == given[names]


@half
async def test_what_does_not_stream_is_one_chunk(how: str) -> None:
    """An object that no stream can show in part comes whole, filled."""
    made: Any = RunnableLambda(lambda text: {"text": [text], "n": 1})
    model = StreamingModel(chunks=SAID)
    wrapped = Cache("memory://").wrap(PROMPT | model | StrOutputParser() | made, profile=Applicant, prompt_version="1")
    assert (await chunks_of(wrapped, founder(), how))[-1] == {"text": [HEARD], "n": 1}


@half
async def test_a_stream_the_consumer_leaves_is_not_stored(how: str) -> None:
    """It ends at once: the model's stream is closed, the next caller leads, the event says why."""
    model = StreamingModel(chunks=SAID)
    wrapped = texts(model)
    with wrapped.chain.cache.capture() as events:
        if how == "sync":
            chunks = wrapped.stream(founder())
            assert [next(chunks), next(chunks)] == ["", "Pitch "]
            chunks.close()
        else:
            achunks = wrapped.astream(founder())
            assert [await anext(achunks), await anext(achunks)] == ["", "Pitch "]
            await achunks.aclose()
            await asyncio.sleep(0.01)  # Python closes what LangChain's own generators hold in its next rounds
        assert model.closed == 1
        assert wrapped.chain.cache.stats().entries == 0
        assert "".join(await chunks_of(wrapped, founder(), how)) == HEARD
    assert [(event.outcome, event.reason) for event in events] == [("miss", "abandoned"), ("miss", None)]
    assert not wrapped.chain.cache.engine.flights._flights


class Overloaded(Exception):
    status_code = 503


@half
async def test_only_the_opening_of_a_stream_is_retried(how: str) -> None:
    """Before the first chunk an error is tried again; after it the stream breaks, and nothing is stored."""
    turns = iter([[Overloaded()], ["Pitch ", Overloaded()], SAID])
    model = StreamingModel(chunks=lambda _: next(turns))
    wrapped = texts(model)
    seen: Chunks = []
    with pytest.raises(Overloaded):
        await note_chunks_of(wrapped, founder(), how, seen)
    assert (seen, model.calls) == (["Pitch "], 2)
    assert "".join(await chunks_of(wrapped, founder(), how)) == HEARD


@half
async def test_a_stream_that_broke_before_it_said_anything_may_be_answered_by_the_expired_entry(how: str) -> None:
    """The first chunk of a message often names the role only: a consumer who has seen no more has seen nothing."""
    turns = iter([SAID, ["", Overloaded()], ["", "Pitch ", Overloaded()], ["", Overloaded()]])
    clock = FakeClock()
    cache = Cache("memory://", clock=clock, ttl=100, stale_if_error=1000)
    chain = PROMPT | StreamingModel(chunks=lambda _: next(turns)) | StrOutputParser()
    wrapped = cache.wrap(chain, profile=Applicant, name="plan")
    assert "".join(await chunks_of(wrapped, founder(), how)) == HEARD
    clock.advance(200)
    with cache.capture() as events:
        assert "".join(await chunks_of(wrapped, founder(), how)) == HEARD
        with pytest.raises(Overloaded):
            await chunks_of(wrapped, founder(), how)
        clock.advance(2000)
        with pytest.raises(Overloaded):
            await chunks_of(wrapped, founder(), how)
    assert [event.outcome for event in events] == ["stale", "miss", "miss"]


@half
async def test_a_masked_stream_that_fails_before_it_said_anything_goes_on_with_real_values(how: str) -> None:
    """Also where an empty chunk was passed on already."""

    def compute(given: Any) -> Any:
        yield ""
        yield str(next(iter(given))["age"] + 1)

    async def acompute(given: Any) -> Any:
        yield ""
        yield str((await anext(given))["age"] + 1)

    chain = RunnableGenerator(compute, acompute)
    wrapped = Cache("memory://").wrap(chain, profile=Profile.of(slots=["age"]), prompt_version="1", name="sum")
    assert "".join(await chunks_of(wrapped, {"age": 3}, how)) == "4"


class Shelf(BaseRetriever):
    """Finds the same for everybody."""

    def _get_relevant_documents(self, query: str, **_: Any) -> list[Document]:
        return [Document("All of it")]


def _last_part(given: Any) -> str:
    return f"{len(given['startup_name'])} letters"


FAILING: dict[str, Any] = {
    "computes": RunnablePassthrough.assign(plan=_last_part),
    "looks up": RunnablePassthrough.assign(plan=itemgetter("startup_name") | Shelf()),
    "with sources": RunnableParallel(
        found=itemgetter("background") | Shelf(), asked=itemgetter("question"), whole=RunnablePassthrough()
    ).assign(plan=itemgetter("whole") | RunnableLambda(_last_part)),
}


@half
@pytest.mark.parametrize("name", FAILING)
async def test_a_masked_stream_that_fails_behind_its_inputs_goes_on_with_real_values(how: str, name: str) -> None:
    """What ``.assign(...)`` hands on, and what was found, is shown before anything runs, and it is shown once."""
    chain = FAILING[name]
    wrapped = Cache("memory://").wrap(chain, profile=Applicant, name=name, prompt_version="1")
    given = founder(gpa=3.42, users=7, question="What would PathAI do for PathAI")
    with wrapped.chain.cache.capture() as events:
        for _ in range(4):  # the last without a masked run
            assert summed(await chunks_of(wrapped, given, how)) == chain.invoke(given)
    assert {event.outcome for event in events} == {"bypass"}


@half
async def test_a_masked_stream_that_broke_counts_as_one_that_failed(how: str) -> None:
    """Behind a model's words nothing else can be said: its user sees the error, but not every user does."""
    model = PROMPT | StreamingModel(chunks=SAID) | StrOutputParser()
    chain = RunnablePassthrough.assign(plan=model).assign(n=_last_part)
    wrapped = Cache("memory://").wrap(chain, profile=Applicant, name="w", prompt_version="1")
    for _ in range(3):
        with pytest.raises(MaskedValueUsed, match="startup_name"):
            await chunks_of(wrapped, founder(), how)
    assert summed(await chunks_of(wrapped, founder(), how))["n"] == "6 letters"


@half
async def test_a_chain_that_computes_with_a_detail_streams_on_real_values(how: str) -> None:
    """A masked run that fails before its first chunk is replaced by one on real values, also streamed."""
    shout: Any = RunnableLambda(lambda given: {**given, "startup_name": str(int(given["startup_name"]) + 1)})
    model = StreamingModel(chunks=["Hello ", "you"])
    chain = shout | PROMPT | model | StrOutputParser()
    wrapped = Cache("memory://").wrap(chain, profile=Applicant, prompt_version="1")
    with wrapped.chain.cache.capture() as events:
        assert await chunks_of(wrapped, founder(startup_name="7"), how) == ["Hello ", "you", ""]
    assert (events[0].outcome, model.calls) == ("bypass", 1)


@half
@pytest.mark.parametrize(
    ("said", "shown", "calls"),
    [
        (["Ask [startup]", " about [startup name]."], "Ask [startup] about PathAI.", 1),
        (["[startup]", " it is"], "[startup] it is", 2),
    ],
)
async def test_what_cannot_be_read(how: str, said: list[str], shown: str, calls: int) -> None:
    """Before anything is shown the chain runs on real values; after it the text stays as it is. Neither is stored."""
    model = StreamingModel(chunks=said)
    wrapped = texts(model)
    with wrapped.chain.cache.capture() as events:
        assert "".join(await chunks_of(wrapped, founder(), how)) == shown
    assert (events[0].outcome, events[0].reason, model.calls) == ("refused", "unresolved placeholder", calls)
    assert wrapped.chain.cache.stats().entries == 0


@half
async def test_abstract_mode_passes_chunks_untouched(how: str) -> None:
    """Real values, stored as a template at the end."""
    model = StreamingModel(chunks=lambda messages: ["Pitch ", "Path", "AI", " to MIT and CMU."])
    wrapped = texts(model, mode="abstract")
    assert await chunks_of(wrapped, founder(), how) == ["Pitch ", "Path", "AI", " to MIT and CMU.", ""]
    assert "".join(await chunks_of(wrapped, founder(startup_name="Zed"), how)) == "Pitch Zed to MIT and CMU."
    assert model.calls == 1


class Tokens(BaseCallbackHandler):
    """A page that shows tokens as they come."""

    def __init__(self) -> None:
        self.text, self.ends = "", 0

    def on_llm_new_token(self, token: Any, **_: Any) -> None:
        self.text += token

    def on_chain_end(self, outputs: Any, **_: Any) -> None:
        assert "[startup" not in str(outputs)
        self.ends += 1


@half
async def test_a_handler_of_tokens_hears_them_filled(how: str) -> None:
    """Whoever shows tokens to the user never shows a placeholder; the start and end of the chain are fired."""
    listener = Tokens()
    await chunks_of(texts(StreamingModel(chunks=SAID)), founder(), how, {"callbacks": [listener]})
    assert listener.text == HEARD
    assert listener.ends > 1


async def test_streamed_events_hold_no_placeholder_outside_the_prompt() -> None:
    """`astream_events`: the wrapped chain streams, and the model's events inside it are filled, on a miss and a hit."""
    wrapped = texts(StreamingModel(chunks=SAID), name="plan")
    for _ in ("miss", "hit"):
        events = [event async for event in wrapped.astream_events(founder(), version="v2")]
        own = [e["data"]["chunk"] for e in events if e["event"] == "on_chain_stream" and e["name"] == "plan"]
        assert "".join(own) == HEARD
        assert (events[0]["event"], events[-1]["event"]) == ("on_chain_start", "on_chain_end")
        assert events[-1]["data"]["output"] == HEARD
        model = [e["data"]["chunk"].content for e in events if e["event"] == "on_chat_model_stream"]
        assert "".join(model) in ("", HEARD)
        after = [e for e in events if "prompt" not in e["event"] and not e["event"].endswith("_start")]
        assert "[startup" not in str([(e["data"].get("chunk"), e["data"].get("output")) for e in after])


class State(TypedDict, total=False):
    given: dict[str, Any]
    plan: str
    messages: list[Any]


@half
@pytest.mark.parametrize("inner", ["invoke", "stream"])
async def test_a_graph_streams_filled_messages(how: str, inner: str) -> None:
    """LangGraph's ``stream_mode="messages"`` shows the user's details, though the node only invokes the chain."""
    from langgraph.graph import END, START, StateGraph

    wrapped = texts(StreamingModel(chunks=SAID))
    answer: Callable[[Any], str] = wrapped.invoke if inner == "invoke" else lambda g: "".join(wrapped.stream(g))
    graph: Any = StateGraph(State)
    graph.add_node("plan", lambda state: {"plan": answer(state["given"])})
    graph.add_edge(START, "plan")
    graph.add_edge("plan", END)
    app = graph.compile()
    given = {"given": founder()}
    if how == "sync":
        parts = list(app.stream(given, stream_mode="messages"))
    else:
        parts = [part async for part in app.astream(given, stream_mode="messages")]
    assert "".join(message.content for message, _ in parts) == HEARD
    assert len(parts) > 3


@half
async def test_a_failing_profile_free_chain_streams_exactly(how: str) -> None:
    """Without a profile chunks pass as they are and are replayed."""
    model = StreamingModel(chunks=["Hello ", "[startup name]"])
    wrapped = Cache("memory://", retry=RetryPolicy(attempts=1)).wrap(
        PROMPT | model | StrOutputParser(), profile=Profile
    )
    assert await chunks_of(wrapped, founder(), how) == ["Hello ", "[startup name]", ""]
    assert ("".join(await chunks_of(wrapped, founder(), how)), model.calls) == ("Hello [startup name]", 1)


def test_a_herd_of_streams_is_one_call() -> None:
    """Who comes while another streams waits, and is replayed the answer with their own details."""
    model = StreamingModel(chunks=SAID)
    wrapped = texts(model)
    leader = wrapped.stream(founder())
    assert [next(leader), next(leader)] == ["", "Pitch "]

    def ask(user: int) -> str:
        return "".join(wrapped.stream(founder(startup_name=f"U{user}")))

    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(ask, user) for user in range(4)]
        rest = "".join(leader)
        assert [each.result(20) for each in waiting] == [HEARD.replace("PathAI", f"U{n}") for n in range(4)]
    assert (f"Pitch {rest}", model.calls) == (HEARD, 1)
