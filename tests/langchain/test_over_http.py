"""Door 1 with the real SDKs over real HTTP, against the provider stand-in."""

import json
from typing import Any

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI
from pydantic import BaseModel
from support.chains import PROMPT, SAY, Applicant, founder

from langcache import Cache, Profile, RetryPolicy
from langcache.testing import FakeClock, Fault, Provider, Reply


def openai(provider: Provider, **more: Any) -> Any:
    return ChatOpenAI(base_url=provider.openai_url, api_key="test", model="gpt-4o-mini", **more)


def anthropic(provider: Provider, **more: Any) -> Any:
    return ChatAnthropic(base_url=provider.anthropic_url, api_key="test", model="claude-haiku-4-5", **more)


@pytest.mark.parametrize("make", [openai, anthropic])
@pytest.mark.parametrize("how", ["sync", "async"])
async def test_the_bodies_of_one_kind_are_byte_identical(make: Any, how: str) -> None:
    """Law 2, masked: whoever asks, the same bytes leave; here without a cache between, by ``no-cache``."""
    with Provider(reply=SAY) as provider:
        cache = Cache("memory://")
        wrapped = cache.wrap(PROMPT | make(provider) | StrOutputParser(), profile=Applicant)
        users = [
            founder(gpa=3.1, users=5, question="Is PathAI at MIT?"),
            founder(
                background="CEO", gpa=3.4, startup_name="Zed", universities=["Yale", "X1"], question="Is Zed at Yale?"
            ),
            {
                "question": "Is Q2 Labs at Rice?",
                **founder(startup_name="Q2 Labs", universities=["Rice", "B", "C"], gpa=3.0),
            },
        ]
        for user in users:
            with cache.directives("no-cache"):
                answer = wrapped.invoke(user) if how == "sync" else await wrapped.ainvoke(user)
                assert user["startup_name"] in answer
    assert provider.calls == 3
    assert len({request.body for request in provider.requests}) == 1


class Plan(BaseModel):
    """A plan."""

    title: str
    steps: list[str]


@pytest.mark.parametrize("make", [openai, anthropic])
@pytest.mark.parametrize("method", ["function_calling", "json_schema"])
def test_structured_output_is_filled_and_validated(make: Any, method: str) -> None:
    """The pydantic answer of a hit holds the reader's details."""
    reply = json.dumps({"title": "Pitch [startup name]", "steps": ["Visit [university name]"]})
    with Provider(reply=reply) as provider:
        cache = Cache("memory://")
        structured = make(provider).with_structured_output(Plan, method=method)
        wrapped = cache.wrap(PROMPT | structured, profile=Applicant, prompt_version="1")
        answers = [wrapped.invoke(founder(startup_name=name)) for name in ("PathAI", "Zed")]
    assert answers == [Plan(title=f"Pitch {n}", steps=["Visit MIT and CMU"]) for n in ("PathAI", "Zed")]
    assert provider.calls == 1


@pytest.mark.parametrize("make", [openai, anthropic])
@pytest.mark.parametrize("how", ["sync", "async"])
async def test_one_retry_layer(make: Any, how: str) -> None:
    """The SDK's own retries are off inside a wrapped chain: what our policy says is what happens."""
    faults = [Fault(status=429, headers={"retry-after": "1"}), Fault(status=503)]
    with Provider(reply=SAY, faults=faults) as provider:
        clock = FakeClock()
        cache = Cache("memory://", clock=clock)
        wrapped = cache.wrap(PROMPT | make(provider, max_retries=2) | StrOutputParser(), profile=Applicant)
        with cache.capture() as events:
            answer = wrapped.invoke(founder()) if how == "sync" else await wrapped.ainvoke(founder())
    assert (answer, provider.calls) == ("Pitch PathAI to MIT and CMU.", 3)
    assert (events[0].outcome, events[0].attempts) == ("miss", 3)


@pytest.mark.parametrize("make", [openai, anthropic])
def test_a_chains_own_with_retry_does_not_multiply(make: Any) -> None:
    """``.with_retry()`` leaves passing trouble to our layer."""
    with Provider(reply=SAY, faults=[Fault(status=500)] * 20) as provider:
        cache = Cache("memory://", clock=FakeClock(), retry=RetryPolicy(attempts=2))
        wrapped = cache.wrap(PROMPT | make(provider).with_retry() | StrOutputParser(), profile=Applicant)
        with pytest.raises(Exception, match=r"500|Internal|error"):
            wrapped.invoke(founder())
    assert provider.calls == 2


def test_cost_and_saving_are_those_of_the_model_that_answered() -> None:
    """A miss costs, a hit saves the same; an unknown model is unknown, never free."""
    with Provider(reply=Reply(text=SAY, input_tokens=1_000, output_tokens=1_000)) as provider:
        cache = Cache("memory://", prices={"own": {"input": "0.03", "output": "0.06"}})
        for model, cost in (("gpt-4o-mini", "0.00075"), ("own", "0.09"), ("nonesuch", None)):
            chain = PROMPT | openai(provider).model_copy(update={"model_name": model}) | StrOutputParser()
            wrapped = cache.wrap(chain, profile=Applicant, name=model)
            with cache.capture() as events:
                wrapped.invoke(founder())
                wrapped.invoke(founder(startup_name="Zed"))
            miss, hit = events
            shown = [None if money is None else str(money.normalize()) for money in (miss.cost_usd, hit.saved_usd)]
            assert shown == [cost, cost]
            assert (miss.saved_usd, hit.cost_usd) == (0, 0)
            assert (hit.input_tokens, miss.input_tokens, hit.model) == (0, 1_000, model)


def test_two_model_calls_in_one_chain_are_one_entry_with_both_costs() -> None:
    """A wrapped chain is one answer, however many calls it took."""
    with Provider(reply=SAY) as provider:
        cache = Cache("memory://")
        first = PROMPT | openai(provider) | StrOutputParser() | (lambda text: {"draft": text})
        second = ChatPromptTemplate.from_messages([("human", "Improve: {draft}")]) | anthropic(provider)
        wrapped = cache.wrap(first | second | StrOutputParser(), profile=Applicant, prompt_version="1")
        with cache.capture() as events:
            wrapped.invoke(founder())
            assert wrapped.invoke(founder(startup_name="Zed")) == "Pitch Zed to MIT and CMU."
    assert (provider.calls, cache.stats().entries) == (2, 1)
    assert events[1].saved_usd == events[0].cost_usd


def test_profile_slots_are_never_at_rest(tmp_path: Any) -> None:
    """No byte of the store holds a slot value, whole requests, answers and failures through."""
    url = f"sqlite:///{tmp_path / 'x.db'}"
    with Provider(reply=SAY) as provider, Cache(url) as cache:
        wrapped = cache.wrap(PROMPT | openai(provider) | StrOutputParser(), profile=Applicant)
        odd = Profile.of(features=["startup_name"], slots=["founder"])
        also = cache.wrap(PROMPT | openai(provider), profile=odd, name="odd", prompt_version="1")
        wrapped.invoke(founder(startup_name="Quixotic Zebra"))
        also.invoke({**founder(startup_name="Quixotic Zebra"), "founder": "Quixotic Zebra"})
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert cache.engine.store.counts["store errors"] == 0
    assert b"ixotic" not in stored
