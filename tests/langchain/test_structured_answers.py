"""Answers that are objects of a class: what the class itself makes of them is made for each reader."""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from langchain_core.messages import BaseMessage
from langchain_core.output_parsers import PydanticOutputParser
from langchain_core.prompts import ChatPromptTemplate
from pydantic import BaseModel, Field, model_validator
from support.models import CountingModel

from langcache import Cache, Profile

PEOPLE = Profile.of(slots=["name"])
PROMPT = ChatPromptTemplate.from_template("Badges for {name}")
NAMES = ("Anabel", "Robert Neil", "Zed")


@pytest.fixture
def cache() -> Iterator[Cache]:
    with Cache("memory://") as cache:
        yield cache


class Badge(BaseModel):
    """Fills what the model left out."""

    name: str
    slug: str | None = None
    length: int = 0

    @model_validator(mode="before")
    @classmethod
    def _slugged(cls, data: Any) -> Any:
        return {"slug": data["name"].lower().replace(" ", "-"), **data} if isinstance(data, dict) else data

    @model_validator(mode="after")
    def _measured(self) -> "Badge":
        self.length = self.length or len(self.name)
        return self


class Badges(BaseModel):
    """Badges inside an answer."""

    all: list[Badge]
    by_name: dict[str, Badge] = {}
    note: str | None = None
    id: UUID = Field(default_factory=uuid4)


def badges(messages: Sequence[BaseMessage]) -> str:
    """What a model says in JSON: the name alone."""
    badge = {"name": messages[-1].text.removeprefix("Badges for ")}
    return json.dumps({"all": [badge, badge], "by_name": {"x": badge}})


@pytest.mark.parametrize("mode", ["mask", "abstract"])
@pytest.mark.parametrize("how", ["invoke", "stream"])
def test_what_a_class_works_out_is_worked_out_of_the_readers_own(cache: Cache, mode: Any, how: str) -> None:
    """Of a placeholder it would be wrong for everybody, of the first user's details for everybody else."""
    model = CountingModel(say=badges)
    chain = PROMPT | model | PydanticOutputParser(pydantic_object=Badges)
    wrapped = cache.wrap(chain, profile=PEOPLE, name="badges", mode=mode)
    bare = [chain.invoke({"name": name}) for name in NAMES]
    before = model.calls
    ask = wrapped.invoke if how == "invoke" else lambda user: list(wrapped.stream(user))[-1]
    found = [ask({"name": name}) for name in (*NAMES, NAMES[0])]
    assert [each.all for each in found[:3]] == [each.all for each in bare]
    assert [each.by_name for each in found[:3]] == [each.by_name for each in bare]
    assert len({each.id for each in found}) == 4, "an id is the answer's own"
    assert model.calls == before + 1


def test_what_the_model_left_out_is_left_out(cache: Cache) -> None:
    """``exclude_unset`` tells an answer that clears a field from one that leaves it alone."""
    chain = PROMPT | CountingModel(say=badges) | PydanticOutputParser(pydantic_object=Badges)
    wrapped = cache.wrap(chain, profile=PEOPLE, name="badges")
    for name in NAMES:
        found = wrapped.invoke({"name": name})
        assert found.model_fields_set == chain.invoke({"name": name}).model_fields_set == {"all", "by_name"}
