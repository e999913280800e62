"""Law 8 over HTTP: attempts do not multiply, wherever a model that retries by itself stands; or its user is told."""

from collections.abc import Callable
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_anthropic import ChatAnthropic
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import ConfigurableField, RouterRunnable, RunnableLambda, RunnablePassthrough
from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, StateGraph
from support.chains import PROMPT, SAY, Applicant, founder

from langcache import Cache, CacheMiddleware, RetryPolicy
from langcache.testing import FakeClock, Fault, Provider

Build = Callable[[Cache, Any], Any]
ATTEMPTS, OWN = 2, 3
FAILING = [Fault(status=500, headers={"retry-after-ms": "1"})] * 30


def openai(provider: Provider, retries: int = OWN) -> Any:
    return ChatOpenAI(base_url=provider.openai_url, api_key="test", model="gpt-4o-mini", max_retries=retries)


def anthropic(provider: Provider) -> Any:
    return ChatAnthropic(base_url=provider.anthropic_url, api_key="test", model="claude-haiku-4-5", max_retries=OWN)


def wrapped(cache: Cache, chain: Any, name: str = "plan") -> Any:
    return cache.wrap(chain, profile=Applicant, name=name, prompt_version="1")


def agent(cache: Cache, model: Any) -> Any:
    made = create_agent(model, [], middleware=[CacheMiddleware(cache, profile=Applicant, name="plan")])
    return RunnableLambda(
        lambda _: made.invoke({"messages": [("human", "Hi")]}),
        afunc=lambda _: made.ainvoke({"messages": [("human", "Hi")]}),
    )


QUIET: dict[str, Build] = {
    "chain": lambda cache, model: wrapped(cache, PROMPT | model | StrOutputParser()),
    "bound": lambda cache, model: wrapped(cache, PROMPT | model.bind(stop=["x"])),
    "with_retry": lambda cache, model: wrapped(cache, PROMPT | model.with_retry()),
    "configurable": lambda cache, model: wrapped(
        cache, PROMPT | model.configurable_fields(temperature=ConfigurableField(id="t"))
    ),
    "alternatives": lambda cache, model: wrapped(
        cache, PROMPT | model.configurable_alternatives(ConfigurableField(id="which"), other=lambda: model)
    ),
    "another alternative": lambda cache, model: wrapped(
        cache, PROMPT | model.configurable_alternatives(ConfigurableField(id="which"), other=lambda: model)
    ).with_config(configurable={"which": "other"}),
    "alternative chains": lambda cache, model: wrapped(
        cache, (PROMPT | model).configurable_alternatives(ConfigurableField(id="which"), other=lambda: PROMPT | model)
    ).with_config(configurable={"which": "other"}),
    "router": lambda cache, model: wrapped(
        cache, {"key": lambda _: "plan", "input": RunnablePassthrough()} | RouterRunnable({"plan": PROMPT | model})
    ),
    "wrapped model": lambda cache, model: PROMPT | wrapped(cache, model),
    "wrapped model in a wrapped chain": lambda cache, model: wrapped(cache, PROMPT | wrapped(cache, model), "outer"),
    "wrapped chain in a wrapped chain": lambda cache, model: wrapped(cache, wrapped(cache, PROMPT | model), "outer"),
    "agent": agent,
}


def graph(model: Any) -> Any:
    made: Any = StateGraph(dict)
    made.add_node("plan", PROMPT | model | (lambda message: {"plan": message.content}))
    made.add_edge(START, "plan")
    made.add_edge("plan", END)
    return made.compile()


OUT_OF_REACH: dict[str, Build] = {
    "function": lambda cache, model: wrapped(cache, RunnableLambda(lambda user: (PROMPT | model).invoke(user))),
    "graph": lambda cache, model: wrapped(cache, graph(model)),
}


async def failed_calls(build: Build, make: Any, how: str) -> int:
    """HTTP calls that one request makes while the provider is down."""
    with Provider(reply=SAY, faults=FAILING) as provider:
        with Cache("memory://", clock=FakeClock(), retry=RetryPolicy(attempts=ATTEMPTS)) as cache:
            asked = build(cache, make(provider))
            with pytest.raises(Exception, match=r"500|overloaded|error"):
                asked.invoke(founder()) if how == "sync" else await asked.ainvoke(founder())
        return provider.calls


@pytest.mark.parametrize("build", QUIET.values(), ids=QUIET)
@pytest.mark.parametrize("make", [openai, anthropic])
@pytest.mark.parametrize("how", ["sync", "async"])
async def test_what_our_policy_says_is_what_happens(
    build: Build, make: Any, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not more for a ``max_retries`` of the model's own, and there is nothing to warn of."""
    assert await failed_calls(build, make, how) == ATTEMPTS
    assert "max_retries" not in caplog.text


@pytest.mark.parametrize("build", OUT_OF_REACH.values(), ids=OUT_OF_REACH)
@pytest.mark.parametrize("make", [openai, anthropic])
async def test_a_clash_out_of_reach_is_reported_with_the_fix(
    build: Build, make: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A model inside a function or a graph cannot be exchanged; the warning counts right and says what to do."""
    calls = await failed_calls(build, make, "sync")
    assert calls == ATTEMPTS * (1 + OWN)
    (warning,) = (record.getMessage() for record in caplog.records if "max_retries" in record.getMessage())
    assert f"made {calls} times" in warning
    assert "build the model with max_retries=0" in warning


@pytest.mark.parametrize("build", OUT_OF_REACH.values(), ids=OUT_OF_REACH)
def test_no_clash_no_warning(build: Build, caplog: pytest.LogCaptureFixture) -> None:
    """Where one of the two layers is off."""
    with Provider() as provider, Cache("memory://") as cache:
        build(cache, openai(provider, retries=0))
        with Cache("memory://", retry=RetryPolicy(attempts=1)) as single:
            build(single, openai(provider))
    assert "max_retries" not in caplog.text
