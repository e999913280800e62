"""Law 9 for values nobody thought of: where the bare chain answers, so does the wrapped one."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda

from langcache import Cache, Feature, Profile, Slot

CHAIN = ChatPromptTemplate.from_template("{kind} {size} {who} {note}") | RunnableLambda(lambda said: said.to_string())
USER = {"kind": "founder", "size": 3, "who": "Ann", "note": "soon"}
PROFILE = Profile.of(features={"kind": Feature(), "size": Feature(normalize=lambda v: v)}, slots={"who": Slot()})


class Array:
    """As numpy's: compared item by item, neither true nor false."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> Any:
        return self

    def __bool__(self) -> bool:
        raise ValueError("the truth value of an array is ambiguous")

    def __iter__(self) -> Any:
        return iter((1, 2))

    def __str__(self) -> str:
        return "[1 2]"


def within_itself() -> list[Any]:
    values: list[Any] = ["Ann"]
    values.append(values)
    return values


def nested() -> list[Any]:
    values: list[Any] = []
    for _ in range(400):
        values = [values]
    return values


ODD = {
    "an array": Array(),
    "a list within itself": within_itself(),
    "a list in a list in a list": nested(),
    "no number, told aloud": Decimal("sNaN"),
    "no number": float("nan"),
    "more digits than are written": 10**28,
    "as a float": 1e28,
    "next to nothing": Decimal("1E-1000000"),
    "half a character": "\ud800",
    "raised digits": "²²",
}


@pytest.mark.parametrize("mode", ["mask", "abstract"])
@pytest.mark.parametrize("place", USER)
@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_an_odd_value_is_answered_as_the_bare_chain_does(value: Any, place: str, mode: Any) -> None:
    """Under a key of its own or, if it can have none, past the cache; sync and async."""
    inputs = {**USER, place: value}
    truth = CHAIN.invoke(inputs)
    wrapped = Cache("memory://").wrap(CHAIN, profile=PROFILE, mode=mode, prompt_version="1")
    assert wrapped.invoke(inputs).casefold() == truth.casefold()
    assert asyncio.run(wrapped.ainvoke(inputs)).casefold() == truth.casefold()


@pytest.mark.parametrize("mode", ["mask", "abstract"])
@pytest.mark.parametrize("place", ["kind", "size", "who"])
def test_a_number_of_thousands_of_digits(place: str, mode: Any) -> None:
    """Python writes none by itself, so no prompt holds it; a chain that does without is answered."""
    chain = RunnableLambda(lambda user: f"for {user['note']}")
    wrapped = Cache("memory://").wrap(chain, profile=PROFILE, mode=mode, prompt_version="1")
    inputs = {**USER, place: 10**5000}
    assert (wrapped.invoke(inputs), asyncio.run(wrapped.ainvoke(inputs))) == ("for soon", "for soon")
