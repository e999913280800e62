"""Law 1 on real values: a word of an undeclared input that looks like a detail is no detail of the next user."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda
from pydantic import BaseModel, ConfigDict
from support.models import CountingModel

from langcache import Cache, Profile, Slot

PROFILE = Profile.of(slots={"name": Slot()})
PROMPT = ChatPromptTemplate.from_template("{name} asks: {question}")
ECHO = PROMPT | RunnableLambda(lambda prompt: f"You asked: {prompt.to_messages()[0].content}")

RESEMBLING = [
    ("MIT", "What is mit like?"),
    ("MIT", "What is MITs rank?"),
    ("ada", "Is Ada of 25?"),
    ("Ann", "Is ann in?"),
    ("Bo Li", "bo li said so"),
    ("Ada Lovelace", "Is Ada in?"),
    ("Ada Lovelace", "Is Ada Lovelac in?"),
]


def said(messages: Any) -> str:
    return f"You asked: {messages[-1].content}"


@pytest.mark.parametrize(("name", "question"), RESEMBLING)
@pytest.mark.parametrize("mode", ["abstract", "mask"])
def test_a_question_is_answered_as_it_was_asked(mode: Any, name: str, question: str) -> None:
    """Whoever was first, and whether or not it is asked again."""
    with Cache("memory://") as cache:
        chain = cache.wrap(ECHO, profile=PROFILE, name="x", prompt_version="1", mode=mode)
        for user in (name, "Zebedee", name):
            assert chain.invoke({"name": user, "question": question}) == f"You asked: {user} asks: {question}"


@pytest.mark.parametrize(("name", "question"), RESEMBLING)
def test_so_it_is_at_the_door_nobody_rewrites_a_chain_for(name: str, question: str) -> None:
    """Where the inputs are met in rendered messages."""
    with Cache("memory://") as cache:
        chain = PROMPT | CountingModel(say=said, cache=cache.llm_cache(name="x", profile=PROFILE))
        for user in (name, "Zebedee", name):
            answer = chain.invoke({"name": user, "question": question})
            assert answer.content == f"You asked: {user} asks: {question}"


def test_the_prompt_s_own_words_are_nobody_s_details_there() -> None:
    """The office of MIT is not the office of the next user's school."""
    prompt = ChatPromptTemplate.from_template("You are the MIT office. Greet a student of {name}.")
    with Cache("memory://") as cache:
        chain = prompt | CountingModel(say=said, cache=cache.llm_cache(name="x", profile=PROFILE))
        for school in ("mit", "Wexley", "mit"):
            answer = chain.invoke({"name": school})
            assert answer.content == f"You asked: You are the MIT office. Greet a student of {school}."


@dataclass(slots=True)
class Terms:
    limit: object


class Loose(BaseModel):
    model_config = ConfigDict(extra="allow")


@pytest.mark.parametrize(
    ("slot", "first", "other", "given"),
    [
        (Slot(kind="number"), 1250, 3300, 1250),
        (Slot(kind="number"), 1250, 3300, Terms(1250)),
        (Slot(kind="number"), 1250, 3300, Loose(limit=1250)),
        (Slot(kind="money"), "$2,500", "$9,999", 2500),
        (Slot(kind="money"), "$2,500", "$9,999", [Decimal(2500)]),
        (Slot(kind="date"), date(2019, 3, 1), date(2020, 4, 2), date(2019, 3, 1)),
        (Slot(kind="date"), "2019-03-01", "2020-04-02", {"from": date(2019, 3, 1)}),
    ],
)
def test_a_number_or_day_that_everybody_has_is_nobody_s_detail(slot: Any, first: Any, other: Any, given: Any) -> None:
    """However deep in an input it is."""

    def told(asked: dict[str, Any]) -> str:
        return f"You have {asked['own']}. The limit is {getattr(asked['given'], 'limit', asked['given'])}."

    with Cache("memory://") as cache:
        profile = Profile.of(slots={"own": slot})
        chain = cache.wrap(RunnableLambda(told), profile=profile, name="x", prompt_version="1", mode="abstract")
        for own in (first, other):
            assert chain.invoke({"own": own, "given": given}) == told({"own": own, "given": given})


def test_a_partial_is_everybody_s() -> None:
    """What is evaluated anew for each request is no detail of whoever has the same."""
    prompt = PROMPT.partial(question=lambda: "Is MIT far?")
    chain = prompt | RunnableLambda(lambda prompt: f"You asked: {prompt.to_messages()[0].content}")
    with Cache("memory://") as cache:
        wrapped = cache.wrap(chain, profile=PROFILE, name="x", prompt_version="1", mode="abstract")
        for name in ("MIT", "Wexley"):
            assert wrapped.invoke({"name": name}) == f"You asked: {name} asks: Is MIT far?"


def test_what_the_answer_leaves_out_costs_no_hit() -> None:
    """The question may resemble a detail as long as the answer has no gap for it; and a plain question hits."""
    with Cache("memory://") as cache:
        quiet = PROMPT | RunnableLambda(lambda _: "It is.")
        chain = cache.wrap(quiet, profile=PROFILE, name="quiet", prompt_version="1", mode="abstract")
        assert [chain.invoke({"name": name, "question": "Is ann in?"}) for name in ("Ann", "Bob")] == ["It is."] * 2
        chain = cache.wrap(ECHO, profile=PROFILE, name="echo", prompt_version="1", mode="abstract")
        for name in ("Ann", "Bob"):
            chain.invoke({"name": name, "question": "What now?"})
        assert cache.stats().outcomes == {"miss": 2, "hit": 2}
