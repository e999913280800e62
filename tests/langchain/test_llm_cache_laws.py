"""Laws 1 and 2 of the drop-in door, and 1 of wrapped chains, on values that collide with each other and the prompt."""

import os
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from langchain_core.prompts import ChatPromptTemplate
from support.models import CountingModel

from langcache import Cache, Feature, Ignore, Profile, Slot

SOAK = bool(os.environ.get("LANGCACHE_SOAK"))
PEOPLE = 10_000 if SOAK else 120

counted = settings(
    max_examples=5_000 if SOAK else 25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
"""Each example is several calls of a chain."""

PROFILE = Profile.of(
    features={"level": Feature(), "age": Feature(buckets=[18, 30, 65])},
    slots={"name": Slot(), "places": Slot(label="place")},
    ignore={"staff": Ignore()},
)
PROMPTS = [
    ChatPromptTemplate.from_template("Give {n} of level {level} to {name}|{age} in {places} ({staff})|{question}"),
    ChatPromptTemplate.from_template("{name} of 25 asks|{age}, {staff}, {places}|{question} Level {level}: {n} ideas"),
]
TRICKY = [
    "Ada",
    "ada",
    "Give",
    "of",
    "25",
    "3",
    "Ada of 25",
    "[name]",
    "place",
    "Quantix",
    "Oxford Labs",
    "Oxford",
    "oxford",
    "OF",
    "LEVEL",
    "é́",
    '"',
]
TAME = ["Zanquor", "Wexley", "Brumtown", "Pellucid Partners"]
names = st.sampled_from(TRICKY)
people = st.fixed_dictionaries(
    {
        "level": st.sampled_from(["junior", "senior", "ideas", "25"]),
        "age": st.sampled_from([3, 17, 25, 27, 64, 70]),
        "name": names,
        "places": st.lists(names, max_size=3),
        "staff": st.sampled_from([None, 3, 25, 200]),
        "n": st.sampled_from([3, 25, 27]),
        "question": st.one_of(names, names.map(lambda name: f"Is {name} of 25?")),
    }
)


def say(messages: Any) -> str:
    """An answer that shows what it was asked, but for the part that would be refused anyway."""
    first, _, last = messages[-1].text.split("|")
    return f"Re: {first} / {last}"


@pytest.mark.soak
@pytest.mark.parametrize("prompt", PROMPTS)
def test_many_that_collide(prompt: Any) -> None:
    """Law 1, differentially: the model repeats what it is told, so a wrong hit cannot hide; and there are hits."""
    rng = random.Random(11)
    with Cache("memory://") as cache:
        chain = prompt | CountingModel(say=say, cache=cache.llm_cache(name="laws", profile=PROFILE))
        for _ in range(PEOPLE):
            tame = rng.random() < 0.7
            name = rng.choice(TAME if tame else TRICKY)
            person = {
                "level": rng.choice(["junior", "senior"] if tame else ["junior", "ideas", "25"]),
                "age": rng.choice([19, 26, 28] if tame else [17, 25, 27]),
                "name": name,
                "places": rng.sample(TAME if tame else TRICKY, rng.choice([1, 2, 3])),
                "staff": rng.choice([111, 222] if tame else [None, 3, 25]),
                "n": rng.choice([4, 7] if tame else [3, 25, 27]),
                "question": rng.choice(["Why?", f"Is {name} good?", f"Is {name} of 25?"]),
            }
            assert chain.invoke(person).content == say(prompt.invoke(person).to_messages())
        outcomes = cache.stats().outcomes
    assert outcomes["hit"] > 20, outcomes


def dropped_in(cache: Cache, prompt: Any) -> Any:
    return prompt | CountingModel(say=say, cache=cache.llm_cache(name="laws", profile=PROFILE))


def wrapped(cache: Cache, prompt: Any) -> Any:
    return cache.wrap(prompt | CountingModel(say=say), name="laws", profile=PROFILE, mode="abstract")


@pytest.mark.soak
@pytest.mark.parametrize("door", [dropped_in, wrapped])
@pytest.mark.parametrize("prompt", PROMPTS)
@counted
@given(asked=st.lists(people, min_size=2, max_size=6))
def test_a_cached_answer_is_the_one_the_model_would_have_given(
    prompt: Any, door: Any, asked: list[dict[str, Any]]
) -> None:
    """Law 1, differentially: the model repeats what it is told, so a wrong hit cannot hide."""
    with Cache("memory://") as cache:
        chain = door(cache, prompt)
        for person in [*asked, *asked]:
            assert chain.invoke(person).content == say(prompt.invoke(person).to_messages())


@pytest.mark.soak
@pytest.mark.parametrize("prompt", PROMPTS)
@counted
@given(asked=st.lists(people, min_size=1, max_size=3))
def test_no_distinctive_value_is_at_rest(prompt: Any, asked: list[dict[str, Any]]) -> None:
    """Law 2, in every value the store holds."""
    with Cache("memory://") as cache:
        chain = prompt | CountingModel(say=say, cache=cache.llm_cache(name="laws", profile=PROFILE))
        for person in asked:
            chain.invoke({**person, "name": "Zanquor Ltd", "question": "What of Zanquor Ltd?"})
        now = cache.clock.now()
        found = [cache.store.get(cache.namespace, item.key, now=now) for item in cache.store.scan("default", now=now)]
        assert not any(b"Zanquor" in record.value for record in found if record is not None)
