"""Many users of few kinds behind the drop-in door: the calls saved, no wrong answer, nothing at rest."""

import os
import random
from pathlib import Path
from typing import Any

import pytest
from langchain_core.prompts import ChatPromptTemplate
from support.models import CountingModel

from langcache import Cache, Feature, Profile, Slot

USERS, KINDS = 10_000 if os.environ.get("LANGCACHE_SOAK") else 500, 100
PROFILE = Profile.of(
    features={"field": Feature(), "gpa": Feature(buckets=[n / 10 for n in range(1, 10)])},
    slots={"company": Slot(), "cities": Slot(label="city")},
)
PROMPT = ChatPromptTemplate.from_messages(
    [("system", "You plan."), ("human", "{field}|{gpa}|{company}|{cities}|{question}")]
)


def name(rng: random.Random, number: int) -> str:
    """A made-up name no other user has."""
    return "".join(rng.choice("bcdfgklmnprtvz") + rng.choice("aeiou") for _ in range(3)).title() + f"{number:05d}"


def users() -> list[dict[str, Any]]:
    rng = random.Random(7)
    return [
        {
            "field": rng.choice([str.upper, str.lower, str.title])(f" field{n % 10} "),
            "gpa": n // 10 % 10 / 10 + rng.randrange(100) / 1000,
            "company": name(rng, n),
            "cities": [name(rng, n + USERS * k) for k in range(1, rng.choice([3, 4]))],
            "question": "",
        }
        for n in range(USERS)
    ]


def say(messages: Any) -> str:
    _, _, company, _, question = str(messages[-1].content).split("|")
    return f"Take {company} further. {question}"


@pytest.mark.soak
def test_many_users_of_100_kinds_cost_100_calls(tmp_path: Path) -> None:
    """Provider calls ≤ 1.02 x kinds; hit rate at its limit; 0 wrong; 0 slot values in any byte of the store."""
    asked = users()
    for user in asked:
        user["question"] = f"Where does {user['company']} stand?"
    with Cache(f"sqlite:///{tmp_path / 'many.db'}") as cache:
        model = CountingModel(say=say, cache=cache.llm_cache(name="many", profile=PROFILE))
        answers = [(PROMPT | model).invoke(user).content for user in asked]
        rate = cache.stats().hit_rate
    assert answers == [f"Take {u['company']} further. Where does {u['company']} stand?" for u in asked]
    assert model.calls <= 1.02 * KINDS
    assert abs(rate - (1 - KINDS / USERS)) <= 0.001
    at_rest = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    personal = [value for user in asked for value in (user["company"], *user["cities"])]
    assert [value for value in personal if value.encode() in at_rest] == []
