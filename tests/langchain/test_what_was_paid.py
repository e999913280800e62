"""What a request's event says it cost: every provider call that was paid, and none twice."""

from decimal import Decimal
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable

from langcache import Cache, Profile
from langcache.core.events import Event
from support.models import CountingModel, usage

CALL = Decimal("0.05")
"""What one call of a model in `support` costs: 10 tokens given at a dollar per 1,000, 20 made at two."""

PRICES = {"fake-1": {"input": 1, "output": 2}}
PROMPT = ChatPromptTemplate.from_template("Greet {name}.")
PEOPLE = Profile.of(slots=["name"])

halves = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


def paid(text: str = "Hello.") -> AIMessage:
    return AIMessage(text, usage_metadata=usage(10, 20), response_metadata={"model_name": "fake-1"})


def wrapped(chain: Runnable[Any, Any]) -> Any:
    return Cache("memory://", prices=PRICES).wrap(chain, profile=PEOPLE, name="greeter", prompt_version="1")


async def ask(chain: Any, name: str, *, is_async: bool) -> list[Event]:
    """The events of one request."""
    with chain.chain.cache.capture() as events:
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
