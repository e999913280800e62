"""``cache.explain``: why did this miss?"""

from typing import Any

import pytest
from support.chains import SAY, Applicant, chain, founder
from support.models import CountingModel

from langcache import Cache
from langcache.errors import DeclarationError


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
