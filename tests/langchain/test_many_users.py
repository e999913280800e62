"""Many users of few kinds: the calls saved, no wrong answer, no foreign value, nothing at rest."""

import random
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from support.models import CountingModel

from langcache import Cache, Feature, Profile, Slot

USERS = 10_000
KINDS = 100
FIELDS = [f"field{n}" for n in range(10)]
LEVELS = [f"level{n}" for n in range(10)]

PROFILE = Profile.of(
    features={"field": Feature(), "level": Feature()}, slots={"company": Slot(required=True), "city": Slot()}
)
PROMPT = ChatPromptTemplate.from_messages([("human", "{field}|{level}|{company}|{city}")])


def word(rng: random.Random, number: int) -> str:
    """A made-up name no other user has."""
    letters = "".join(rng.choice("bcdfgklmnprtvz") + rng.choice("aeiou") for _ in range(3))
    return f"{letters.capitalize()}{number:05d}"


def users() -> list[dict[str, str]]:
    rng = random.Random(7)
    return [
        {
            "field": rng.choice([str.upper, str.lower, str.title])(FIELDS[n % 10]),
            "level": f" {LEVELS[n // 10 % 10]}  ",
            "company": word(rng, n),
            "city": word(rng, n + USERS),
        }
        for n in range(USERS)
    ]


def say(messages: list[BaseMessage]) -> str:
    field, level, company, city = str(messages[-1].content).split("|")
    return answer(field.lower(), level.strip(), company, city)


def answer(field: str, level: str, company: str, city: str) -> str:
    return f"For {field} at {level}: take {company} to {city}, then {company} home."


@pytest.mark.soak
@pytest.mark.parametrize("mode", ["mask", "abstract"])
def test_10_000_users_of_100_kinds_cost_100_calls(mode: Any, tmp_path: Path) -> None:
    """Provider calls ≤ 1.02 x kinds; hit rate at its limit; 0 wrong; 0 foreign; 0 slot values at rest."""
    asked = users()
    model = CountingModel(say=say)
    with Cache(f"sqlite:///{tmp_path / 'many.db'}") as cache:
        wrapped = cache.wrap(PROMPT | model | StrOutputParser(), profile=PROFILE, name="many", mode=mode)
        answers = [wrapped.invoke(user) for user in asked]
        stats = cache.stats()
    assert model.calls <= 1.02 * KINDS
    assert abs(stats.hit_rate - (1 - KINDS / USERS)) <= 0.001
    expected = [answer(u["field"].lower(), u["level"].strip(), u["company"], u["city"]) for u in asked]
    assert answers == expected
    at_rest = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    leaked = [v for u in asked for v in (u["company"], u["city"]) if v.encode() in at_rest]
    assert leaked == []
