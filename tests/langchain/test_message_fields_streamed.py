"""Law 2 for the chunks of a masked message: no placeholder is shown in its names, ids and odd places."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk
from langchain_core.runnables import RunnableGenerator
from support.fields import FIRST, PROFILE, SECOND, at_rest, read

from langcache import Cache


@pytest.fixture
def cache() -> Iterator[Cache]:
    with Cache("memory://") as cache:
        yield cache


def chunk(content: Any = "", **fields: Any) -> AIMessageChunk:
    return AIMessageChunk(content=content, **fields)


def tool_chunk(**fields: Any) -> AIMessageChunk:
    call: Any = {"name": None, "args": "", "id": None, "index": 0, "type": "tool_call_chunk", **fields}
    return chunk(tool_call_chunks=[call])


STREAMED: dict[str, Callable[[str], list[AIMessageChunk]]] = {
    "name": lambda who: [chunk("hi", name=who)],
    "id": lambda who: [chunk("hi", id=f"of {who}")],
    "file name": lambda who: [chunk([{"type": "file", "file_id": "1", "name": f"{who}.pdf", "index": 0}])],
    "block id": lambda who: [chunk([{"type": "text", "text": "hi", "id": f"{who}-1", "index": 0}])],
    "block without index": lambda who: [chunk([{"type": "text", "text": f"hi {who}"}])],
    "blocks without index": lambda who: [chunk([{"type": "text", "text": f"{n} {who}"}]) for n in ("hi", "bye")],
    "block with a list for its index": lambda who: [chunk([{"type": "text", "text": f"hi {who}", "index": [0]}])],
    "block with text for its index": lambda who: [
        chunk([{"type": "text", "text": text, "index": "lc_txt_0"}]) for text in ("hi ", who, " !")
    ],
    "type is a list": lambda who: [chunk([{"type": ["text"], "text": f"hi {who}", "index": 0}])],
    "tool name": lambda who: [tool_chunk(name=f"greet_{who}", id="1"), tool_chunk(args="{}")],
    "tool id": lambda who: [tool_chunk(name="greet", id=f"{who}-1"), tool_chunk(args="{}")],
    "tool name after text": lambda who: [chunk("Well. "), tool_chunk(name=f"greet_{who}", id="1", args="{}")],
    "function_call": lambda who: [
        chunk("I call. "),
        chunk(additional_kwargs={"function_call": {"name": "f", "arguments": '{"to": "'}}),
        chunk(additional_kwargs={"function_call": {"arguments": who}}),
        chunk(additional_kwargs={"function_call": {"arguments": '"}'}}),
    ],
    "audio": lambda who: [
        chunk("Hear. "),
        chunk(additional_kwargs={"audio": {"id": "a", "transcript": "hi "}}),
        chunk(additional_kwargs={"audio": {"id": "a", "transcript": who}}),
    ],
    "reasoning": lambda who: [
        chunk(additional_kwargs={"reasoning_content": f"For {who}"}),
        chunk(additional_kwargs={"reasoning_content": ": be kind"}),
        chunk(f"hi {who}"),
    ],
    "a list beside": lambda who: [chunk("hi", additional_kwargs={"cites": [{"of": who}]})],
}


def saying(make: Callable[[str], list[AIMessageChunk]]) -> Any:
    def stream(inputs: Iterator[Any]) -> Iterator[Any]:
        for given in inputs:
            yield from make(f"{given['who']}")

    async def astream(inputs: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for given in inputs:
            for each in make(f"{given['who']}"):
                yield each

    return RunnableGenerator(stream, astream)


def unlike(message: AIMessageChunk) -> dict[str, Any]:
    """What a hit does not repeat: reasoning, and what only its provider knows."""
    return {"kwargs": {}} if "langcache" in message.response_metadata else {}


async def gathered(runnable: Any, given: Any, how: str) -> AIMessageChunk:
    chunks = list(runnable.stream(given)) if how == "sync" else [each async for each in runnable.astream(given)]
    total = chunks[0]
    for each in chunks[1:]:
        total = total + each
    if len(chunks) == 1 or total.name is None:
        total.name = next((each.name for each in chunks if each.name), None)
    assert "[who]" not in repr(chunks)
    return total  # type: ignore[no-any-return]


@pytest.mark.parametrize("how", ["sync", "async"])
@pytest.mark.parametrize("field", STREAMED)
async def test_a_stream_shows_no_placeholder_beside_the_text(cache: Cache, field: str, how: str) -> None:
    """Added up, its chunks are those of the bare chain; nobody reads another user's."""

    chain = saying(STREAMED[field])
    wrapped = cache.wrap(chain, profile=PROFILE, prompt_version="1")
    for who in (FIRST, SECOND):
        got, bare = await gathered(wrapped, {"who": who}, how), await gathered(chain, {"who": who}, how)
        assert {**read(got), **unlike(got)} == {**read(bare), **unlike(got)}
        assert got.id == bare.id or "langcache" in got.response_metadata
    assert FIRST.encode() not in at_rest(cache)


async def test_a_name_that_cannot_be_read_is_not_shown(cache: Cache) -> None:
    """Half a placeholder in a name stands for nothing: the chain runs on real values, or the name is left out."""

    def streamed(*first: AIMessageChunk) -> Any:
        chain = saying(lambda who: [*first, chunk("hi", name=who[:4], id="1")])
        return list(cache.wrap(chain, profile=PROFILE, prompt_version=str(len(first))).stream({"who": FIRST}))

    assert [each.name for each in streamed()] == [FIRST[:4]]
    assert cache.stats().entries == 0
    assert "[who" not in repr(streamed(chunk("Well. ", id="1")))


def test_a_half_placeholder_at_the_end_of_the_last_chunk_is_noticed(cache: Cache) -> None:
    """It shows only once nothing more can come; nothing was said yet, so the chain runs on real values."""
    chain = saying(lambda who: [AIMessageChunk(content=f"{who[:4]}", chunk_position="last")])
    assert [each.content for each in cache.wrap(chain, profile=PROFILE, prompt_version="1").stream({"who": FIRST})] == [
        FIRST[:4]
    ]
