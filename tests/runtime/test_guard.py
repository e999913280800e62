"""Law 9: a store that fails never fails a chain; it is told once, left alone for a while, and tried again."""

import logging
from collections.abc import Callable, Iterator
from threading import current_thread, main_thread
from typing import Any

import pytest
from support.works import Asker

from langcache.errors import StoreError
from langcache.runtime.breaker import SLOW, Breaker, Breakers
from langcache.storage.registry import open_store
from langcache.testing import Delay, FakeClock, FaultyStore, Garbage, Raise, always

Make = Callable[..., Asker]
DOWN = Raise(StoreError("disk on fire"))


@pytest.fixture(params=["sync", "async"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    made: list[Asker] = []

    def asker(**script: Any) -> Asker:
        made.append(Asker(request.param, FaultyStore(open_store("memory://"), script)))
        return made[-1]

    yield asker
    for one in made:
        one.close()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    "error", [StoreError("disk on fire"), OSError(28, "full"), RuntimeError("bug"), TimeoutError()]
)
@pytest.mark.parametrize("method", ["get", "put"])
def test_a_failing_store_costs_hits_and_nothing_else(
    make: Make, method: str, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever it raises: every user gets their answer, one warning is logged, one event tells of it."""
    asker = make(**{method: always(Raise(error))})
    assert [asker.ask(key=str(number)) for number in range(5)] == ["Hello Ada."] * 5
    assert asker.chain.runs == [True] * 5
    assert len(warnings(caplog)) == 1
    assert [type(event.reason) for event in asker.events] == [str, *[type(None)] * 4]
    assert (asker.engine.store.counts["store errors"], asker.engine.store.trouble) == (
        3,
        str(error) or type(error).__name__,
    )


def test_a_full_disk_still_serves_what_it_holds(make: Make) -> None:
    """What fails is left alone, not what works."""
    asker = make(put=[None, *[DOWN] * 9])
    asker.ask()
    for number in range(5):
        asker.ask(key=str(number))
    assert asker.ask(user="Bob") == "Hello Bob."
    assert (asker.last.outcome, asker.store.calls.count("put")) == ("hit", 4)  # type: ignore[attr-defined]


def test_a_dead_store_is_left_alone_after_three_calls_of_any_kind(make: Make) -> None:
    """Each may have cost a timeout."""
    asker = make(**{method: always(DOWN) for method in ("get", "put", "acquire", "release")})
    for number in range(5):
        asker.ask(key=str(number))
    assert len(asker.store.calls) == 3  # type: ignore[attr-defined]


def test_a_name_that_cannot_be_written_is_no_trouble_of_the_store(make: Make) -> None:
    """Half a character in a label fails each time; all others go on being stored."""
    asker = make(put=always(Raise(UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"))))
    for number in range(5):
        asker.ask(key=str(number))
    assert asker.store.calls.count("put") == 5  # type: ignore[attr-defined]


def test_the_breaker_stops_asking_and_tries_again(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """After three failures in a row the store is left alone for five seconds; then one call decides."""
    asker = make(get=[DOWN] * 4)
    calls: list[str] = asker.store.calls  # type: ignore[attr-defined]
    for advance_s, tried in ((0, 2), (0, 3), (4.9, 3), (0.1, 4), (4.9, 4)):
        asker.clock.advance(advance_s)
        asker.ask()
        assert calls.count("get") == tried
    asker.clock.advance(0.1)
    assert [asker.ask(), asker.ask()] == ["Hello Ada."] * 2
    assert (asker.last.outcome, asker.engine.store.trouble) == ("hit", None)
    assert len(warnings(caplog)) == 1


def test_single_failures_do_not_open_the_breaker(make: Make) -> None:
    """Only failures in a row do."""
    asker = make(get=[DOWN, None] * 10)
    for _ in range(10):
        asker.ask()
    assert (asker.engine.store.trouble, "hit" in asker.outcomes) == (None, True)


def test_trouble_that_comes_and_goes_is_logged_once_a_minute(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """As on an overloaded machine; the counter has all of it. What lasts is logged, also if it began meanwhile."""
    asker = make(get=[DOWN, None] * 10 + [DOWN] * 20)
    for _ in range(10):
        asker.ask()
    assert (len(warnings(caplog)), asker.engine.store.counts["store errors"]) == (1, 10)
    for _ in range(20):
        asker.clock.advance(5.1)
        asker.ask()
    assert len(warnings(caplog)) == 2


@pytest.mark.parametrize("value", [b"", b"garbage", b"LC\x01\x00\x00\x00\x00\x01" + b"x" * 17])
def test_corrupt_bytes_are_a_miss_set_aside_and_counted(
    make: Make, value: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Never guessed at: quarantined for a week, where no lookup finds them, and fetched anew."""
    asker = make(get=[None, None, Garbage(value)])
    asker.ask()
    assert asker.ask() == "Hello Ada."
    assert (asker.outcomes, asker.chain.runs) == (["miss", "miss"], [True, True])
    assert asker.engine.store.counts["corrupt"] == 1
    assert asker.ask(user="Bob") == "Hello Bob."
    assert (asker.last.outcome, len(warnings(caplog))) == ("hit", 1)
    aside = asker.store.get("quarantine:default", "key", now=asker.clock.now())
    assert aside is not None
    assert (aside.value, aside.expires_at) == (value, asker.clock.now() + 7 * 86_400)


def test_an_entry_under_another_key_is_corrupt(make: Make) -> None:
    """Law 1, at rest: the checksum covers the key."""
    asker = make()
    asker.ask()
    moved = asker.store.get("default", "key", now=asker.clock.now())
    assert moved is not None
    asker.store.put("default", "other", moved, now=asker.clock.now())
    asker.ask(key="other")
    assert (asker.last.outcome, asker.engine.store.counts["corrupt"]) == ("miss", 1)


@pytest.mark.parametrize("half", ["sync", "async"])
def test_a_slow_store_is_left_alone_until_it_is_fast_again(half: Any) -> None:
    """200 ms a lookup: of five calls the median is slow; then nothing is added, and one call every 5 s sees."""
    clock = FakeClock()
    store = FaultyStore(open_store("memory://"), {"get": [Delay(0.2)] * 5}, sleep=clock.sleep, asleep=clock.asleep)
    asker = Asker(half, store, clock=clock)
    for number in range(20):
        asker.ask(key=str(number))
    assert len(store.calls) == 5
    assert asker.engine.store.trouble == "slow"
    clock.advance(5)
    asker.ask(key="slow still")
    asker.ask(key="left alone")
    assert len(store.calls) == 6
    clock.advance(5)
    asker.ask(key="fast")
    asker.ask(key="fast")
    assert asker.last.outcome == "hit"
    asker.close()


class Hanging(FaultyStore):
    """A half-open server, seen from two processes: from the call *after* on, each ends in a timeout of 250 ms."""

    def __init__(self, clock: FakeClock, after: int = 0) -> None:
        super().__init__(open_store("memory://"), {})
        self.shared, self._clock, self._left = True, clock, after

    def _fault(self, method: str) -> Any:
        fault = super()._fault(method)
        # What threads of ours ask meanwhile is not on the request's time.
        if len(self.calls) > self._left and method != "close" and current_thread() is main_thread():
            self._clock.advance(0.25)
            raise StoreError("timed out")
        return fault


@pytest.mark.parametrize("half", ["sync", "async"])
@pytest.mark.parametrize("after", range(5))
@pytest.mark.parametrize("refusal", [None, "truncated"])
def test_a_request_pays_at_most_one_timeout_and_later_ones_none(half: Any, after: int, refusal: str | None) -> None:
    """Whichever of its calls is the first to hang: look-up, lease, second look, storing, giving the lease back."""
    clock = FakeClock()
    store = Hanging(clock, after)
    asker = Asker(half, store, clock=clock)
    asker.chain.refusal = refusal
    for number in range(8):
        assert asker.ask(key=str(number)) == "Hello Ada."
    paid = [event.latency_s for event in asker.events]
    assert max(paid) <= 0.25 + 1e-6
    assert paid[4:] == [0.0] * 4
    assert len(asker.chain.runs) == 8
    asker.close()


@pytest.mark.parametrize("half", ["sync", "async"])
def test_one_timeout_alone_costs_one_entry_and_nothing_more(half: Any) -> None:
    """The next look-up that is answered shows that the store is well."""
    clock = FakeClock()
    store = Hanging(clock)
    asker = Asker(half, store, clock=clock)
    asker.ask()
    store._left = 10**9
    assert [asker.ask(), asker.ask(user="Bob")] == ["Hello Ada.", "Hello Bob."]
    assert asker.outcomes == ["miss", "miss", "hit"]
    asker.close()


def test_a_breaker_lets_one_through_at_a_time() -> None:
    """The others go on without, until that one knows."""
    clock = FakeClock()
    breaker = Breaker(clock, failures=2, pause_s=10)
    breaker.failed(OSError())
    assert (breaker.closed(), breaker.failing) == (True, True)
    breaker.failed(OSError())
    assert (breaker.closed(), breaker.reason) == (False, "OSError")
    clock.advance(10)
    assert [breaker.closed(), breaker.closed()] == [True, False]
    breaker.succeeded()
    assert (breaker.closed(), breaker.reason) == (True, None)
    breaker.failed(OSError())
    assert breaker.closed()


def test_a_store_that_is_back_is_asked_again_after_one_pause() -> None:
    """Though calls of one kind began to fail a little before those of another, as they do where many are under way."""
    clock = FakeClock()
    breakers = Breakers(clock, "get", "put")
    for _ in range(3):
        breakers.failed("get", StoreError("down"), 0.25)
    clock.advance(0.1)
    breakers.failed("put", StoreError("down"), 0.25)
    clock.advance(4.95)
    assert not breakers.closed("get")
    clock.advance(0.05)
    assert breakers.closed("get")
    assert not breakers.closed("put")


def test_a_clock_that_is_put_back_does_not_prolong_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    """By an hour, say, while the store did not answer: it would be left alone for that hour."""
    clock = FakeClock()
    breaker = Breaker(clock)
    for _ in range(3):
        breaker.failed(StoreError("down"), 0.25)
    assert (breaker.closed(), breaker.hangs, breaker.waits) == (False, True, True)
    an_hour_ago = clock.now() - 3600
    monkeypatch.setattr(clock, "now", lambda: an_hour_ago)
    assert (breaker.hangs, breaker.waits, breaker.closed()) == (False, False, True)


def test_a_slow_answer_ends_an_outage() -> None:
    """The first call after it makes a new connection, on a machine that is behind: it answered all the same."""
    clock = FakeClock()
    breaker = Breaker(clock, failures=1)
    breaker.failed(OSError())
    clock.advance(5)
    assert breaker.closed()
    breaker.succeeded(took_s=0.2)
    assert (breaker.reason, breaker.failing, breaker.closed()) == (None, False, True)


def test_a_crowd_that_is_slow_at_once_is_one_slow_call() -> None:
    """Sixteen threads that queue at a cold start say little of the store; five slow calls one after another do."""
    clock = FakeClock()
    breaker = Breaker(clock)
    clock.advance(1.0)
    for _ in range(16):
        breaker.succeeded(took_s=0.5)
    after_the_crowd = breaker.reason
    for _ in range(4):
        clock.advance(0.5)
        breaker.succeeded(took_s=0.5)

    assert (after_the_crowd, breaker.reason) == (None, SLOW)
