"""Leases while the store is slow or does not answer: who holds or awaits one goes on, and none is left behind."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.works import Asker

from langcache.errors import StoreError
from langcache.runtime import lease
from langcache.runtime.breaker import SLOW
from langcache.runtime.clock import SYSTEM
from langcache.runtime.steps import Step
from langcache.storage.base import Lease, Record, Store
from langcache.storage.registry import open_store
from langcache.testing import Delay, FakeClock, FaultyStore, Raise, always
from langcache.testing.redis_server import wait_until

TERM_S = 10.0
Make = Callable[..., Asker]


class Seen(FaultyStore):
    """A store that other processes see, too; *on_get* is told of each get of an entry."""

    def __init__(self, inner: Store, clock: FakeClock, script: dict[str, Any]) -> None:
        super().__init__(inner, script, sleep=clock.sleep, asleep=clock.asleep)
        self.shared, self.inner = True, inner
        self.on_get: Callable[[int], None] = lambda number: None

    def _fault(self, method: str) -> Any:
        fault = super()._fault(method)
        if method == "get":
            self.on_get(self.calls.count("get"))
        return fault


@pytest.fixture(params=["sync", "async"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    made: list[Asker] = []

    def asker(**script: Any) -> Asker:
        clock = FakeClock()
        made.append(Asker(request.param, Seen(open_store("memory://"), clock, script), clock=clock))
        return made[-1]

    yield asker
    for one in made:
        one.close()


def an_entry(asker: Asker) -> Record:
    """What a leader of another process would store."""
    asker.ask()
    record = asker.store.inner.get("default", "key", now=asker.clock.now())  # type: ignore[attr-defined]
    asker.store.inner.delete("default", ["key"])  # type: ignore[attr-defined]
    assert record is not None
    return record


def is_free(asker: Asker) -> bool:
    """Whether the lease can be had; the clock stands still, so none runs out."""
    inner = asker.store.inner  # type: ignore[attr-defined]
    return inner.acquire("default", "key", ttl_s=TERM_S, now=asker.clock.now()) is not None


def test_who_waits_goes_on_waiting_while_the_store_is_slow(make: Make) -> None:
    """An overloaded machine makes a store slow: still one call, since waiting costs less than another would."""
    asker = make()
    record, inner = an_entry(asker), asker.store.inner  # type: ignore[attr-defined]
    lease = inner.acquire("default", "key", ttl_s=1e9, now=asker.clock.now())
    asker.store._script["get"] = iter(always(Delay(0.2)))  # type: ignore[attr-defined]
    begun = asker.store.calls.count("get")  # type: ignore[attr-defined]

    def other_process(gets: int) -> None:
        if gets == begun + 20:
            inner.put("default", "key", record, now=asker.clock.now(), lease=lease)
            inner.release(lease)

    asker.store.on_get = other_process  # type: ignore[attr-defined]
    assert asker.ask(user="Bob") == "Hello Bob."
    assert (asker.last.outcome, len(asker.chain.runs)) == ("hit", 1)
    assert asker.engine.store.trouble == SLOW


def test_a_leader_stores_and_gives_back_though_the_store_became_slow(make: Make) -> None:
    """Others wait for it; who comes later goes without the store."""
    asker = make(get=[None, None, *[Delay(0.2)] * 5], put=[Delay(0.2)])

    def become_slow() -> None:
        for number in range(5):
            asker.engine.store.get("default", str(number)).run()

    asker.chain.before = become_slow
    asker.chain.abefore = _awaited(become_slow)
    asker.ask()
    assert asker.engine.store.trouble == SLOW
    assert asker.store.inner.get("default", "key", now=asker.clock.now()) is not None  # type: ignore[attr-defined]
    assert is_free(asker)
    calls = len(asker.store.calls)  # type: ignore[attr-defined]
    asker.chain.before, asker.chain.abefore = (lambda: None), None
    asker.ask(key="later")
    assert len(asker.store.calls) == calls  # type: ignore[attr-defined]


def _awaited(call: Callable[[], None]) -> Callable[[], Any]:
    async def run() -> None:
        call()

    return run


def test_a_lease_that_could_not_be_given_back_is_tried_again(make: Make) -> None:
    """Not left to run out: others would wait that long."""
    asker = make(put=[Raise(StoreError("full"))], release=[Raise(StoreError("no answer"))])
    asker.ask()
    wait_until(lambda: is_free(asker), "the lease")
    assert asker.store.calls.count("release") == 2  # type: ignore[attr-defined]


def test_a_miss_asks_the_store_three_things(make: Make) -> None:
    """Looked up, leased, stored: nothing is there to look at again, and the answer gives the lease back."""
    asker = make()
    asker.ask()
    assert asker.store.calls == ["get", "acquire", "put"]  # type: ignore[attr-defined]
    assert is_free(asker)


def test_leases_come_and_go_while_others_are_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that renews them goes on: it dies with the leases of everybody."""
    renewed: set[str] = set()

    class Coming:
        """A store; whoever is renewed there has a request of its own behind it."""

        def renew(self, held: Lease, _ttl_s: float) -> Step[None]:
            def note() -> None:
                if held.key not in renewed:
                    renewed.add(held.key)
                    renewer.add(Lease("default", f"{held.key}, and one more", 1))

            return Step(note, _awaited(note))

    monkeypatch.setattr(lease, "TERM_S", 0.03)
    renewer = lease.Renewer(Coming(), SYSTEM, patience_s=60.0)  # type: ignore[arg-type]
    renewer.add(Lease("default", "a", 1))
    try:
        wait_until(lambda: len(renewed) > 3, "renewals")
    finally:
        renewer.forget()


def test_a_lease_answered_shows_that_the_store_is_back(make: Make) -> None:
    """Whatever call was let through to see."""
    asker = make(get=[Raise(StoreError("no answer"))] * 3)
    for number in range(3):
        asker.engine.store.get("default", str(number)).run()
    assert asker.engine.store.trouble == "no answer"
    asker.clock.advance(5)
    assert is_free(asker)
    asker.engine.store.acquire("default", "other", TERM_S).run()
    asker.clock.advance(5)
    asker.ask(key="k")
    asker.ask(key="k")
    assert asker.last.outcome == "hit"
