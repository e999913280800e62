"""Answers that are objects of a class: what the class itself makes of them is made for each reader."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from langchain_core.messages import BaseMessage
from langchain_core.output_parsers import PydanticOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator, model_validator
from support.models import CountingModel

from langcache import Cache, Profile
from langcache.testing import Provider, Request

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


class Owner(BaseModel):
    """Who owns it."""

    name: str

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        if not name.isalpha():
            raise ValueError("not a name")
        return name


def owner(request: Request) -> str:
    """Whoever is asked about, in JSON."""
    return json.dumps({"name": re.findall(r"Badges for ([^\"]+)", request.body.decode())[-1]})


sdk_warns = pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")  # of the bare model's streams as well


@sdk_warns
@pytest.mark.parametrize(
    ("door", "how"),
    [(door, how) for door in ("chain", "model") for how in ("invoke", "ainvoke")]
    + [("chain", how) for how in ("stream", "astream")],
)
async def test_a_class_that_takes_no_placeholder_is_given_the_real_values(cache: Cache, door: str, how: str) -> None:
    """OpenAI's SDK makes the object, inside the call of the model; nobody but the mask is to blame for that."""
    with Provider(reply=owner) as provider:
        model = ChatOpenAI(base_url=provider.openai_url, api_key=SecretStr("test"), model="gpt-4o-mini")
        asks: Any = PROMPT | cache.wrap(model, profile=PEOPLE).with_structured_output(Owner)
        if door == "chain":
            asks = cache.wrap(PROMPT | model.with_structured_output(Owner), profile=PEOPLE, prompt_version="1")
        for name in ("Anabel", "Robert"):
            user = {"name": name}
            with cache.user(user), cache.capture() as events:
                if how == "astream":
                    found = [each async for each in asks.astream(user)]
                elif how == "stream":
                    found = list(asks.stream(user))
                else:
                    found = [asks.invoke(user) if how == "invoke" else await asks.ainvoke(user)]
            assert found == [Owner(name=name)]
            assert events[0].reason == "masked run failed: ValidationError"


@pytest.mark.parametrize("how", ["stream", "astream"])
async def test_a_stream_in_which_no_object_could_be_made_is_given_the_real_values(cache: Cache, how: str) -> None:
    """A parser of tool calls passes over what does not validate: the stream ended with nothing."""
    with Provider(reply=owner) as provider:
        model = ChatOpenAI(base_url=provider.openai_url, api_key=SecretStr("test"), model="gpt-4o-mini")
        chain = PROMPT | model.with_structured_output(Owner, method="function_calling")
        asks: Any = cache.wrap(chain, profile=PEOPLE, prompt_version="1")
        for user in ({"name": "Anabel"}, {"name": "Robert"}):
            found = list(asks.stream(user)) if how == "stream" else [each async for each in asks.astream(user)]
            assert found[-1] == Owner(name=user["name"])


@sdk_warns
def test_a_model_whose_streams_end_so_is_not_masked_for_long(cache: Cache) -> None:
    """Nothing can take back what was shown; a few users on, the model is given the real values."""
    with Provider(reply=owner) as provider:
        model = ChatOpenAI(base_url=provider.openai_url, api_key=SecretStr("test"), model="gpt-4o-mini")
        asks = PROMPT | cache.wrap(model, profile=PEOPLE).with_structured_output(Owner)
        for name in ("Anabel", "Robert", "Katherine"):
            with cache.user({"name": name}), pytest.raises(ValidationError):
                list(asks.stream({"name": name}))
        with cache.user({"name": "Zed"}):
            assert list(asks.stream({"name": "Zed"})) == [Owner(name="Zed")]
