"""What a request's event says it cost: every provider call that was paid, and none twice."""

import asyncio
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from langchain_core.language_models import BaseLLM
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult, Generation, LLMResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableLambda
from support.models import CountingModel, usage
from support.streaming import StreamingModel

from langcache import Cache, Profile, RetryPolicy
from langcache.core.events import Event, Usage
from langcache.langchain.observe import usage_of

CALL = Decimal("0.05")
"""What one call of a model in `support` costs: 10 tokens given at a dollar per 1,000, 20 made at two."""

PRICES = {"fake-1": {"input": 1, "output": 2}}
PROMPT = ChatPromptTemplate.from_template("Greet {name}.")
PEOPLE = Profile.of(slots=["name"])

halves = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
modes = pytest.mark.parametrize("mode", ["mask", "abstract"])


class Overloaded(Exception):
    """Worth another try."""

    status_code = 503


def paid(text: str = "Hello.") -> AIMessage:
    return AIMessage(text, usage_metadata=usage(10, 20), response_metadata={"model_name": "fake-1"})


def wrapped(chain: Runnable[Any, Any], mode: Any = "mask") -> Any:
    return Cache("memory://", prices=PRICES, retry=RetryPolicy(initial_s=0)).wrap(
        chain, profile=PEOPLE, name="greeter", prompt_version="1", mode=mode
    )


async def ask(chain: Any, name: str, *, is_async: bool) -> list[Event]:
    """The events of one request, which may fail."""
    with chain.chain.cache.capture() as events, suppress(ValueError):
        await chain.ainvoke({"name": name}) if is_async else chain.invoke({"name": name})
    return events


class TwoAnswers(CountingModel):
    """As OpenAI with ``n=2``: each choice is given the usage of the whole call."""

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=paid()), ChatGeneration(message=paid())])


@halves
async def test_a_call_with_two_answers_is_one_call(is_async: bool) -> None:
    """It was counted twice, and so was what its hits saved."""
    chain = wrapped(PROMPT | TwoAnswers())
    (miss,), (hit,) = [await ask(chain, name, is_async=is_async) for name in ("Ann", "Bob")]
    assert [(miss.outcome, miss.cost_usd), (hit.outcome, hit.saved_usd)] == [("miss", CALL), ("hit", CALL)]


class Completion(BaseLLM):
    """As OpenAI's completion models and the community's chat models: usage is in ``llm_output``, as it was told."""

    @property
    def _llm_type(self) -> str:
        return "completion"

    def _generate(self, prompts: Any, stop: Any = None, run_manager: Any = None, **_: Any) -> LLMResult:
        used = {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}
        generation = Generation(text="Hello.", generation_info={"finish_reason": "stop"})
        return LLMResult(generations=[[generation]], llm_output={"token_usage": used, "model_name": "fake-1"})


@halves
async def test_usage_in_the_provider_s_own_words_is_usage(is_async: bool) -> None:
    """The model's price was known, and its tokens were told: the call was unpriced, and its hits saved nothing."""
    chain = wrapped(PROMPT | Completion())
    (miss,), (hit,) = [await ask(chain, name, is_async=is_async) for name in ("Ann", "Bob")]
    assert [(miss.input_tokens, miss.cost_usd), (hit.outcome, hit.saved_usd)] == [(10, CALL), ("hit", CALL)]


@pytest.mark.parametrize("usage", [{"prompt_tokens": 10, "completion_tokens": 20}, usage(10, 20)])
def test_so_is_what_a_message_s_metadata_says(usage: Any) -> None:
    """A message's own usage comes first; a figure that is none counts as nothing."""
    said = {"model_name": "fake-1", "token_usage": usage}
    assert usage_of(AIMessage("Hello.", response_metadata=said), None) == Usage("fake-1", 10, 20)
    assert usage_of(AIMessage("Hello.", response_metadata=said, usage_metadata=paid().usage_metadata), None) == (
        Usage("fake-1", 10, 20)
    )
    assert usage_of(AIMessage("Hello.", response_metadata={"token_usage": {"prompt_tokens": None}}), None) == (
        Usage(None, 0, 0)
    )


def unreadable(_: Any) -> Any:
    raise ValueError("no JSON")


@halves
@modes
async def test_a_run_that_fails_after_its_call_was_paid_costs_what_it_did(mode: str, is_async: bool) -> None:
    """A parser that cannot read the answer; masked, the second run on real values is paid as well."""
    chain = wrapped(PROMPT | CountingModel(say=lambda _: paid()) | RunnableLambda(unreadable), mode)
    (event,) = await ask(chain, "Ann", is_async=is_async)
    runs = 2 if mode == "mask" else 1
    assert (event.attempts, event.cost_usd, event.input_tokens) == (runs, runs * CALL, runs * 10)
    stats = chain.chain.cache.stats(days=1)
    assert (stats.cost_usd, stats.unpriced, stats.by_model["fake-1"].requests) == (runs * CALL, 0, 1)


@halves
@modes
async def test_an_attempt_that_was_paid_and_repeated_costs_and_saves_nothing(mode: str, is_async: bool) -> None:
    """The second model failed once: the first one's call was paid in vain, which no hit ever saves."""
    answers = [Overloaded(), paid(), paid()]
    first, second = CountingModel(say=lambda _: paid()), CountingModel(say=lambda _: answers.pop(0))
    chain = wrapped(PROMPT | first | RunnableLambda(lambda said: [said]) | second, mode)
    (miss,), (hit,) = [await ask(chain, name, is_async=is_async) for name in ("Ann", "Bob")]
    assert (first.calls, second.calls) == (2, 2)
    assert [(miss.outcome, miss.cost_usd), (hit.outcome, hit.saved_usd)] == [("miss", 3 * CALL), ("hit", 2 * CALL)]


@halves
@modes
async def test_what_a_stream_that_was_broken_off_cost_is_unknown_and_not_nothing(mode: str, is_async: bool) -> None:
    """The provider bills what it had said by then, and never says how much that was."""
    chain = wrapped(PROMPT | StreamingModel(chunks=["Hello ", "[name]", ", well."]), mode)
    with chain.chain.cache.capture() as events:
        if is_async:
            achunks = chain.astream({"name": "Ann"})
            await anext(achunks)
            await achunks.aclose()
        else:
            chunks = chain.stream({"name": "Ann"})
            next(chunks)
            chunks.close()
    assert [(event.reason, event.cost_usd) for event in events] == [("abandoned", None)]
    stats = chain.chain.cache.stats(days=1)
    assert (stats.requests, stats.cost_usd, stats.unpriced) == (1, 0, 1)


async def test_what_a_cancelled_call_cost_is_unknown() -> None:
    """As of a request whose user went away."""
    under_way = asyncio.Event()

    async def slow(_: Any) -> Any:
        under_way.set()
        await asyncio.sleep(60)

    chain = wrapped(PROMPT | RunnableLambda(slow))
    with chain.chain.cache.capture() as events:
        asking = asyncio.create_task(chain.ainvoke({"name": "Ann"}))
        await under_way.wait()
        asking.cancel()
        await asyncio.wait([asking])
    assert [(event.reason, event.cost_usd) for event in events] == [("abandoned", None)]


def test_a_hit_whose_stream_is_left_costs_nothing() -> None:
    """Nobody was called."""
    chain = wrapped(PROMPT | StreamingModel(chunks=["Hello ", "[name]", ", well."]))
    chain.invoke({"name": "Ann"})
    with chain.chain.cache.capture() as events:
        chunks = chain.stream({"name": "Bob"})
        next(chunks)
        chunks.close()
    assert [(event.outcome, event.cost_usd) for event in events] == [("hit", 0)]


@halves
@modes
async def test_a_call_inside_two_wrapped_chains_is_booked_once_and_spared_by_hits_of_either(
    mode: Any, is_async: bool
) -> None:
    """One call, two misses: what was spent and what was saved are what all requests would have cost without a cache."""
    cache = Cache("memory://", prices=PRICES)
    options: Any = {"profile": PEOPLE, "prompt_version": "1", "mode": mode}
    inner = cache.wrap(PROMPT | CountingModel(say=lambda _: paid()), name="inner", **options)
    outer = cache.wrap(inner | RunnableLambda(lambda said: said), name="outer", **options)
    events = [event for name in ("Ann", "Bob") for event in await ask(outer, name, is_async=is_async)]
    events += await ask(inner, "Cyd", is_async=is_async)
    assert [(event.chain, event.outcome, event.cost_usd, event.saved_usd) for event in events] == [
        ("inner", "miss", CALL, 0),
        ("outer", "miss", 0, 0),
        ("outer", "hit", 0, CALL),
        ("inner", "hit", 0, CALL),
    ]
    stats = cache.stats(days=1)
    assert (stats.cost_usd, stats.saved_usd, stats.input_tokens) == (CALL, 2 * CALL, 10)


async def test_a_call_inside_a_chain_of_another_account_is_on_both() -> None:
    """Each account is whole by itself."""
    cache = Cache("memory://", prices=PRICES)
    options: Any = {"profile": PEOPLE, "prompt_version": "1"}
    model = CountingModel(say=lambda _: paid())
    inner = cache.namespaced("shared").wrap(PROMPT | model, name="inner", **options)
    outer = cache.wrap(inner | RunnableLambda(lambda said: said), name="outer", **options)
    outer.invoke({"name": "Ann"})
    assert [each.stats(days=1).cost_usd for each in (cache, cache.namespaced("shared"))] == [CALL, CALL]
