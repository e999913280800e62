"""Two providers behind one chain: whose answer is whose, with the real SDKs over HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ModelFallbackMiddleware
from langchain_anthropic import ChatAnthropic
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import Runnable
from langchain_openai import ChatOpenAI
from support.chains import PROMPT, Applicant, founder

from langcache import Cache, CacheMiddleware, RetryPolicy
from langcache.errors import DeclarationError
from langcache.testing import FakeClock, Fault, Provider

DOWN = Fault(status=500)
FIRST, SECOND = "First: [startup name].", "Second: [startup name]."


@dataclass
class Two:
    """A first choice at one provider, a second at another, and a cache."""

    first: Provider
    second: Provider
    cache: Cache

    @property
    def openai(self) -> Any:
        return ChatOpenAI(base_url=self.first.openai_url, api_key="test", model="gpt-4o-mini", max_retries=0)

    @property
    def anthropic(self) -> Any:
        return ChatAnthropic(
            base_url=self.second.anthropic_url, api_key="test", model="claude-haiku-4-5", max_retries=0
        )

    @property
    def calls(self) -> tuple[int, int]:
        return self.first.calls, self.second.calls

    def wrap(self, chain: Runnable[Any, Any], name: str = "plan", **more: Any) -> Any:
        return self.cache.wrap(PROMPT | chain | StrOutputParser(), profile=Applicant, name=name, **more)

    def both(self, **more: Any) -> Any:
        return self.wrap(self.openai.with_fallbacks([self.anthropic]), **more)


@pytest.fixture
def two() -> Iterator[Two]:
    cache = Cache("memory://", clock=FakeClock(), retry=RetryPolicy(attempts=1))
    with Provider(reply=FIRST) as first, Provider(reply=SECOND) as second, cache:
        yield Two(first, second, cache)


async def asked(chain: Any, how: str, name: str) -> str:
    user = founder(startup_name=name)
    if how == "stream":
        return "".join([chunk async for chunk in chain.astream(user)])
    return str(await chain.ainvoke(user) if how == "async" else chain.invoke(user))


hows = pytest.mark.parametrize("how", ["sync", "async", "stream"])


@hows
async def test_a_fallbacks_answer_is_not_served_as_the_first_choices(two: Two, how: str) -> None:
    """Unless declared: it is for its own request; as soon as the first choice is back, so are its answers."""
    two.first.fail(DOWN)
    chain = two.both()
    with two.cache.capture() as events:
        answers = [await asked(chain, how, name) for name in ("Ada", "Bob", "Cid")]
    assert answers == ["Second: Ada.", "First: Bob.", "First: Cid."]
    assert two.calls == (2, 1)
    assert [event.outcome for event in events] == ["refused", "miss", "hit"]
    assert events[0].reason == "answered by a fallback"


@hows
async def test_together_whoever_answers_it_is_one_entry(two: Two, how: str) -> None:
    """As declared; the entry says whose answer it is, and what it saved."""
    two.first.fail(DOWN)
    chain = two.both(fallbacks="together")
    with two.cache.capture() as events:
        answers = [await asked(chain, how, name) for name in ("Ada", "Bob")]
    assert answers == ["Second: Ada.", "Second: Bob."]
    assert two.calls == (1, 1)
    assert events[1].model == "claude-haiku-4-5"


async def test_the_declaration_is_part_of_the_key(two: Two) -> None:
    """What was stored together is not served where they are apart."""
    two.first.fail(DOWN)
    await asked(two.both(fallbacks="together"), "sync", "Ada")
    assert await asked(two.both(), "sync", "Bob") == "First: Bob."


@hows
async def test_each_wrapped_by_itself_is_cached_apart(two: Two, how: str) -> None:
    """Both answers are kept, each under its own model, and each is served where its turn comes."""
    chain = two.wrap(two.openai).with_fallbacks([two.wrap(two.anthropic)])
    two.first.fail(DOWN, DOWN)
    answers = [await asked(chain, how, name) for name in ("Ada", "Bob", "Cid", "Dan")]
    assert answers == ["Second: Ada.", "Second: Bob.", "First: Cid.", "First: Dan."]
    assert two.calls == (3, 1)


async def test_a_fallback_that_was_not_needed_changes_nothing(two: Two) -> None:
    """The first choice's answer is stored."""
    assert [await asked(two.both(), "sync", name) for name in ("Ada", "Bob")] == ["First: Ada.", "First: Bob."]
    assert two.calls == (1, 0)


async def test_an_agents_fallback_model_has_its_own_key(two: Two) -> None:
    """The model is part of the key, so `CacheMiddleware` stands inside, after the middleware that exchanges it."""
    two.first.fail(DOWN, DOWN)
    middleware = [ModelFallbackMiddleware(two.anthropic), CacheMiddleware(two.cache, profile=Applicant, name="agent")]
    agent: Any = create_agent(two.openai, [], middleware=middleware)
    said = [agent.invoke({"messages": [("human", "Hi")]})["messages"][-1].content for _ in range(4)]
    assert [text.partition(":")[0] for text in said] == ["Second", "Second", "First", "First"]
    assert two.calls == (3, 1)


def test_another_declaration_is_an_error(two: Two) -> None:
    """Said when the chain is wrapped."""
    with pytest.raises(DeclarationError, match="fallbacks"):
        two.both(fallbacks="both")
