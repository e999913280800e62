"""Law 6 at the model cache's door: what other processes fetch is waited for, on stores they share."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from support.chains import SAY, Applicant, chain, founder
from support.models import CountingModel

from langcache import Cache, ChainPolicy

TOLD = {"run_name": "plan"}
POLICY = ChainPolicy("plan", profile=Applicant)


@pytest.fixture(params=["sqlite", "redis", "cluster"])
def caches(request: pytest.FixtureRequest, make_url: Callable[[str], str]) -> Iterator[list[Cache]]:
    """Two caches on one store are two processes, as far as leases go."""
    url = make_url(request.param)
    with ExitStack() as stack:
        yield [stack.enter_context(Cache(url)) for _ in range(2)]


def app(cache: Cache, model: CountingModel) -> Any:
    """An app nobody rewrites: its chain, with our cache and handler by hand."""
    cached = model.model_copy(update={"cache": cache.llm_cache([POLICY]), "callbacks": [cache.handler([POLICY])]})
    return chain(cached)


def pairs(caches: list[Cache], say: Any) -> tuple[list[Any], list[CountingModel]]:
    models = [CountingModel(say=say) for _ in caches]
    return [app(cache, model) for cache, model in zip(caches, models, strict=True)], models


class Gate:
    """A provider that answers when it is let."""

    def __init__(self, said: Any = SAY) -> None:
        self.said, self.asked, self.opened = said, threading.Event(), threading.Event()

    def __call__(self, _: Any) -> Any:
        self.asked.set()
        assert self.opened.wait(150)
        return self.said


async def two_at_once(caches: list[Cache], said: Any, how: str) -> tuple[list[Any], int]:
    """Both ask for one key; the second when the first is at its provider. The answers, and the calls made."""
    gate, calls = Gate(said), []

    def say(messages: Any) -> Any:
        calls.append(messages)
        return gate(messages)

    apps, _ = pairs(caches, say)
    user = founder()

    async def ask(which: Any) -> Any:
        return await (which.ainvoke(user, TOLD) if how == "async" else asyncio.to_thread(which.invoke, user, TOLD))

    held = asyncio.Event()
    _watch(caches[1], asyncio.get_running_loop(), held)
    first = asyncio.create_task(ask(apps[0]))
    assert await asyncio.to_thread(gate.asked.wait, 150)
    second = asyncio.create_task(ask(apps[1]))
    await asyncio.wait_for(held.wait(), 150)
    gate.opened.set()
    return list(await asyncio.gather(first, second, return_exceptions=True)), len(calls)


def _watch(cache: Cache, loop: asyncio.AbstractEventLoop, held: asyncio.Event) -> None:
    """Set *held* once *cache* waits for somebody else's lease."""
    guard = cache.engine.store
    wait = guard.wait_for_release

    def waiting(*arguments: Any) -> Any:
        loop.call_soon_threadsafe(held.set)
        return wait(*arguments)

    guard.wait_for_release = waiting  # type: ignore[method-assign]


@pytest.mark.parametrize("how", ["sync", "async"])
async def test_who_finds_the_lease_held_waits_for_the_entry(caches: list[Cache], how: str) -> None:
    """One provider call for both."""
    answers, calls = await two_at_once(caches, "Hello.", how)
    assert (answers, calls) == (["Hello."] * 2, 1)
    assert_free(caches)


@pytest.mark.parametrize("how", ["sync", "async"])
async def test_an_answer_that_is_refused_releases_the_other(caches: list[Cache], how: str) -> None:
    """It fetches its own, at once."""
    answers, calls = await two_at_once(caches, "", how)
    assert (answers, calls) == ([""] * 2, 2)
    assert_free(caches)


@pytest.mark.parametrize("how", ["sync", "async"])
async def test_a_provider_that_fails_gives_the_lease_back(caches: list[Cache], how: str) -> None:
    """The next one leads."""
    answers, calls = await two_at_once(caches, RuntimeError("down"), how)
    assert ([type(answer) for answer in answers], calls) == ([RuntimeError] * 2, 2)
    assert_free(caches)


def assert_free(caches: list[Cache]) -> None:
    """No lease is left behind: nothing is renewed, and what was given back by a thread is given back soon."""
    for cache in caches:
        assert cache.engine.leases._renewer._held == {}
