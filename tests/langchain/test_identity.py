"""What all requests of a chain share is made once, also when they come together."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from langchain_core.output_parsers import JsonOutputParser, StrOutputParser
from langchain_core.runnables import ConfigurableField
from support.chains import PROMPT, SAY, Applicant, chain, founder
from support.models import CountingModel
from support.streaming import StreamingModel

from langcache import Cache
from langcache.langchain import settings

CROWD = 8


def test_first_requests_that_come_together_meet_one_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else one would take the chain for changed while it ran, and refuse its answer."""
    adapted = settings.adapted

    def slowly(*arguments: Any) -> Any:
        time.sleep(0.02)
        return adapted(*arguments)

    monkeypatch.setattr(settings, "adapted", slowly)
    with Cache("memory://") as cache, ThreadPoolExecutor(CROWD) as pool:
        model = CountingModel(say=SAY)
        wrapped = cache.wrap(chain(model), profile=Applicant, name="plan")
        together = Barrier(CROWD)

        def ask(_: int) -> str:
            together.wait(60)
            return str(wrapped.invoke(founder()))

        assert set(pool.map(ask, range(CROWD))) == {"Pitch PathAI to MIT and CMU."}
        assert (model.calls, cache.stats().refusals) == (1, {})


def test_how_a_stream_grows_is_found_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not on every call: a hit would walk the chain again for nothing."""
    walked: list[Any] = []
    for name in ("growth", "adds_up"):
        walk = getattr(settings, name)
        monkeypatch.setattr(settings, name, lambda chain, walk=walk: walked.append(chain) or walk(chain))
    wrapped = Cache("memory://").wrap(chain(CountingModel(say=SAY)), profile=Applicant)
    for _ in range(3):
        assert "".join(wrapped.stream(founder())) == "Pitch PathAI to MIT and CMU."
    assert walked == [wrapped.bound, wrapped.bound]


def test_a_parser_that_says_otherwise_later_is_asked_again() -> None:
    """The patches of a parser do not add up to its answer, so that it comes whole."""
    parser = JsonOutputParser()
    model = StreamingModel(chunks=['{"plan": "Pitch', ' now"}'])
    wrapped = Cache("memory://").wrap(PROMPT | model | parser, profile=Applicant)
    assert list(wrapped.stream(founder())) == [{"plan": "Pitch"}, {"plan": "Pitch now"}]
    parser.diff = True
    assert list(wrapped.stream(founder())) == [{"plan": "Pitch now"}]
    assert model.calls == 2


def test_an_alternative_streams_whichever_was_configured_first() -> None:
    """What is known of a chain holds for every choice; each has entries of its own."""
    parser = StrOutputParser().configurable_alternatives(ConfigurableField("parser"), json=JsonOutputParser())
    wrapped = Cache("memory://").wrap(PROMPT | StreamingModel(chunks=['{"n": ', "1}"]) | parser, profile=Applicant)
    for _ in range(2):
        for choice, answer in (("default", '{"n": 1}'), ("json", {"n": 1})):
            chunks = list(wrapped.stream(founder(), {"configurable": {"parser": choice}}))
            assert ("".join(chunks) if choice == "default" else chunks[-1]) == answer
