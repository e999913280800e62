"""The other strategies on what a real cache recorded."""

from decimal import Decimal
from itertools import count
from typing import Annotated, Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda
from support.models import CountingModel, usage

from langcache import Cache, Feature, Profile, Slot
from langcache.economics.recommendations import Recommendation
from langcache.stages import Pipeline
from langcache.testing import FakeClock

PRICES = {"fake": {"input": 0.5, "output": 1.0}}
CALL_USD = Decimal("0.025")
KINDS = ("founder", "student", "nurse")
PEOPLE = ("Ada Lovelace", "Grace Hopper", "Alan Turing", "Edsger Dijkstra", "Barbara Liskov")
PROMPT = ChatPromptTemplate.from_template("Plan for {name}: {kind}.")


class Anyone(Profile):
    kind: Annotated[str, Feature()]
    name: Annotated[str, Slot()]


class Person(Profile):
    kind: Annotated[str, Feature()]
    name: Annotated[str, Slot(kind="person")]


class Played:
    """A chain whose model says what *say* makes of its prompt; *before* is called with its inputs."""

    def __init__(
        self, say: Any, profile: type[Profile] = Anyone, before: Any = lambda inputs: None, **settings: Any
    ) -> None:
        self.cache = Cache("memory://", clock=FakeClock(), prices=PRICES)
        self.model = CountingModel(say=lambda messages: _said(say(messages[-1].text)))

        def look(inputs: Any) -> Any:
            before(inputs)
            return inputs

        chain = RunnableLambda(look) | PROMPT | self.model | StrOutputParser()
        whole = {"profile": profile, "name": "plan", "prompt_version": "v1", "mode": "abstract", **settings}
        self.chain = self.cache.wrap(chain, **whole)

    def ask(self, **inputs: Any) -> None:
        self.chain.invoke(inputs)

    @property
    def found(self) -> list[Recommendation]:
        return list(self.cache.recommendations())


def _said(text: Any) -> AIMessage:
    model, said = text if isinstance(text, tuple) else ("fake", text)
    return AIMessage(said, usage_metadata=usage(10, 20), response_metadata={"model_name": model})


def by_surname(prompt: str) -> str:
    """As people write: a text slot cannot fill it, a person slot can."""
    who, _, kind = prompt.removeprefix("Plan for ").rstrip(".").partition(": ")
    return f"{who.split()[-1]} should apply as a {kind}."


def test_a_refusal_that_a_kind_mends_is_worth_what_the_kind_saves() -> None:
    """Within 5 % of the same requests with it."""
    played, mended = Played(by_surname), Played(by_surname, Person)
    for each in (played, mended):
        for name in PEOPLE * 3:
            for kind in KINDS:
                each.ask(name=name, kind=kind)
    one = next(one for one in played.found if one.strategy == "mendable-refusals")
    assert (one.evidence["slot"], "kind=" in one.description) == ("name", True)
    saved = (played.model.calls - mended.model.calls) * CALL_USD
    assert saved > 0
    assert float(one.potential_savings_usd) == pytest.approx(float(saved), rel=0.05)
    assert "Lovelace" not in str(one.to_dict())
    assert mended.found == []


def test_a_chain_that_computes_with_a_slot_is_named() -> None:
    """Its masked runs fail, and after a few it is bypassed."""
    played = Played(lambda prompt: f"So: {prompt[-9:]}", mode="mask", before=lambda inputs: len(inputs["name"]))
    for number in range(20):
        played.ask(name="Ada", kind=f"kind {number}")
    (one,) = played.found
    assert (one.strategy, one.evidence["went_round"]) == ("unmaskable-chain", 20)
    assert "computes with 'name'" in one.description
    assert one.evidence["cost_usd"] == 20 * CALL_USD


def test_a_chain_that_never_hits_is_told_which_input_is_to_blame() -> None:
    """A time of day that nobody declared."""
    played, times = Played(lambda prompt: f"At {next(answers)}: {prompt[-9:]}"), count()
    answers = count()
    for _ in range(20):
        for kind in KINDS:
            played.ask(name="Ada", kind=kind, asked_at=f"12:{next(times)}")
    (one,) = played.found
    assert (one.strategy, one.evidence["part"]) == ("never-hits", "input asked_at")
    assert one.potential_savings_usd == 57 * CALL_USD


def test_an_undeclared_input_that_changes_nothing_is_named() -> None:
    """A request's number, say."""
    played, numbers = Played(lambda prompt: f"So: {prompt[-9:]}"), count()
    for _ in range(20):
        for kind in KINDS:
            played.ask(name="Ada", kind=kind, request_id=f"r{next(numbers)}")
    (one,) = played.found
    assert (one.strategy, one.evidence["input"]) == ("undeclared-input", "request_id")
    assert one.potential_savings_usd == 57 * CALL_USD


def test_a_model_that_moved_while_it_was_recorded_is_named() -> None:
    """One declaration, two versions of a model."""
    versions = iter(["gpt-9-2031-01-02", "gpt-9-2031-05-06"] * 5)
    played = Played(lambda prompt: (next(versions), f"So: {prompt[-9:]}"))
    for number in range(10):
        played.ask(name="Ada", kind=f"kind {number}")
    (one,) = played.found
    assert (one.strategy, one.evidence["model"]) == ("unpinned-model", "gpt-9")


def test_a_stage_that_is_thrown_away_each_time_is_named() -> None:
    """With the cost of its runs."""
    cache = Cache("memory://", clock=FakeClock(), prices=PRICES)
    pipe = Pipeline("report", cache=cache)

    @pipe.stage("draft", version="1")
    def draft(inputs: Any, upstream: Any) -> str:
        from langcache.stages import report_cost

        report_cost("0.5")
        return f"draft of {inputs['topic']}"

    for _ in range(10):
        pipe.run({"topic": "tea"})
        pipe.invalidate("draft")
    (one,) = cache.recommendations()
    assert (one.strategy, one.evidence["stage"]) == ("stage-churn", "draft")
    assert one.potential_savings_usd == Decimal(5)
