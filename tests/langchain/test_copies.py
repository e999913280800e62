"""A copied chain is a chain of its own on the same cache, as with every other client that holds connections."""

import copy
import pickle
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_core.prompts import ChatPromptTemplate

from langcache import Cache, Profile
from langcache.langchain import model as model_door
from langcache.langchain.watch import Watched

PEOPLE = Profile.of(features=["field"], slots=["name"])
PROMPT = ChatPromptTemplate.from_template("Greet {name}, who does {field}.")


def asked(chain: Any, cache: Cache, **user: str) -> tuple[str, str]:
    with cache.capture() as events:
        answer = chain.invoke(user)
    return getattr(answer, "content", answer), events[-1].outcome


@pytest.fixture
def cache() -> Cache:
    return Cache("memory://")


def test_a_deep_copy_of_a_chain_reads_what_the_chain_stored(cache: Cache) -> None:
    chain = cache.wrap(PROMPT | FakeListChatModel(responses=["Dear [name]"]), profile=PEOPLE)
    assert asked(chain, cache, name="Ana", field="law") == ("Dear Ana", "miss")
    assert asked(copy.deepcopy(chain), cache, name="Bo", field="law") == ("Dear Bo", "hit")


def test_an_edit_of_the_copy_is_not_one_of_the_original(cache: Cache) -> None:
    model = FakeListChatModel(responses=["Dear [name]"], custom_profile={"tone": "warm"})
    chain = cache.wrap(PROMPT | model, profile=PEOPLE)
    twin: Any = copy.deepcopy(chain)
    twin.bound.last.responses[0] = "Hello [name]"
    assert asked(twin, cache, name="Ana", field="law") == ("Hello Ana", "miss")
    assert asked(chain, cache, name="Bo", field="law") == ("Dear Bo", "miss")


def test_a_pipe_around_a_wrapped_model_is_copied(cache: Cache) -> None:
    model = cache.wrap(FakeListChatModel(responses=["Dear [name]"]), profile=PEOPLE)
    pipe = copy.deepcopy(PROMPT | model)
    for name, outcome in (("Ana", "miss"), ("Robert", "hit")):
        with cache.user({"name": name, "field": "law"}):
            assert asked(pipe, cache, name=name, field="law") == (f"Dear {name}", outcome)


def test_a_copy_of_a_cache_is_that_cache(cache: Cache) -> None:
    assert copy.copy(cache) is cache
    assert copy.deepcopy({"cache": cache})["cache"] is cache


def test_pickling_names_the_way_out(cache: Cache) -> None:
    chain = cache.wrap(PROMPT | FakeListChatModel(responses=["Dear [name]"]), profile=PEOPLE)
    for unpicklable in (cache, chain):
        with pytest.raises(TypeError, match="make one in each process"):
            pickle.dumps(unpicklable)


def test_a_copy_of_a_wrapped_model_is_fingerprinted_once(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    described: list[Any] = []

    def watched(runnable: Any) -> Watched:
        described.append(runnable)
        return Watched(runnable)

    monkeypatch.setattr(model_door, "Watched", watched)
    model = cache.wrap(FakeListChatModel(responses=["Dear [name]"]), profile=PEOPLE).model_copy()
    described.clear()
    for name in ("Ana", "Robert", "Cleo"):
        with cache.user({"name": name, "field": "law"}):
            assert model.invoke(f"Greet {name}.").content == f"Dear {name}"
    assert len(described) == 1


def test_an_edit_of_a_copied_model_is_noticed(cache: Cache) -> None:
    model = cache.wrap(FakeListChatModel(responses=["Dear [name]"]), profile=PEOPLE).model_copy()
    for said in ("Dear", "Hello"):
        model.responses = [f"{said} [name]"]
        with cache.user({"name": "Ana", "field": "law"}):
            assert model.invoke("Greet Ana.").content == f"{said} Ana"
