"""Law 6: N concurrent identical cold requests make one run of the chain, in threads, in tasks and in both at once."""

import asyncio
import gc
import os
import threading
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.works import Asker, Transient

from langcache.errors import Refused
from langcache.runtime.flight import Flights, Landing
from langcache.runtime.steps import Step, adrive, drive

N = 16


@pytest.fixture
def asker() -> Iterator[Asker]:
    made = Asker("sync")
    yield made
    made.close()


def in_threads(asker: Asker, requests: list[Any]) -> list[Any]:
    """Ask at once; what was raised stands for an answer."""
    barrier = threading.Barrier(len(requests))

    def ask(request: Any) -> Any:
        barrier.wait()
        try:
            return drive(asker.engine.answer(request))
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(ask, requests))


async def in_tasks(asker: Asker, requests: list[Any]) -> list[Any]:
    return await asyncio.gather(*(adrive(asker.engine.answer(r)) for r in requests), return_exceptions=True)


def together(half: str, asker: Asker, requests: list[Any]) -> list[Any]:
    return in_threads(asker, requests) if half == "threads" else asyncio.run(in_tasks(asker, requests))


def slow(asker: Asker, seconds: float = 0.1) -> None:
    """Let every run of the chain take a moment, so that all are on their way at once."""
    asker.chain.before = lambda: time.sleep(seconds)

    async def wait() -> None:
        await asyncio.sleep(seconds)

    asker.chain.abefore = wait


@pytest.mark.parametrize("half", ["threads", "tasks"])
def test_one_leads_and_the_others_read_their_own_details(half: str, asker: Asker) -> None:
    """One run; one miss and the rest hits."""
    slow(asker)
    users = [f"U{number}" for number in range(N)]
    answers = together(half, asker, [asker.request(user=user) for user in users])
    assert answers == [f"Hello {user}." for user in users]
    assert asker.chain.runs == [True]
    assert sorted(asker.outcomes) == ["hit"] * (N - 1) + ["miss"]
    assert asker.engine.flights._flights == {}


def test_threads_and_tasks_wait_for_each_other(asker: Asker) -> None:
    """One cache serves both halves of an app."""
    slow(asker, 0.3)
    with ThreadPoolExecutor(1) as other:
        tasks = other.submit(asyncio.run, in_tasks(asker, [asker.request(user="Tom") for _ in range(N)]))
        answers = in_threads(asker, [asker.request(user="Ann") for _ in range(N)])
        assert (answers, tasks.result()) == (["Hello Ann."] * N, ["Hello Tom."] * N)
    assert asker.chain.runs == [True]


@pytest.mark.parametrize("half", ["threads", "tasks"])
def test_a_leader_that_fails_is_replaced_once(half: str, asker: Asker) -> None:
    """Its own caller gets its error, one other takes over, the rest wait for that one."""
    slow(asker)
    asker.chain.says = [Transient("first"), "Hello NAME."]
    answers = together(half, asker, [asker.request() for _ in range(N)])
    assert sorted(map(str, answers)) == ["Hello Ada."] * (N - 1) + ["first"]
    assert asker.chain.runs == [True, True]


@pytest.mark.parametrize("half", ["threads", "tasks"])
def test_a_second_failure_speaks_for_all(half: str, asker: Asker) -> None:
    """Or a provider that is down would be asked once per waiter, one after another."""
    slow(asker)
    asker.chain.says = [Transient("first"), Transient("second")]
    answers = together(half, asker, [asker.request() for _ in range(N)])
    assert sorted(map(str, answers)) == ["first"] + ["second"] * (N - 1)
    assert asker.chain.runs == [True, True]


@pytest.mark.parametrize("half", ["threads", "tasks"])
def test_waiters_with_a_stale_answer_read_it_once_two_leaders_failed(half: str, asker: Asker) -> None:
    """They too do not queue at a provider that is down."""
    asker.ask()
    asker.clock.advance(150)
    slow(asker)
    asker.chain.says = [Transient("down")]
    asker.chain.runs.clear()
    answers = together(half, asker, [asker.request("stale-if-error=1000") for _ in range(N)])
    assert answers == ["Hello Ada."] * N
    assert (asker.chain.runs, asker.outcomes[1:]) == ([True, True], ["stale"] * N)


@pytest.mark.parametrize("half", ["threads", "tasks"])
def test_a_refused_answer_lets_all_fetch_their_own_at_once(half: str, asker: Asker) -> None:
    """Side by side, never one by one."""
    slow(asker, 2)
    began = time.monotonic()
    answers = together(half, asker, [asker.request(user=f"U{n}", on_template=Refused("leak")) for n in range(8)])
    assert answers == [f"Hello U{n}." for n in range(8)]
    assert asker.outcomes == ["refused"] * 8
    assert time.monotonic() - began < 8 * 2


async def test_a_cancelled_waiter_disturbs_nobody(asker: Asker) -> None:
    """The leader goes on, and so do the other waiters."""
    slow(asker)
    tasks = [asyncio.create_task(adrive(asker.engine.answer(asker.request(user=f"U{n}")))) for n in range(4)]
    await asyncio.sleep(0.02)
    tasks[2].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [answers[0], answers[1], answers[3]] == ["Hello U0.", "Hello U1.", "Hello U3."]
    assert isinstance(answers[2], asyncio.CancelledError)
    assert asker.chain.runs == [True]


async def test_when_the_leader_is_cancelled_exactly_one_takes_over(asker: Asker) -> None:
    """A user who closed the page costs the others one more run, not one each."""
    slow(asker)
    tasks = [asyncio.create_task(adrive(asker.engine.answer(asker.request(user=f"U{n}")))) for n in range(6)]
    await asyncio.sleep(0.02)
    tasks[0].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert answers[1:] == [f"Hello U{n}." for n in range(1, 6)]
    assert asker.chain.runs == [True]  # the cancelled run never got to its end
    assert asker.engine.flights._flights == {}


@pytest.mark.parametrize("half", ["sync", "async"])
def test_a_chain_that_calls_itself_with_its_own_key_does_not_wait_for_itself(half: Any) -> None:
    """It leads a flight of its own, in the same thread or task, or in one it started."""
    asker = Asker(half)
    inner: list[Any] = []

    def nest() -> None:
        if not inner:
            inner.append(None)
            inner[0] = drive(asker.engine.answer(asker.request(user="Inner")))

    async def anest() -> None:
        if not inner:
            inner.append(None)
            inner[0] = await asyncio.create_task(adrive(asker.engine.answer(asker.request(user="Inner"))))

    asker.chain.before, asker.chain.abefore = nest, anest
    assert (asker.ask(), inner) == ("Hello Ada.", ["Hello Inner."])
    asker.close()


async def test_a_blocking_wait_on_the_leaders_own_loop_goes_alone(asker: Asker) -> None:
    """The leader needs the very thread that would wait for it."""
    slow(asker)
    leader = asyncio.create_task(adrive(asker.engine.answer(asker.request(user="Leader"))))
    await asyncio.sleep(0.02)
    asker.chain.before = lambda: None
    assert drive(asker.engine.answer(asker.request(user="Blocked"))) == "Hello Blocked."
    assert await leader == "Hello Leader."
    assert asker.chain.runs == [True, True]


def _awaited(step: Step[Landing]) -> Landing:
    async def wait() -> Landing:
        return await step.arun()

    return asyncio.run(wait())


def test_a_waiter_does_not_wait_forever() -> None:
    """A leader that needs a thread its waiters occupy is a deadlock; after the limit each goes alone."""
    flights = Flights()
    flight, leads = flights.join("key")
    again, leads_again = flights.join("key")
    assert (leads, leads_again, again) == (True, False, flight)
    assert flight.wait(0.01).run() == _awaited(flight.wait(0.01)) == Landing(released=True)
    flights.land(flight, Landing())
    assert flight.wait(0.01).run() == _awaited(flight.wait(0.01)) == Landing()


def test_the_first_landing_counts_and_frees_the_key() -> None:
    """A leader that let the others go does not call them back."""
    flights = Flights()
    flight, _ = flights.join("key")
    flights.land(flight, Landing(released=True))
    new, leads = flights.join("key", failures=1)
    flights.land(flight, Landing())
    assert (leads, new.failures, flights.join("key")) == (True, 1, (new, False))
    assert flight.landed.result(0) == Landing(released=True)


def test_nothing_is_left_of_a_flight(asker: Asker) -> None:
    """Neither in the table nor in memory, however it ended."""
    seen: list[weakref.ref[Any]] = []
    join = asker.engine.flights.join

    def watched(key: Any, failures: int = 0) -> Any:
        flight, leads = join(key, failures)
        seen.append(weakref.ref(flight.landed))
        return flight, leads

    asker.engine.flights.join = watched  # type: ignore[method-assign]
    asker.chain.says = [Transient(), "Hello NAME."]
    with pytest.raises(Transient):
        asker.ask()
    asker.ask()
    gc.collect()
    assert (asker.engine.flights._flights, [ref() for ref in seen]) == ({}, [None, None])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a platform without fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_does_not_wait_for_a_leader_it_does_not_have(asker: Asker) -> None:
    """Leaders are threads, and only the forking thread lives on; locks held by others are free again."""
    slow(asker, 0.5)
    leader = threading.Thread(target=asker.ask)
    leader.start()
    time.sleep(0.1)
    child = os.fork()
    if child == 0:
        asker.chain.before = lambda: None
        os._exit(0 if asker.ask(user="Child") == "Hello Child." and len(asker.events) == 1 else 1)
    ends_at = time.monotonic() + 60
    while not (status := os.waitpid(child, os.WNOHANG))[0] and time.monotonic() < ends_at:
        time.sleep(0.02)
    if not status[0]:
        os.kill(child, 9)
        os.waitpid(child, 0)
    leader.join()
    assert status == (child, 0)
    assert asker.chain.runs == [True]
