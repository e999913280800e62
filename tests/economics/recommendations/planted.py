"""Traffic with something planted in it, played through a real cache."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Annotated, Any

from langchain_core.messages import AIMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from support.models import CountingModel

from langcache import Cache, Feature, Ignore, Profile, Slot
from langcache.testing import FakeClock

__all__ = ["DAY_S", "Played", "Request", "play", "profile", "requests"]

DAY_S = 86_400.0
NOON = 1_000_036_800.0
"""Of some day, UTC."""
KINDS = ("founder", "student", "nurse", "teacher", "painter")
COLOURS = ("red", "green", "blue")
PRICES = {"fake-1": {"input": 0.5, "output": 1.0}}
PROMPT = ChatPromptTemplate.from_template("Plan for {name}: {kind}, {colour}, {gpa}.")


@dataclass(frozen=True)
class Request:
    """One user's, at a time in seconds."""

    at: float
    kind: str
    colour: str
    gpa: float
    name: str

    @property
    def inputs(self) -> dict[str, Any]:
        """As the chain takes it."""
        return {"kind": self.kind, "colour": self.colour, "gpa": self.gpa, "name": self.name}


def requests(count: int, *, days: float, seed: int = 1) -> list[Request]:
    """As people come: any time, some kinds far more often than others."""
    draw = Random(seed)
    weights = [1 / rank for rank in range(1, len(KINDS) + 1)]
    return [
        Request(
            at,
            draw.choices(KINDS, weights)[0],
            draw.choice(COLOURS),
            round(draw.uniform(2.0, 4.0), 2),
            f"User{number}",
        )
        for number, at in enumerate(sorted(draw.uniform(0, days * DAY_S) for _ in range(count)))
    ]


def profile(*, colour: Any = None, edges: Sequence[float] = (3.0, 3.5)) -> type[Profile]:
    """A declaration to compare with another."""
    mark = Feature() if colour is None else colour

    class Applicant(Profile):
        kind: Annotated[str, Feature()]
        colour: Annotated[str, mark]
        gpa: Annotated[float, Feature(buckets=edges)]
        name: Annotated[str, Slot()]

    return Applicant


IGNORED = Ignore()
Matter = Callable[[str], str]


@dataclass
class Played:
    """What became of some traffic."""

    cache: Cache
    calls: int
    cost_usd: Decimal


def play(
    traffic: Sequence[Request], declared: type[Profile], matter: Matter, *, ttl_s: float | None = None, days: float = 10
) -> Played:
    """Play *traffic* through a new cache, to the end of *days*; *matter* makes answers of prompts."""
    random.seed(1)  # entries live up to 5 % less than their lifetime, at random
    clock = FakeClock(NOON)

    def say(messages: Any) -> AIMessage:
        used: Any = {"input_tokens": 10, "output_tokens": 20, "total_tokens": 30}
        text = f"Dear [name], {matter(messages[-1].text)}"
        return AIMessage(text, usage_metadata=used, response_metadata={"model_name": "fake-1"})

    model = CountingModel(say=say)
    cache = Cache("memory://", clock=clock, prices=PRICES, ttl=ttl_s)
    chain = cache.wrap(PROMPT | model | StrOutputParser(), profile=declared, name="plan", prompt_version="v1")
    for request in traffic:
        clock.advance(NOON + request.at - clock.now())
        chain.invoke(request.inputs)
    clock.advance(NOON + days * DAY_S - clock.now())
    return Played(cache, model.calls, model.calls * Decimal("0.025"))
