"""The flow of one request: look up, decide, lead or wait, fetch, fill. Written once.

Each method is a generator of steps for `langcache.runtime.steps`; no decision is taken anywhere else.
"""

import asyncio
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from langcache.core.directives import Directives
from langcache.core.entry import Entry
from langcache.core.events import Event
from langcache.core.policy import Expiry, judge
from langcache.errors import CorruptEntry, NotCached, UnstorableError
from langcache.runtime.background import in_background
from langcache.runtime.clock import Clock
from langcache.runtime.fetch import SHOWN, Fetch, Price, Term, why_unfilled
from langcache.runtime.flight import Flights, Landing, leading
from langcache.runtime.guard import GuardedStore
from langcache.runtime.lease import Claim, Leases
from langcache.runtime.retry import RetryPolicy
from langcache.runtime.steps import Flow, show
from langcache.runtime.work import StreamBroke, Work

__all__ = ["Engine"]

Good = Callable[[Entry | None], bool]
"""Whether an entry found while asking to lead makes leading needless."""

WAIT_S = 120.0
"""How long a waiter trusts its leader; longer than any single provider call should take."""


@dataclass(slots=True)
class Engine:
    """Answers requests for one cache.

    Attributes:
        store: where entries are.
        flights: who is fetching what, in this process.
        retry: the one retry layer.
        clock: time and sleep.
        expiry: lifetimes.
        price: what a provider call costs, in USD; None if unknown.
        record: told of every finished event.
        chance: draws from [0, 1) whether an answer is refreshed early.
    """

    store: GuardedStore
    retry: RetryPolicy
    clock: Clock
    expiry: Expiry
    price: Price
    record: Callable[[Event], None]
    chance: Callable[[], float] = random.random
    flights: Flights = field(default_factory=Flights)
    leases: Leases = field(init=False)
    fetch: Fetch = field(init=False)
    tasks: set[Any] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.leases = Leases(self.store, self.clock, WAIT_S)
        self.fetch = Fetch(self.store, self.retry, self.clock, self.expiry, self.price, self.flights, self.leases)

    def answer(self, work: Work) -> Flow[Any]:
        """The answer to *work*; raises what the chain raises, or `NotCached`."""
        return (yield from self._recorded(work, self._answer(work)))

    def stream(self, work: Work, replay: Callable[[Any], Iterable[Any]]) -> Flow[None]:
        """Show the answer to *work* while it comes; one that was stored, or came whole, as *replay* cuts it."""
        try:
            answer = yield from self._recorded(work, self._answer(work))
        except StreamBroke as broke:
            error = broke.error
        else:
            for chunk in () if answer is SHOWN else replay(answer):
                yield show(chunk)
            return
        raise error

    def _recorded(self, work: Work, flow: Flow[Any]) -> Flow[Any]:
        event, started = work.event, self.clock.now()
        try:
            return (yield from flow)
        except (GeneratorExit, asyncio.CancelledError):
            event.reason = event.reason or "abandoned"
            raise
        except Exception as error:
            event.reason = event.reason or f"error: {error if isinstance(error, StreamBroke) else type(error).__name__}"
            raise
        finally:
            event.latency_s = max(0.0, self.clock.now() - started)
            if event.outcome not in ("hit", "stale"):
                self.fetch.account_lost(work)
            event.reason = event.reason or self.store.take_news()
            self.record(event)

    def _answer(self, work: Work) -> Flow[Any]:
        asked = work.directives
        if asked.no_store or work.bypass is not None:
            if asked.only_if_cached:
                raise NotCached("only-if-cached, but nothing may be read: " + (work.bypass or "no-store"))
            return (yield from self.fetch.around(work, work.bypass or "no-store"))
        stale: Entry | None = None
        if not asked.no_cache:
            entry = yield self.store.get(work.namespace, work.key)
            verdict = judge(entry, asked, self.expiry, self.clock.now(), 1.0 - self.chance())
            if entry is not None and verdict in ("fresh", "early", "revalidate"):
                if verdict != "fresh" and not asked.only_if_cached:
                    yield from self._refresh_soon(work, entry)
                return (yield from self._serve(work, entry, "stale" if verdict == "revalidate" else "hit"))
            stale = entry if verdict == "stale" else None
            work.event.lapsed_s = None if entry is None else self.clock.now() - entry.created_at
        if asked.only_if_cached:
            raise NotCached(f"only-if-cached, and no answer of chain {work.event.chain!r} is stored under this key")
        if asked.no_cache:
            work.event.outcome = "refresh"
            yield self.store.get(work.namespace, work.key)  # what only others can read is not overwritten
            return (yield from self.fetch.generate(work, Term()))
        return (yield from self._lead_or_wait(work, stale))

    def _serve(self, work: Work, entry: Entry, outcome: Any) -> Flow[Any]:
        event = work.event
        before, event.outcome = event.outcome, outcome  # the answer tells it, too
        try:
            answer = work.fill(entry)
        except CorruptEntry:
            event.outcome = before
            yield self.store.drop_corrupt(work.namespace, work.key)
            return (yield from self._lead_or_wait(work, None))
        except UnstorableError:
            event.outcome = before
            return (yield from self._lead_or_wait(work, None, _newer_than(entry)))
        except Exception as error:
            return (yield from self.fetch.around(work, f"cannot be filled for this user: {why_unfilled(error)}"))
        event.model = entry.model
        event.age_s = max(0.0, self.clock.now() - entry.created_at)
        event.saved_usd = entry.cost_usd
        return answer

    def _lead_or_wait(self, work: Work, stale: Entry | None, good: Good | None = None) -> Flow[Any]:
        failures = 0
        while True:
            flight, leads = self.flights.join((work.namespace, work.key), failures)
            if leads:
                term = Term(flight)
                return (
                    yield from self._leading(
                        term, self._lead(work, term, stale, good or self.fresh_for(work.directives))
                    )
                )
            landing = yield flight.wait(WAIT_S)
            if landing.error is not None:
                if stale is not None:
                    return (yield from self._serve(work, stale, "stale"))
                raise landing.error
            if landing.released:
                return (yield from self._fetched(work, Term(), stale))
            if landing.entry is not None:
                return (yield from self._serve(work, landing.entry, "hit"))
            failures = flight.failures + 1

    def _leading(self, term: Term, flow: Flow[Any]) -> Flow[Any]:
        """Run *flow* as the leader; however it ends, nobody is left waiting for it."""
        assert term.flight is not None
        try:
            with leading(term.flight):
                return (yield from flow)
        except Exception:
            yield from self.leases.release(term.lease)
            raise
        finally:
            self.leases.abandon(term.lease)
            self.flights.land(term.flight, term.landing)

    def _lead(self, work: Work, term: Term, stale: Entry | None, good: Good) -> Flow[Any]:
        claim = yield from self._claim(work, term, good)
        if claim.entry is not None:
            answer = yield from self._serve(work, claim.entry, "hit")
            term.landing = Landing(entry=claim.entry if work.event.outcome == "hit" else None)
            return answer
        if claim.alone:
            self.fetch.land(term, Landing(released=True))
        return (yield from self._fetched(work, term, stale))

    def _fetched(self, work: Work, term: Term, stale: Entry | None) -> Flow[Any]:
        """A new answer; where there is none to be had, the *stale* one, if it may be served."""
        try:
            return (yield from self.fetch.generate(work, term))
        except StreamBroke:
            raise
        except Exception:
            if stale is None:
                raise
        return (yield from self._serve(work, stale, "stale"))

    def _claim(self, work: Work, term: Term, good: Good) -> Flow[Claim]:
        """Ask to lead; somebody may have stored a *good* answer since it was looked up."""
        if self.store.hangs or not self.store.takes(work.namespace):
            claim = Claim()
        elif self.leases.needed:
            claim = yield from self.leases.claim(work.namespace, work.key, good)
        else:
            entry = yield self.store.get(work.namespace, work.key)
            claim = Claim(entry=entry if good(entry) else None)
        term.lease = claim.lease
        return claim

    def fresh_for(self, asked: Directives) -> Good:
        """Whether an entry found while asking to lead is fresh enough for who *asked*."""
        return lambda entry: judge(entry, asked, self.expiry, self.clock.now()) == "fresh"

    def _refresh_soon(self, work: Work, seen: Entry) -> Flow[None]:
        if not self.flights.under_way((work.namespace, work.key)):
            yield in_background(lambda: self._refresh(work, seen), self.tasks)

    def _refresh(self, work: Work, seen: Entry) -> Flow[None]:
        """Fetch anew in the background, once among threads, tasks and processes; on an account of its own."""
        flight, leads = self.flights.join((work.namespace, work.key))
        if leads:
            term = Term(flight)
            yield from self._leading(term, self._renew(work.apart(), term, seen))

    def _renew(self, work: Work, term: Term, seen: Entry) -> Flow[None]:
        claim = yield from self._claim(work, term, _newer_than(seen))
        term.landing = Landing(entry=claim.entry, released=claim.alone)
        if claim.entry is None and not claim.alone:
            work.event.outcome = "refresh"
            yield from self._recorded(work, self.fetch.generate(work, term))


def _newer_than(seen: Entry) -> Good:
    return lambda entry: entry is not None and entry.created_at > seen.created_at
