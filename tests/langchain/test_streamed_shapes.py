"""Streams of every shape: joined, the chunks are what `invoke` answers, for whoever asks, on a miss and on a hit."""

import dataclasses
from collections.abc import Callable
from operator import itemgetter
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessageChunk, RemoveMessage
from langchain_core.output_parsers import JsonOutputParser, StrOutputParser
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import (
    ConfigurableField,
    RunnableBranch,
    RunnableGenerator,
    RunnableLambda,
    RunnableParallel,
    RunnablePassthrough,
    RunnablePick,
)
from langchain_core.runnables.utils import AddableDict
from pydantic import BaseModel
from support.streaming import StreamingModel

from langcache import Cache, Profile
from langcache.templating.stream import StreamFiller

PROMPT = ChatPromptTemplate.from_template("Write to {who}.")
PROFILE = Profile.of(slots=["who"])
USERS = ("Anabel", "Zoltan")
TOKEN = "[who]"

both = pytest.mark.parametrize("how", ["sync", "async"])
modes = pytest.mark.parametrize("mode", ["mask", "abstract"])


class Note(BaseModel):
    text: str
    stars: int = 5


@dataclasses.dataclass
class Card:
    text: str


async def chunks_of(runnable: Any, who: str, how: str) -> list[Any]:
    if how == "sync":
        return list(runnable.stream({"who": who}))
    return [chunk async for chunk in runnable.astream({"who": who})]


def joined(chunks: list[Any]) -> Any:
    """What a consumer makes of chunks, as ``Runnable.transform`` does."""
    final = chunks[0]
    for chunk in chunks[1:]:
        try:
            final = final + chunk
        except TypeError:
            final = chunk
    return final


def told(value: Any) -> Any:
    """A value without what differs from call to call: ids, usage, chunk or message, dict or addable dict."""
    if isinstance(value, BaseMessage):
        calls = [(call["name"], call["args"]) for call in getattr(value, "tool_calls", ())]
        return (type(value).__name__.removesuffix("Chunk"), value.content, calls)
    if isinstance(value, dict):
        return {key: told(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(told, value))
    return value


def wrapped(chain: Any, mode: str) -> Any:
    return Cache("memory://").wrap(chain, profile=PROFILE, prompt_version="1", mode=mode)


async def check(chain: Any, mode: str, how: str, outcomes: Any = ("miss", "hit")) -> None:
    """Both users are streamed what `invoke` answers them, and nothing of each other's."""
    cached = wrapped(chain, mode)
    with cached.chain.cache.capture() as events:
        for me, other in (USERS, USERS[::-1]):
            chunks = await chunks_of(cached, me, how)
            assert told(joined(chunks)) == told(wrapped(chain, mode).invoke({"who": me}))
            assert TOKEN not in str(chunks)
            assert other not in str(chunks)
    assert outcomes is None or tuple(event.outcome for event in events) == outcomes


VALUES: dict[str, Callable[[str], Any]] = {
    "documents": lambda who: [Document(f"About {who}")],
    "messages": lambda who: {"messages": [AIMessage(f"Hi {who}")]},
    "tuple in a dict": lambda who: {"pair": (who, 1)},
    "tuple": lambda who: (f"Dear {who}", 2),
    "dataclass in a list": lambda who: [Card(f"For {who}")],
    "dataclass": lambda who: Card(f"For {who}"),
    "object": lambda who: Note(text=f"Of {who}"),
    "object in a dict": lambda who: {"note": Note(text=f"Of {who}"), "n": [1, {f"k {who}": None}]},
    "document": lambda who: Document(f"About {who}"),
    "message": lambda who: AIMessage(f"Hi {who}", tool_calls=[{"name": "find", "args": {"q": f"{who}!"}, "id": "1"}]),
    "dict": lambda who: {"text": [f"Hi {who}"], "n": 1.5},
}


@both
@modes
@pytest.mark.parametrize("shape", VALUES)
async def test_a_whole_value_comes_filled_as_one_chunk(shape: str, mode: str, how: str) -> None:
    """Whatever a chain that does not stream answers with."""
    chain = RunnableLambda(lambda given: VALUES[shape](given["who"]))
    await check(chain, mode, how)
    assert len(await chunks_of(wrapped(chain, mode), USERS[0], how)) == len(list(chain.stream({"who": USERS[0]})))


class Opaque:
    """No data: neither stored nor filled."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Opaque) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Opaque({self.text!r})"


@both
@modes
@pytest.mark.parametrize("put", [lambda it: it, lambda it: [it], lambda it: {"it": it}])
async def test_what_cannot_be_filled_is_run_on_real_values(put: Any, mode: str, how: str) -> None:
    """As `invoke` does."""
    chain = RunnableLambda(lambda given: put(Opaque(given["who"])))
    await check(chain, mode, how, ("bypass", "bypass"))


@both
async def test_what_cannot_be_filled_is_left_out_once_something_was_shown(how: str) -> None:
    """There is no other attempt then, and a placeholder is never shown; what holds none is."""
    chain = RunnableParallel(a=RunnableLambda(lambda _: "text")) | RunnablePassthrough.assign(
        b=RunnableLambda(lambda _: Opaque("b")), c=RunnableLambda(lambda _: Opaque(TOKEN))
    )
    shown = joined(await chunks_of(wrapped(chain, "mask"), USERS[0], how))
    assert shown == {"a": "text", "b": Opaque("b")}


def saying(*chunks: Any) -> Any:
    """A chain that streams *chunks*; of a callable what it makes of the user."""

    def say(given: Any) -> Any:
        who = next(iter(given))["who"]
        yield from (chunk(who) if callable(chunk) else chunk for chunk in chunks)

    async def asay(given: Any) -> Any:
        who = (await anext(given))["who"]
        for chunk in chunks:
            yield chunk(who) if callable(chunk) else chunk

    return RunnableGenerator(say, asay)


@both
@modes
@pytest.mark.parametrize(
    "chunks",
    [
        [1, 1],
        [0.5, 0.5, 0.5],
        [["a"], ["a"], lambda who: [who]],
        [{"tick": True}, {"tick": True}],
        [lambda who: {"text": who}, lambda who: {"text": who}],
        [lambda who: (who,), lambda who: (who,)],
    ],
)
async def test_equal_chunks_are_all_shown(chunks: Any, mode: str, how: str) -> None:
    """Only of an answer that grows the same again says nothing new."""
    bare = list(saying(*chunks).stream({"who": USERS[0]}))
    assert await chunks_of(wrapped(saying(*chunks), mode), USERS[0], how) == bare


@both
@modes
async def test_chunks_of_changing_kinds_keep_their_order(mode: str, how: str) -> None:
    """What was held back of a text comes before what follows it."""
    chain = saying(lambda who: f"hi {who}", lambda who: {"a": who}, lambda who: f"{who}, ", lambda who: [who], "end")
    shown = await chunks_of(wrapped(chain, mode), USERS[0], how)
    assert [chunk for chunk in shown if not isinstance(chunk, str)] == [{"a": "Anabel"}, ["Anabel"]]
    at = shown.index({"a": "Anabel"})
    assert "".join(shown[:at]) == "hi Anabel"
    assert "".join(shown[at + 1 : shown.index(["Anabel"])]) == "Anabel, "
    assert shown[-1] == "end"


@both
@modes
async def test_the_chunks_of_a_message_of_another_kind(mode: str, how: str) -> None:
    """They are joined first: what a placeholder means may change with what follows."""
    said = [lambda who: HumanMessageChunk(f"I am a {who}"), lambda who: HumanMessageChunk(f", {who}!")]
    await check(saying(*said), mode, how)


@both
@modes
async def test_parts_with_a_detail_for_a_name(mode: str, how: str) -> None:
    """Names of parts are filled as those of a dict are."""
    chain = saying(lambda who: AddableDict({who: "hi"}), lambda who: AddableDict({who: f" {who}"}))
    await check(chain, mode, how, None)


def model(*texts: Any) -> Any:
    return StreamingModel(chunks=list(texts))


def part(make: Callable[[str], Any]) -> Any:
    return RunnableLambda(lambda given: make(given["who"]))


JSON = ('{"to": "[wh', 'o]", "steps": ["a [who', '] tour"', ', "[who]"]}')
SAID = ("Pitch ", "[wh", "o]", " now")

PARALLELS: dict[str, Callable[[], Any]] = {
    "texts and messages": lambda: PROMPT | RunnableParallel(a=model(*SAID) | StrOutputParser(), b=model(*SAID)),
    "values": lambda: RunnableParallel({name: part(make) for name, make in VALUES.items()}),
    "assigned": lambda: RunnablePassthrough.assign(answer=part(VALUES["message"]), pair=part(VALUES["tuple"])),
    "assigned to a stream": lambda: RunnablePassthrough.assign(answer=PROMPT | model(*SAID), n=part(lambda _: 1)),
    "one inside another": lambda: RunnableParallel(
        a=RunnableParallel(b=PROMPT | model(*SAID) | StrOutputParser(), c=part(VALUES["documents"]))
    ),
    "growing objects": lambda: PROMPT | RunnableParallel(a=model(*JSON) | JsonOutputParser(), b=model(*SAID)),
    "picked of growing objects": lambda: PROMPT | model(*JSON) | JsonOutputParser() | RunnablePick("to"),
    "growing texts and lists": lambda: (
        PROMPT
        | RunnableParallel(
            to=model(*JSON) | JsonOutputParser() | RunnablePick("to"),
            steps=model(*JSON) | JsonOutputParser() | RunnablePick("steps"),
        )
    ),
    "assigned to growing objects": lambda: (
        PROMPT | model(*JSON) | JsonOutputParser() | RunnablePassthrough.assign(n=RunnableLambda(lambda _: [1]))
    ),
    "structured, with the raw message": lambda: (
        PROMPT
        | RunnableParallel(raw=model(*JSON))
        | RunnablePassthrough.assign(parsed=itemgetter("raw") | JsonOutputParser()).with_fallbacks([part(str)])
    ),
}


@both
@pytest.mark.parametrize("shape", PARALLELS)
async def test_parts_are_all_shown_and_all_stored(shape: str, how: str) -> None:
    """Also where a part grows, whose chunks do not add up."""
    chain = PARALLELS[shape]()
    cached = wrapped(chain, "mask")
    with cached.chain.cache.capture() as events:
        for who in (*USERS, "Bo"):
            expected = told(wrapped(PARALLELS[shape](), "mask").invoke({"who": who}))
            shown = await chunks_of(cached, who, how)
            assert TOKEN not in str(shown)
            if "growing" not in shape and "structured" not in shape:
                assert told(joined(shown)) == expected
            assert told(cached.invoke({"who": who})) == expected
    assert [event.outcome for event in events] == ["miss", *["hit"] * 5]


class Whole(BaseChatModel):
    """A model that does not stream."""

    message: Any

    @property
    def _llm_type(self) -> str:
        return "whole"

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self.message.model_copy())])


def beside(**extra: Any) -> AIMessageChunk:
    return AIMessageChunk(content="", additional_kwargs=extra)


PAY = AIMessage("", tool_calls=[{"name": "pay", "args": {"x": 1}, "id": "1"}])
ONCE: dict[str, Any] = {
    "a tool call of a model that does not stream": lambda: PROMPT | Whole(message=PAY),
    "a function call": lambda: (
        PROMPT | model(*[beside(function_call={"arguments": args}) for args in ('{"a":', " 1}")])
    ),
    "audio": lambda: PROMPT | model(beside(audio={"data": "AAAA"}), beside(audio={"data": "BBBB"})),
    "an empty message": lambda: PROMPT | Whole(message=AIMessage("")),
    "empty chunks": lambda: PROMPT | model("", ""),
    "empty texts": lambda: saying("", ""),
    "a message to remove": lambda: saying(RemoveMessage(id="1")),
    "a call that does not parse": lambda: saying(
        AIMessage("", invalid_tool_calls=[{"name": "pay", "args": "{", "id": "1", "error": "cut"}])
    ),
    "nothing": lambda: saying(None),
}


@both
@modes
@pytest.mark.parametrize("shape", ONCE)
async def test_nothing_is_shown_twice(shape: str, mode: str, how: str) -> None:
    """What has been shown is not replayed at the end, whatever it says."""
    bare = list(ONCE[shape]().stream({"who": USERS[0]}))
    shown = await chunks_of(wrapped(ONCE[shape](), mode), USERS[0], how)
    assert [_kept(chunk) for chunk in shown] == [_kept(chunk) for chunk in bare]


def _kept(chunk: Any) -> Any:
    return (type(chunk), told(chunk), getattr(chunk, "additional_kwargs", None))


def called_with(args: str, cuts: int = 1) -> Any:
    """A model that calls a tool with *args*, in pieces of *cuts* characters; the call itself comes first."""
    call = {"name": "find", "args": "", "id": "1", "index": 0}
    pieces = [{**call, "name": None, "id": None, "args": args[n : n + cuts]} for n in range(0, len(args), cuts)]
    chunks = [AIMessageChunk(content="", tool_call_chunks=[each]) for each in (call, *pieces)]
    return PROMPT | StreamingModel(chunks=chunks)


@both
@pytest.mark.parametrize("cuts", [1, 3, 200])
@pytest.mark.parametrize(
    ("args", "shown"),
    [
        ('{"path": "C:\\dir\\x of [who]"}', '{"path": "C:\\dir\\x of Anabel"}'),
        ('{"path": "[who] \\u12x [who]"}', '{"path": "Anabel \\u12x Anabel"}'),
        ("{who: [who]}", "{who: Anabel}"),
        ("{'who': '[who]'}", "{'who': 'Anabel'}"),
        ('{"who": [who]}', '{"who": Anabel}'),
        ('{"who": [1, [ who ]]}', '{"who": [1, Anabel]}'),
        ('{"who": True, "of": "[who]"}', '{"who": True, "of": "Anabel"}'),
        ('{"a": [[1.5e3, -2], true, [], {}], "b": ["[who]"]}', '{"a": [[1.5e3, -2], true, [], {}], "b": ["Anabel"]}'),
    ],
)
async def test_arguments_that_are_no_json_are_shown_filled(args: str, shown: str, cuts: int, how: str) -> None:
    """They come as they are, but for the placeholders; the stream does not fail."""
    message: Any = joined(await chunks_of(wrapped(called_with(args, cuts), "mask"), USERS[0], how))
    assert "".join(call["args"] for call in message.tool_call_chunks) == shown


UNMERGED: list[Any] = [
    lambda who: AIMessageChunk(content=f"hi {who}", additional_kwargs={"a": "x"}),
    AIMessageChunk(content=" you", additional_kwargs={"a": 1}),
]


@both
@modes
@pytest.mark.parametrize("put", [lambda make: make, lambda make: lambda who: AddableDict(part=_made(make, who))])
async def test_messages_that_do_not_merge_are_shown_and_not_stored(put: Any, mode: str, how: str) -> None:
    """What they are together nobody knows."""
    cached = wrapped(saying(*map(put, UNMERGED)), mode)
    with cached.chain.cache.capture() as events:
        for who in USERS:
            shown = [
                chunk.get("part") if isinstance(chunk, dict) else chunk for chunk in await chunks_of(cached, who, how)
            ]
            assert "".join(chunk.content for chunk in shown) == f"hi {who} you"
    assert [(event.outcome, event.reason) for event in events] == [("refused", "chunks that do not merge")] * 2


HIDDEN: dict[str, Callable[[Any], Any]] = {
    "a branch": lambda chain: RunnableBranch((lambda asked: not asked, RunnableLambda(str)), chain),
    "a function": lambda chain: RunnableLambda(lambda asked: chain),
    "alternatives": lambda chain: chain.configurable_alternatives(ConfigurableField(id="which"), other=PROMPT),
}


@both
@modes
@pytest.mark.parametrize("place", HIDDEN)
@pytest.mark.parametrize(
    "said",
    [
        ['["plan', ' A"', ', "plan B for [who]"]'],
        ['[["a', '"], {"b": ["c"', ', "[who]"]}]'],
        ['"wait', ", wait, ", '[who]"'],
        ["1", "2", ".5"],
    ],
)
async def test_what_a_hidden_parser_streams_is_not_added_up(said: list[str], place: str, mode: str, how: str) -> None:
    """A JSON parser's chunks take the place of each other. Where none is seen they would be stored as their sum."""
    model = StreamingModel(chunks=lambda asked: [part.replace(TOKEN, asked[-1].content[9:-1]) for part in said])
    chain = HIDDEN[place](PROMPT | model | JsonOutputParser())
    cached = wrapped(chain, mode)
    for who in USERS:
        await chunks_of(cached, who, how)
        assert cached.invoke({"who": who}) == chain.invoke({"who": who})


def _made(make: Any, who: str) -> Any:
    return make(who) if callable(make) else make


@both
@pytest.mark.parametrize("at", [0, 1, 2])
async def test_a_fault_of_the_filler_is_nobodys_error(at: int, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is shown the whole answer is; after it the rest of it. It is not stored."""
    fed, feed = [], StreamFiller.feed

    def faulty(self: StreamFiller, text: str) -> str:
        fed.append(text)
        if len(fed) == at + 1:
            raise KeyError(text)
        return feed(self, text)

    monkeypatch.setattr(StreamFiller, "feed", faulty)
    cached = wrapped(saying("Hi ", lambda who: f"{who}, you", " are fine"), "mask")
    with cached.chain.cache.capture() as events:
        assert "".join(await chunks_of(cached, USERS[0], how)) == "Hi Anabel, you are fine"
    assert [(event.outcome, event.reason) for event in events] == [("refused", "chunks that cannot be filled")]


@both
@modes
async def test_noncharacters_in_an_answer_stay_what_they_are(mode: str, how: str) -> None:
    """They are rare, but text."""
    await check(saying(lambda who: f"hi {who} \ufdd0 [wha\ufdd1", " x \ufdd7 "), mode, how)


def handing_on() -> Any:
    def sync(asked: Any) -> Any:
        for each in asked:
            yield from ("Hi ", each["who"], ", you")

    async def asynchronous(asked: Any) -> Any:
        async for each in asked:
            for part in ("Hi ", each["who"], ", you"):
                yield part

    return RunnableGenerator(sync, asynchronous)


@both
@modes
async def test_a_detail_handed_on_as_a_chunk(mode: str, how: str) -> None:
    """Masked, it refuses to be computed with; that its stream is looked at is no use of it."""
    cached = wrapped(handing_on(), mode)
    with cached.chain.cache.capture() as events:
        for who in USERS:
            assert "".join(await chunks_of(cached, who, how)) == f"Hi {who}, you"
    assert [event.outcome for event in events] == ["miss", "hit"]
