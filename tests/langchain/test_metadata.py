"""Law 2 for what a provider says beside its answer, in places that nobody has heard of: a miss shows no placeholder.

A hit repeats none of it (`tests/langchain/test_message_fields.py`).
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult, LLMResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda
from support.fields import FIRST, PROFILE, SECOND, at_rest

from langcache import Cache

PROMPT = ChatPromptTemplate.from_messages([("human", "Greet {who}.")])
ways = pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "astream"])


@pytest.fixture
def cache() -> Iterator[Cache]:
    with Cache("memory://") as cache:
        yield cache


class Telling(BaseChatModel):
    """Repeats whom it greets in every place a provider has: with the message, with the generation, with the call."""

    streaming: bool = False

    def _said(self, messages: list[BaseMessage]) -> tuple[dict[str, Any], dict[str, Any]]:
        found = re.search(r"Greet (.+?)\.", messages[-1].text)
        assert found is not None
        who = found[1]
        return {"message": {"content": [f"hi {who}"]}}, {
            "cites": [{"of": who}],
            "finish_reason": "stop",
            "at": (1, who),
        }

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any) -> ChatResult:
        beside, info = self._said(messages)
        message = AIMessage("hi", response_metadata=beside)
        return ChatResult(generations=[ChatGeneration(message=message, generation_info=info)], llm_output=dict(info))

    def _stream(self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any) -> Iterator[Any]:
        beside, info = self._said(messages)
        for text in ("h", "i"):
            message = AIMessageChunk(content=text, response_metadata=beside if text == "i" else {})
            chunk = ChatGenerationChunk(message=message, generation_info=info if text == "i" else None)
            if run_manager is not None:
                run_manager.on_llm_new_token(text, chunk=chunk)
            yield chunk

    @property
    def _llm_type(self) -> str:
        return "telling"


class Page(BaseCallbackHandler):
    """A listener that shows tokens, and all it is told with them."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def on_llm_new_token(self, token: str, *, chunk: Any = None, **_: Any) -> None:
        self.told.append(chunk)

    def on_llm_end(self, response: LLMResult, **_: Any) -> None:
        self.told.append(response)


async def asked(runnable: Any, given: Any, way: str, config: Any = None) -> Any:
    """The answer, or the sum of its chunks."""
    if way in ("invoke", "ainvoke"):
        return runnable.invoke(given, config) if way == "invoke" else await runnable.ainvoke(given, config)
    if way == "stream":
        chunks = list(runnable.stream(given, config))
    else:
        chunks = [chunk async for chunk in runnable.astream(given, config)]
    total = chunks[0]
    for chunk in chunks[1:]:
        total = total + chunk
    return total


@ways
async def test_a_chain_says_what_the_bare_one_says(cache: Cache, way: str) -> None:
    """With the first user's details; nothing of it is stored."""
    bare = PROMPT | Telling()
    wrapped = cache.wrap(bare, profile=PROFILE, prompt_version="1")
    paid, expected = await asked(wrapped, {"who": FIRST}, way), await asked(bare, {"who": FIRST}, way)
    assert FIRST in str(expected.response_metadata)
    assert paid.response_metadata == expected.response_metadata
    hit = await asked(wrapped, {"who": SECOND}, way)
    assert (hit.content, hit.response_metadata["langcache"]["outcome"]) == ("hi", "hit")
    assert FIRST.encode() not in at_rest(cache)


@ways
async def test_a_model_says_what_the_bare_one_says(cache: Cache, way: str) -> None:
    """The message and what LangChain merges into it from around."""
    wrapped = cache.wrap(Telling(), profile=PROFILE)
    with cache.user({"who": FIRST}):
        paid = await asked(wrapped, f"Greet {FIRST}.", way)
    assert paid.response_metadata == (await asked(Telling(), f"Greet {FIRST}.", way)).response_metadata


@pytest.mark.parametrize("door", ["chain", "model"])
@ways
async def test_a_listener_is_told_no_placeholder(cache: Cache, door: str, way: str) -> None:
    page = Page()
    if door == "chain":
        wrapped = cache.wrap(PROMPT | Telling(), profile=PROFILE, prompt_version="1")
        await asked(wrapped, {"who": FIRST}, way, {"callbacks": [page]})
    else:
        with cache.user({"who": FIRST}):
            await asked(cache.wrap(Telling(), profile=PROFILE), f"Greet {FIRST}.", way, {"callbacks": [page]})
    assert FIRST in str(page.told)
    assert "[who]" not in str(page.told)


@ways
async def test_what_cannot_be_read_there_stays_as_it_is(cache: Cache, way: str) -> None:
    """It is no part of the answer: no reason for another call, or not to store."""
    thing = object()
    calls: list[str] = []

    def answer(given: Any) -> AIMessage:
        calls.append("")
        said = {"tokens": ["[", "who", "]"], "thing": thing, "of": f"{given['who']}", "dates": {1: thing}}
        said["itself"] = said
        return AIMessage("hi", response_metadata=said)

    wrapped = cache.wrap(RunnableLambda(answer), profile=PROFILE, prompt_version="1")
    paid = (await asked(wrapped, {"who": FIRST}, way)).response_metadata
    assert (paid["tokens"], paid["thing"], paid["of"]) == (["[", "who", "]"], thing, FIRST)
    assert paid["dates"] == {1: thing}
    await asked(wrapped, {"who": SECOND}, way)
    assert len(calls) == 1


@ways
async def test_the_answer_token_by_token_stays_as_it_is(cache: Cache, way: str) -> None:
    """It would be half the work of a miss, and no placeholder in it is whole. The rest is as it was, nothing added."""
    tokens = {"content": [{"token": "[who]", "logprob": -0.1}]}
    chain = RunnableLambda(lambda given: AIMessage("hi", response_metadata={"logprobs": tokens, "model_name": "m"}))
    paid = await asked(cache.wrap(chain, profile=PROFILE, prompt_version="1"), {"who": FIRST}, way)
    assert paid.response_metadata == {"logprobs": tokens, "model_name": "m"}
