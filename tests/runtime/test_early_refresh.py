"""XFetch in the flow: what is popular is fetched anew before it expires, once, while everybody is served."""

import asyncio
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.works import Asker

from langcache import Cache
from langcache.errors import DeclarationError
from langcache.runtime.steps import adrive, drive
from langcache.storage.registry import open_store
from langcache.testing import FakeClock

FETCH_S = 2.0


def slow(asker: Asker) -> Asker:
    """Every fetch takes two seconds of its clock."""

    async def wait() -> None:
        asker.clock.advance(FETCH_S)

    asker.chain.before = lambda: asker.clock.advance(FETCH_S)
    asker.chain.abefore = wait
    return asker


@pytest.fixture(params=["sync", "async"])
def asker(request: pytest.FixtureRequest) -> Iterator[Asker]:
    made = slow(Asker(request.param, early_refresh=1.0))
    yield made
    made.close()


def settle() -> None:
    """Wait for background threads; background tasks are awaited by `Asker`."""
    for thread in threading.enumerate():
        if thread.name == "langcache-refresh":
            thread.join(60)


def test_an_answer_near_its_end_is_served_and_fetched_anew(asker: Asker) -> None:
    """The reader who draws it gets a hit at once; the next one gets the new answer."""
    asker.chain.says = ["Old NAME.", "New NAME."]
    asker.ask()
    asker.clock.advance(99)
    asker.engine.chance = lambda: 0.0
    assert asker.ask(user="Bob") == "Old Bob."
    assert asker.chain.runs == [True]
    asker.engine.chance = lambda: 0.9
    assert asker.ask(user="Cid") == "Old Cid."
    settle()
    assert asker.ask(user="Dan") == "New Dan."
    assert sorted(asker.outcomes) == ["hit", "hit", "hit", "miss", "refresh"]
    refresh = next(event for event in asker.events if event.outcome == "refresh")
    assert (refresh.attempts, refresh.latency_s) == (1, FETCH_S)


def test_only_if_cached_begins_nothing(asker: Asker) -> None:
    """It asked for no provider call, not even one in the background."""
    asker.ask()
    asker.clock.advance(99)
    asker.engine.chance = lambda: 0.999
    assert asker.ask("only-if-cached") == "Hello Ada."
    settle()
    assert asker.chain.runs == [True]


def test_who_reads_often_never_waits(asker: Asker) -> None:
    """Six lifetimes read five times a second: after the first, no request meets an expired answer, and each
    lifetime costs one fetch."""
    asker.engine.chance = random.Random(3).random
    asker.ask()
    ended = asker.clock.now() + 6 * 100
    while asker.clock.now() < ended:
        asker.clock.advance(0.2)
        asker.ask()
        settle()
    counts = {outcome: asker.outcomes.count(outcome) for outcome in set(asker.outcomes)}
    assert (counts["miss"], set(counts)) == (1, {"miss", "hit", "refresh"})
    assert 6 <= counts["refresh"] <= 7


@pytest.mark.parametrize("half", ["sync", "async"])
def test_processes_that_draw_it_at_once_fetch_once(half: str, tmp_path: Path) -> None:
    """Each with a cache of its own on one store: who finds the answer just refreshed by another leaves it at that."""
    url, clock = f"sqlite:///{tmp_path / 'x.db'}", FakeClock()
    first, second = (slow(Asker(half, open_store(url), clock=clock, early_refresh=1.0)) for _ in range(2))
    first.ask()
    seen = first.engine.store.get("default", "key").run()
    clock.advance(99)
    for asker in (first, second):
        refresh = asker.engine._refresh(asker.request(), seen)
        drive(refresh) if half == "sync" else asyncio.run(adrive(refresh))
    assert [first.outcomes, second.outcomes] == [["miss", "refresh"], []]
    assert first.store.acquire("default", "key", ttl_s=1, now=clock.now()) is not None
    for asker in (first, second):
        asker.close()


def test_the_option_is_checked_when_it_is_given() -> None:
    """And off unless it is given."""
    with pytest.raises(DeclarationError, match="early_refresh"):
        Cache("memory://", early_refresh=-1)
    with Cache("memory://") as cache:
        assert cache.engine.expiry.early_refresh is None
