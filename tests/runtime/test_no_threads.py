"""Where no thread is to be had, a chain answers as ever: a container at its limit, or an interpreter that is ending.

Python 3.12 and later start none once `atexit` has begun; in a container any thread may be one too many.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda
from support.chains import SAY, Applicant, chain, founder
from support.models import CountingModel

from langcache import Cache
from langcache.testing import FakeClock

ANSWER = "Pitch PathAI to MIT and CMU."


@contextmanager
def no_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        yield


@pytest.fixture(params=["memory", "sqlite", "redis", "tiered"])
def url(request: pytest.FixtureRequest, make_url: Callable[[str], str]) -> str:
    kind: str = request.param
    return f"tiered+{make_url('redis')}" if kind == "tiered" else make_url(kind)


def test_a_chain_answers_with_one_call(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = CountingModel(say=SAY)
    with Cache(url) as cache:
        wrapped = cache.wrap(chain(model), profile=Applicant, name="plan", prompt_version="1")
        with no_threads(monkeypatch):
            assert wrapped.invoke(founder()) == ANSWER
            assert wrapped.invoke(founder()) == ANSWER
            assert "".join(wrapped.stream(founder())) == ANSWER
        assert model.calls == 1
        assert wrapped.invoke(founder()) == ANSWER
    assert cache.stats().outcomes == {"miss": 1, "hit": 3}


def test_an_awaited_chain_answers(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that needs threads to be awaited does not answer then; the chain does."""

    async def shout(text: str) -> str:
        return text.upper()

    async def ask() -> list[Any]:
        with no_threads(monkeypatch):
            return [await wrapped.ainvoke("hi") for _ in range(3)]

    with Cache(url) as cache:
        wrapped = cache.wrap(RunnableLambda(shout), name="shout", prompt_version="1")
        assert asyncio.run(ask()) == ["HI"] * 3


def test_what_was_recorded_meanwhile_is_in_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    with Cache("memory://") as cache:
        wrapped = cache.wrap(chain(CountingModel(say=SAY)), profile=Applicant, name="plan", prompt_version="1")
        with no_threads(monkeypatch):
            for _ in range(3):
                wrapped.invoke(founder())
        wrapped.invoke(founder())
        assert cache.stats(days=1).outcomes == {"miss": 1, "hit": 3}


def test_a_refresh_in_the_background_waits_for_a_later_request(monkeypatch: pytest.MonkeyPatch) -> None:
    model = CountingModel(say=SAY)
    clock = FakeClock()
    with Cache("memory://", ttl=60, stale_while_revalidate=60, clock=clock) as cache:
        wrapped = cache.wrap(chain(model), profile=Applicant, name="plan", prompt_version="1")
        wrapped.invoke(founder())
        clock.advance(61)
        with no_threads(monkeypatch):
            assert wrapped.invoke(founder()) == ANSWER
        assert model.calls == 1
