"""A little traffic through a real cache, with figures to compare metrics with."""

from decimal import Decimal
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.output_parsers import StrOutputParser
from support.chains import PROMPT, SAY, Applicant, founder
from support.models import CountingModel

from langcache import Cache
from langcache.errors import StoreError
from langcache.testing import FakeClock

PRICES = {"fake-1": {"input": 0.5, "output": 1.0}}
CALL_USD = Decimal("0.025")
"""10 tokens in, 20 out, in USD per 1,000."""
CALL_S = 2.0
DAY_S = 86_400.0


def answer(text: str = SAY) -> AIMessage:
    """What the model says, with 4 of its 10 input tokens read from the provider's prompt cache."""
    used: Any = {
        "input_tokens": 10,
        "output_tokens": 20,
        "total_tokens": 30,
        "input_token_details": {"cache_read": 4, "cache_creation": 3},
    }
    return AIMessage(text, usage_metadata=used, response_metadata={"model_name": "fake-1"})


class Traffic:
    """A cache, a chain and a clock that says what a call takes."""

    def __init__(self, name: str = "plan", say: Any = None) -> None:
        self.clock = FakeClock()
        self.cache = Cache("memory://", clock=self.clock, prices=PRICES, ttl=DAY_S)
        self.say = say or answer
        self.model = CountingModel(say=self._say)
        self.chain = self.wrapped(name)

    def wrapped(self, name: str, **settings: Any) -> Any:
        """The chain under another name."""
        chain = PROMPT | self.model | StrOutputParser()
        return self.cache.wrap(chain, profile=Applicant, name=name, prompt_version="v1", **settings)

    def _say(self, _: Any) -> Any:
        self.clock.advance(CALL_S)
        return self.say()

    def run(self, **config: Any) -> Any:
        """One request."""
        return self.chain.invoke(founder(), config or None)

    async def arun(self, **config: Any) -> Any:
        """One request, awaited."""
        return await self.chain.ainvoke(founder(), config or None)

    def break_store(self) -> None:
        """From now on, the store fails."""

        def fail(*_: Any, **__: Any) -> Any:
            raise StoreError("down")

        self.cache.store.get = fail  # type: ignore[method-assign]
