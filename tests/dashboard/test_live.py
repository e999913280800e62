"""Open pages are told of every change, and let go of when the dashboard stops."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from support.seeding import put_entry
from support.traffic import events_of_a_day

from langcache import Cache
from langcache.dashboard.live import Pulse
from langcache.testing import FakeClock

DEADLINE_S = 60.0


async def _next_word(words: AsyncIterator[str]) -> str:
    async with asyncio.timeout(DEADLINE_S):
        async for word in words:
            if word:
                return word
    raise AssertionError("the words ended")


async def test_a_change_is_told_once(cache: Cache) -> None:
    """First the word as it is, then another after each change, and silence in between."""
    pulse = Pulse(cache, period_s=0.01)
    words = pulse.words()
    first = await _next_word(words)
    assert await anext(words) == ""
    put_entry(cache, "k1")
    second = await _next_word(words)
    assert second != first
    assert pulse.word == second
    pulse.close()
    assert [word async for word in words if word] == []


async def test_what_another_process_does_is_told(tmp_path: Path, clock: FakeClock) -> None:
    """The account and the entries are read from the store, whoever wrote them."""
    url = f"sqlite:///{tmp_path}/cache.db"
    with Cache(url, clock=clock) as ours, Cache(url, clock=clock) as theirs:
        pulse = Pulse(ours, period_s=0.01)
        words = pulse.words()
        told = [await _next_word(words)]
        put_entry(theirs, "k1")
        told.append(await _next_word(words))
        for event in events_of_a_day(hits=1, misses=1):
            theirs.ledger.record(event)
        theirs.recorder.flush()
        told.append(await _next_word(words))
        pulse.close()
    assert len(set(told)) == 3


async def test_many_pages_share_one_look(cache: Cache) -> None:
    """However many pages are open, the store is asked once a period."""
    looks = 0
    original = cache.astats

    async def counting(**asked: object) -> object:
        nonlocal looks
        looks += 1
        return await original(**asked)  # type: ignore[arg-type]

    cache.astats = counting  # type: ignore[method-assign, assignment]
    pulse = Pulse(cache, period_s=DEADLINE_S)
    told = await asyncio.gather(*(anext(pulse.words()) for _ in range(20)))
    assert len(set(told)) == 1
    assert looks == 1


async def test_a_stopping_dashboard_lets_go_of_open_pages(cache: Cache) -> None:
    """Without waiting for the end of a period."""
    pulse = Pulse(cache, period_s=3600.0)
    words = pulse.words()
    await _next_word(words)
    waiting = asyncio.ensure_future(anext(words, None))
    await asyncio.sleep(0)
    pulse.close()
    async with asyncio.timeout(DEADLINE_S):
        assert await waiting in (None, "")
