"""``cache.explain``: why did this miss?"""

from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI
from pydantic import BaseModel
from support.chains import SAY, Applicant, chain, founder
from support.models import CountingModel

from langcache import Cache, Profile
from langcache.errors import DeclarationError
from langcache.testing import Provider


class Verdict(BaseModel):
    city: str


@pytest.mark.parametrize("shape", ["model", "bound", "structured"])
def test_a_wrapped_model_is_explained_too(shape: str) -> None:
    """As what it was called as: by itself, with arguments bound, in a pipe that begins with it; nothing is called."""
    with Provider(reply='{"city": "[city]"}') as provider:
        cache = Cache("memory://")
        model = ChatOpenAI(base_url=provider.openai_url, api_key="test", model="gpt-4o-mini")  # type: ignore[arg-type]
        plain: Any = cache.wrap(model, profile=Profile.of(features=["field"], slots=["city"]), name="judge")
        shapes = {
            "model": lambda: plain,
            "bound": lambda: plain.bind(stop=["x"], temperature=0.5).with_config(tags=["x"]),
            "structured": lambda: plain.with_structured_output(Verdict),
        }
        wrapped = shapes[shape]()
        image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
        asked = [HumanMessage([{"type": "text", "text": "Is Lisbon good?"}, image])]

        def config(field: str, city: str = "Lisbon") -> Any:
            return {"metadata": {"profile": {"field": field, "city": city}}}

        assert cache.explain(wrapped, asked, config("law")).outcome == "miss"
        wrapped.invoke(asked, config("law"))
        with cache.user({"field": " Law", "city": "Lisbon"}):
            assert cache.explain(wrapped, asked).outcome == "hit"
        missed = cache.explain(wrapped, asked, config("nursing"))
        assert (missed.outcome, missed.differs) == ("miss", {"feature field": ("nursing", "law")})
        assert provider.calls == 1


async def test_it_names_the_feature_that_differs_from_the_nearest_key() -> None:
    """One feature away: that feature is named, here and there, and no slot value is."""
    cache = Cache("memory://")
    wrapped = cache.wrap(chain(CountingModel(say=SAY)), profile=Applicant, name="plan", prompt_version="v1")
    asked: Any = founder(gpa=3.7, startup_name="Zed")
    empty = cache.explain(wrapped, asked)
    assert (empty.outcome, empty.nearest) == ("miss", None)
    wrapped.invoke(founder(gpa=3.2))
    wrapped.invoke(founder(gpa=3.2, background="nurse"))
    found = cache.explain(wrapped, asked)
    assert found == await cache.aexplain(wrapped, asked)
    assert (found.outcome, found.differs) == ("miss", {"feature gpa": ("3.5 or more", "3.0–3.5")})
    assert cache.explain(wrapped.with_config(tags=["x"]), founder(gpa=3.3)).outcome == "hit"
    assert "feature background = founder" in str(found)
    assert "Zed" not in str(found) + str(found.to_dict())


def test_it_says_what_to_declare_where_an_undeclared_input_differs() -> None:
    """A profile that marks nothing, or misspells a slot, splits users by the value itself."""
    cache = Cache("memory://")
    wrapped = cache.wrap(chain(CountingModel(say=SAY)), profile=Profile.of(slots=["startup_nmae"]), name="plan")
    wrapped.invoke(founder(startup_name="Andromeda"))
    found = cache.explain(wrapped, founder(startup_name="Zed"))
    assert list(found.differs) == ["input startup_name"]
    assert "what nobody declared counts as it is: what only fills a gap is a Slot()" in str(found)


@pytest.mark.parametrize("mode", ["mask", "abstract"])
def test_it_names_a_slot_whose_value_is_left_in_the_text(mode: Any) -> None:
    """A name that is also a word may mean the word, so it stays in the key: each of its users is one of a kind."""
    cache = Cache("memory://")
    prompt = ChatPromptTemplate.from_template("{question}")
    people = Profile.of(slots=["name"])
    wrapped = cache.wrap(prompt | CountingModel(say="Yes."), profile=people, name="ask", mode=mode)
    wrapped.invoke({"question": "Anabel asks: why?", "name": "Anabel"})
    assert cache.explain(wrapped, {"question": "Robert asks: why?", "name": "Robert"}).outcome == "hit"
    found = cache.explain(wrapped, {"question": "Grace asks: why?", "name": "Grace"})
    assert (found.outcome, found.unmasked) == ("miss", ["name"])
    assert "slot 'name': this value is also an everyday word or number" in str(found)
    assert "Grace" not in str(found) + str(found.to_dict())
    assert cache.explain(wrapped, {"question": "Roberta asks: why?", "name": "Robert"}).unmasked == []


def test_it_says_why_the_cache_stands_aside() -> None:
    """A bypass has its reason, and what was not wrapped is an error."""
    cache = Cache("memory://")
    wrapped = cache.wrap(chain(CountingModel(say=SAY)), profile=Applicant)
    assert cache.explain(wrapped, founder(gpa=[1])).reason == "feature 'gpa' does not fit its type (float_type)"
    assert cache.explain(wrapped, founder(), {"metadata": {"langcache": "no-store"}}).reason == "no-store"
    with pytest.raises(DeclarationError, match="wrap"):
        cache.explain(chain(CountingModel()), founder())


def test_it_tells_which_declaration_would_have_kept_what_was_refused() -> None:
    """After a refusal, explain and the statistics name the slot and what to declare, and never the value."""
    cache = Cache("memory://")
    model = CountingModel(say=lambda prompt: "Begin with Andromeda.")
    wrapped = cache.wrap(chain(model), profile=Applicant, name="plan", mode="abstract")
    inputs = founder(startup_name="Andromeda Labs")
    with cache.capture() as events:
        wrapped.invoke(inputs)
    assert (events[0].reason, events[0].details["form"]) == ("leak", "partial")
    found = cache.explain(wrapped, inputs)
    (advice,) = found.advice
    assert advice.startswith("slot 'startup_name': a kind that knows its parts")
    assert f"refused before (1); what would help: {advice}" in str(found)
    assert cache.stats().advice == {"plan": {advice: 1}}
    assert "Andromeda" not in str(found) + str(cache.stats().to_dict()) + str(events)
