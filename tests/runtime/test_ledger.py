"""The account of one cache, and the captures that listen to it."""

import asyncio
import contextvars
import json
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from langcache.core.events import Event
from langcache.runtime.ledger import KINDS_KEPT, Ledger, Stats

MISS = Event("plan", outcome="miss", input_tokens=10, output_tokens=20, cost_usd=Decimal("0.1"))
HIT = Event("plan", outcome="hit", saved_usd=Decimal("0.1"))
money = st.none() | st.decimals(0, 100, places=4)
events = st.builds(
    Event,
    chain=st.sampled_from(["a", "b"]),
    outcome=st.sampled_from(["hit", "stale", "miss", "refresh", "bypass", "refused"]),
    reason=st.none() | st.sampled_from(["leak", "no-store"]),
    input_tokens=st.integers(0, 100),
    output_tokens=st.integers(0, 100),
    cost_usd=money,
    saved_usd=money,
    is_helper=st.booleans(),
)


def account(*recorded: Event) -> Stats:
    ledger = Ledger()
    for event in recorded:
        ledger.record(event)
    return ledger.stats()


@given(st.lists(events))
def test_the_account_adds_up(recorded: list[Event]) -> None:
    """Exactly, in decimals; every request of a user is counted once, under its outcome and its chain.

    A helper call is none of them, and what it cost is no saving.
    """
    stats = account(*recorded)
    asked = [event for event in recorded if not event.is_helper]
    helpers = [event for event in recorded if event.is_helper]
    assert stats.requests == len(asked) == sum(stats.outcomes.values())
    assert stats.outcomes == _summed(stats.by_chain.values())
    assert stats.calls_saved == sum(event.outcome in ("hit", "stale") for event in asked)
    assert stats.hit_rate == (stats.calls_saved / len(asked) if asked else 0.0)
    assert stats.cost_usd == _usd(event.cost_usd for event in recorded)
    assert (stats.helpers, stats.helper_cost_usd) == (len(helpers), _usd(event.cost_usd for event in helpers))
    assert stats.saved_usd == _usd(event.saved_usd for event in recorded) - stats.helper_cost_usd
    assert stats.unpriced == sum(event.cost_usd is None or event.saved_usd is None for event in recorded)
    assert sum(stats.refusals.values()) == stats.outcomes.get("refused", 0)
    assert sum(stats.bypasses.values()) == stats.outcomes.get("bypass", 0)


def _usd(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount or Decimal(0) for amount in amounts), Decimal(0))


def _summed(counts: Any) -> dict[str, int]:
    names = {name for count in counts for name in count}
    return {name: sum(count.get(name, 0) for count in counts) for name in names}


@given(st.lists(events))
def test_the_account_can_be_written_as_json(recorded: list[Event]) -> None:
    """Money as text, exact to the digit."""
    stats = account(*recorded)
    read = json.loads(json.dumps(stats.to_dict()))
    assert (Decimal(read["cost_usd"]), Decimal(read["saved_usd"])) == (stats.cost_usd, stats.saved_usd)
    assert read["outcomes"] == stats.outcomes


def test_names_are_bounded() -> None:
    """A chain named per user must not fill the memory."""
    ledger = Ledger()
    for number in range(KINDS_KEPT + 50):
        ledger.record(replace(MISS, chain=str(number)))
        ledger.record(Event("plan", outcome="bypass", reason=str(number)))
        ledger.record(Event("plan", outcome="refused", reason=str(number)))
    stats = ledger.stats()
    assert [len(stats.by_chain), len(stats.bypasses), len(stats.refusals)] == [KINDS_KEPT + 1] * 3
    assert (stats.bypasses["other"], stats.bypasses["0"]) == (50, 1)
    assert stats.requests == 3 * (KINDS_KEPT + 50)


def test_an_account_once_given_does_not_change() -> None:
    """Nor does changing it change the ledger."""
    ledger = Ledger()
    ledger.record(MISS)
    stats = ledger.stats()
    stats.outcomes["miss"] = 99
    ledger.record(HIT)
    assert (stats.requests, ledger.stats().outcomes) == (1, {"miss": 1, "hit": 1})


def test_a_capture_collects_its_block_in_order() -> None:
    """And nothing before or after."""
    ledger = Ledger()
    ledger.record(MISS)
    with ledger.capture() as captured:
        ledger.record(HIT)
        ledger.record(MISS)
    ledger.record(HIT)
    assert captured == [HIT, MISS]


def test_captures_nest() -> None:
    """Each sees what happens inside it; another cache's events are in neither."""
    ledger, other = Ledger(), Ledger()
    with ledger.capture() as outer, other.capture() as others:
        ledger.record(MISS)
        with ledger.capture() as inner:
            ledger.record(HIT)
    assert (outer, inner, others) == ([MISS, HIT], [HIT], [])


def test_a_capture_ends_also_when_its_block_fails() -> None:
    """An error must not leave a list that grows for ever."""
    ledger = Ledger()
    try:
        with ledger.capture() as captured:
            raise ValueError
    except ValueError:
        ledger.record(HIT)
    assert captured == []


async def test_captures_of_two_tasks_do_not_mix() -> None:
    """Each web request sees its own."""
    ledger = Ledger()

    async def serve(event: Event) -> list[Event]:
        with ledger.capture() as captured:
            await asyncio.sleep(0)
            ledger.record(event)
            await asyncio.sleep(0)
        return captured

    assert list(await asyncio.gather(serve(HIT), serve(MISS))) == [[HIT], [MISS]]
    assert ledger.stats().requests == 2


def test_a_thread_is_captured_where_it_carries_the_context() -> None:
    """As LangChain's executors do; a bare thread belongs to nobody."""
    ledger = Ledger()
    with ledger.capture() as captured:
        bare = threading.Thread(target=ledger.record, args=(HIT,))
        carried = threading.Thread(target=contextvars.copy_context().run, args=(ledger.record, MISS))
        for thread in (bare, carried):
            thread.start()
            thread.join()
    assert captured == [MISS]


def test_threads_lose_no_event() -> None:
    """Counting is guarded."""
    ledger = Ledger()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ledger.record, [MISS] * 1600))
    assert (ledger.stats().requests, ledger.stats().cost_usd) == (1600, Decimal("160.0"))


def test_a_subscriber_hears_every_event_until_it_ends() -> None:
    """In order, and each subscriber its own; ending twice does no harm."""
    ledger, first, second = Ledger(), list[Event](), list[Event]()
    end = ledger.subscribe(first.append)
    ledger.subscribe(second.append)
    ledger.record(MISS)
    end()
    end()
    ledger.record(HIT)
    assert (first, second) == ([MISS], [MISS, HIT])


def test_a_failing_subscriber_is_dropped_and_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """Metrics that break must not break a chain, nor fill the log."""
    ledger, heard = Ledger(), list[Event]()

    def fail(event: Event) -> None:
        raise RuntimeError

    ledger.subscribe(fail)
    ledger.subscribe(heard.append)
    ledger.record(MISS)
    ledger.record(HIT)
    assert heard == [MISS, HIT]
    assert ledger.stats().requests == 2
    assert [record.levelname for record in caplog.records] == ["WARNING"]
