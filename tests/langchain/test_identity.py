"""What all requests of a chain share is made once, also when they come together."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from support.chains import SAY, Applicant, chain, founder
from support.models import CountingModel

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
