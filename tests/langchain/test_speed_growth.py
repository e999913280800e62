"""A stream of twice as many parts, calls or blocks is twice the work to fill."""

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk
from langchain_core.runnables.utils import AddableDict
from support.lines import lines_run

from langcache.langchain.chunks import ChunkFiller
from langcache.templating import Personal
from langcache.templating.stream import StreamFiller

SLOTS = {"who": Personal("who", "who", "Anabel", (), "name", {})}


def calls(count: int) -> list[Any]:
    """A message of so many tool calls, each in three chunks."""
    return [
        AIMessageChunk(
            content="",
            tool_call_chunks=[{"name": None, "args": args, "id": None, "index": n, "type": "tool_call_chunk"}],
        )
        for n in range(count)
        for args in ('{"n"', ": 1", "}")
    ]


def blocks(count: int) -> list[Any]:
    return [AIMessageChunk(content=[{"type": "text", "text": "a word", "index": n}]) for n in range(count)]


def parts(count: int) -> list[Any]:
    """What a parallel of so many branches streams."""
    return [AddableDict({f"branch {n}": "a word"}) for n in range(count)]


@pytest.mark.parametrize("chunks", [calls, blocks, parts])
def test_filling_doubles_as_a_stream_doubles(chunks: Callable[[int], list[Any]]) -> None:
    """At each chunk only what it holds is asked whether something is wrong."""

    def work(count: int) -> int:
        filler = ChunkFiller(lambda: StreamFiller({"who": "[who]"}, SLOTS), lambda value: value, False)
        streamed = chunks(count)

        def fill() -> None:
            for chunk in streamed:
                filler.feed(chunk)
                assert filler.refused is filler.unfilled is None

        return lines_run(fill)

    work(10)  # what is cached at first use is not counted
    assert work(400) <= 2.2 * work(200)
