"""The flow of one request: look up, decide, lead or wait, generate, check, store, fill. Written once.

Each method is a generator of steps for `langcache.runtime.steps`; no decision is taken anywhere else.
"""

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from langcache.core.entry import Entry
from langcache.core.events import Event, Usage
from langcache.core.policy import Expiry, judge
from langcache.errors import CorruptEntry, NotCached, Refused, UnstorableError
from langcache.runtime import retry
from langcache.runtime.background import in_background
from langcache.runtime.clock import Clock
from langcache.runtime.flight import Flight, Flights, Landing, leading
from langcache.runtime.guard import GuardedStore
from langcache.runtime.lease import Claim, Leases
from langcache.runtime.retry import Attempts, RetryPolicy
from langcache.runtime.steps import Flow, Step, show
from langcache.runtime.work import MaskedRunFailed, Produced, Stream, StreamBroke, Work
from langcache.storage.base import Lease

__all__ = ["Engine", "Price"]

Price = Callable[[Usage], Decimal | None]

SHOWN = object()
"""The answer of a stream that has been shown chunk by chunk."""

WAIT_S = 120.0
"""How long a waiter trusts its leader; longer than any single provider call should take."""

UNFILLABLE = (Refused, UnstorableError, ValueError, TypeError)
"""What filling a sound template for one user can fail with."""


@dataclass(slots=True)
class Term:
    """What a leader holds: its flight among threads and tasks, its lease among processes; neither where it is alone."""

    flight: Flight | None = None
    lease: Lease | None = None


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
    """

    store: GuardedStore
    retry: RetryPolicy
    clock: Clock
    expiry: Expiry
    price: Price
    record: Callable[[Event], None]
    flights: Flights = field(default_factory=Flights)
    leases: Leases = field(init=False)
    tasks: set[Any] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.leases = Leases(self.store, self.clock, WAIT_S)

    def answer(self, work: Work) -> Flow[Any]:
        """The answer to *work*; raises what the chain raises, or `NotCached`."""
        return (yield from self._recorded(work.event, self._answer(work)))

    def stream(self, work: Work, replay: Callable[[Any], Iterable[Any]]) -> Flow[None]:
        """Show the answer to *work* while it comes; one that was stored, or came whole, as *replay* cuts it."""
        try:
            answer = yield from self._recorded(work.event, self._answer(work))
        except StreamBroke as broke:
            error = broke.error
        else:
            for chunk in () if answer is SHOWN else replay(answer):
                yield show(chunk)
            return
        raise error

    def _recorded(self, event: Event, flow: Flow[Any]) -> Flow[Any]:
        started = self.clock.now()
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
            event.reason = event.reason or self.store.take_news()
            self.record(event)

    def _answer(self, work: Work) -> Flow[Any]:
        asked = work.directives
        if asked.no_store or work.bypass is not None:
            if asked.only_if_cached:
                raise NotCached("only-if-cached, but nothing may be read: " + (work.bypass or "no-store"))
            return (yield from self._around(work, work.bypass or "no-store"))
        stale: Entry | None = None
        if not asked.no_cache:
            entry = yield self.store.get(work.namespace, work.key)
            verdict = judge(entry, asked, self.expiry, self.clock.now())
            if entry is not None and verdict in ("fresh", "revalidate"):
                if verdict == "revalidate":
                    yield in_background(lambda: self._refresh(work), self.tasks)
                return (yield from self._serve(work, entry, "hit" if verdict == "fresh" else "stale"))
            stale = entry if verdict == "stale" else None
        if asked.only_if_cached:
            raise NotCached(f"only-if-cached, and no answer of chain {work.event.chain!r} is stored under this key")
        if asked.no_cache:
            work.event.outcome = "refresh"
            return (yield from self._generate(work, Term()))
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
            return (yield from self._lead_or_wait(work, None, renew=True))
        except UNFILLABLE as error:
            return (yield from self._around(work, f"cannot be filled for this user: {_why(error)}"))
        event.model = entry.model
        event.age_s = max(0.0, self.clock.now() - entry.created_at)
        event.saved_usd = entry.cost_usd
        return answer

    def _lead_or_wait(self, work: Work, stale: Entry | None, *, renew: bool = False) -> Flow[Any]:
        failures = 0
        while True:
            flight, leads = self.flights.join((work.namespace, work.key), failures)
            if leads:
                return (yield from self._lead(work, flight, stale, renew))
            landing = yield flight.wait(WAIT_S)
            if landing.error is not None:
                if stale is not None:
                    return (yield from self._serve(work, stale, "stale"))
                raise landing.error
            if landing.released:
                return (yield from self._generate(work, Term(), stale))
            if landing.entry is not None:
                return (yield from self._serve(work, landing.entry, "hit"))
            failures = flight.failures + 1

    def _lead(self, work: Work, flight: Flight, stale: Entry | None, renew: bool) -> Flow[Any]:
        landing, term = Landing(), Term(flight)
        try:
            with leading(flight):
                claim = yield from self._claim(work, renew)
                term.lease = claim.lease
                if claim.entry is not None:
                    answer = yield from self._serve(work, claim.entry, "hit")
                    landing = Landing(entry=claim.entry if work.event.outcome == "hit" else None)
                    return answer
                if claim.alone:
                    landing = Landing(released=True)
                    self.flights.land(flight, landing)
                return (yield from self._generate(work, term, stale))
        except Exception:
            yield from self.leases.release(term.lease)
            raise
        finally:
            self.leases.abandon(term.lease)
            self.flights.land(flight, landing)

    def _claim(self, work: Work, renew: bool) -> Flow[Claim]:
        """Ask to lead; somebody may have stored the answer since it was looked up."""

        def fresh(entry: Entry | None) -> bool:
            return not renew and judge(entry, work.directives, self.expiry, self.clock.now()) == "fresh"

        if self.leases.needed:
            return (yield from self.leases.claim(work.namespace, work.key, fresh))
        entry = None if renew else (yield self.store.get(work.namespace, work.key))
        return Claim(entry=entry if fresh(entry) else None)

    def _generate(self, work: Work, term: Term, stale: Entry | None = None) -> Flow[Any]:
        try:
            produced = yield from self._run(work, work.masks)
        except MaskedRunFailed as failure:
            self.account(work.event, failure.usages)
            yield from self._release(work, term)
            answer = yield from self._around(work, f"masked run failed: {failure}", stale)
            work.masked_run_ended(False)  # unless real values fail as well
            return answer
        except StreamBroke:
            raise
        except Exception as error:
            if work.masks and term.flight is not None and term.flight.failures:
                # Masked requests of one key are identical, so a second failure speaks for all who still wait.
                self._land(term, Landing(error=error))
            if stale is not None:
                return (yield from self._serve(work, stale, "stale"))
            raise
        try:
            body = self.checked(work, produced)
        except Refused as refused:
            yield from self._release(work, term)
            return (yield from self._refused(work, produced, refused))
        except UnstorableError as error:
            yield from self._release(work, term)
            return (yield from self._unstorable(work, produced, str(error)))
        entry = self.entry(work, body)
        gone_at = self.expiry.gone_at(entry.fresh_until)
        yield self.store.put(work.namespace, work.key, entry, gone_at, work.labels, term.lease)
        self._land(term, Landing(entry=entry))
        yield from self.leases.release(term.lease)
        return (yield from self._own(work, produced))

    def _own(self, work: Work, produced: Produced) -> Flow[Any]:
        """The leader's own answer: what the chain said, with the leader's details in it."""
        if produced.unfilled is not None:
            work.event.reason = f"cannot be filled for this user: {_why(produced.unfilled)}"
        elif produced.shown and work.masks:
            work.masked_run_ended(True)
        if produced.shown or not work.masks:
            return SHOWN if produced.shown else produced.output
        try:
            answer = work.reveal(produced)
        except UNFILLABLE as error:
            return (yield from self._around(work, f"cannot be filled for this user: {_why(error)}"))
        work.masked_run_ended(True)
        return answer

    def checked(self, work: Work, produced: Produced) -> Any:
        """The packed answer, fit to be stored; raises `Refused` or `UnstorableError`."""
        if produced.refusal is not None:
            work.event.details.update(produced.details)
            raise Refused(produced.refusal)
        return work.template(produced)

    def _refused(self, work: Work, produced: Produced, refused: Refused) -> Flow[Any]:
        event = work.event
        event.outcome, event.reason = "refused", refused.reason
        for name in ("slot", "form", "position"):
            if getattr(refused, name) is not None:
                event.details[name] = getattr(refused, name)
        if produced.shown or not work.masks:
            return SHOWN if produced.shown else produced.output
        try:
            return work.reveal(produced)
        except UNFILLABLE:
            work.masked_run_ended(False)
            return (yield from self._real(work))

    def _unstorable(self, work: Work, produced: Produced, reason: str) -> Flow[Any]:
        work.event.outcome, work.event.reason = "bypass", reason
        if produced.shown or not work.masks:
            return SHOWN if produced.shown else produced.output
        work.masked_run_ended(False)
        return (yield from self._real(work))

    def _around(self, work: Work, reason: str, stale: Entry | None = None) -> Flow[Any]:
        work.event.outcome, work.event.reason = "bypass", reason
        try:
            return (yield from self._real(work))
        except Exception as error:
            if stale is None or isinstance(error, StreamBroke):
                raise
        return (yield from self._serve(work, stale, "stale"))

    def _real(self, work: Work) -> Flow[Any]:
        produced = yield from self._run(work, False)
        return SHOWN if produced.shown else produced.output

    def _run(self, work: Work, masked: bool) -> Flow[Produced]:
        attempts = Attempts()
        clock = self.clock

        def run() -> Produced | Stream:
            return retry.call(self.retry, lambda: work.run(masked), sleep=clock.sleep, now=clock.now, attempts=attempts)

        async def arun() -> Produced | Stream:
            return await retry.acall(
                self.retry, lambda: work.arun(masked), sleep=clock.asleep, now=clock.now, attempts=attempts
            )

        try:
            got: Produced | Stream = yield Step(run, arun)
        finally:
            work.event.attempts += attempts.count
            if attempts.errors:
                work.event.details.setdefault("errors", []).extend(attempts.errors)
        produced = got if isinstance(got, Produced) else (yield from self._shown(got))
        self.account(work.event, produced.usages)
        return produced

    def _shown(self, stream: Stream) -> Flow[Produced]:
        """Show what comes; from the first chunk on there is no other attempt."""
        shown = False
        try:
            while (chunks := (yield Step(stream.pull, stream.apull))) is not None:
                for chunk in chunks:
                    yield show(chunk)
                    shown = True
            return stream.produced()
        except Exception as error:
            if shown:
                raise StreamBroke(error) from error
            raise

    def account(self, event: Event, usages: Sequence[Usage]) -> None:
        """Add what provider calls used and cost to *event*."""
        for usage in usages:
            event.model = usage.model or event.model
            event.input_tokens += usage.input_tokens
            event.output_tokens += usage.output_tokens
            cost = self.price(usage)
            event.cost_usd = None if cost is None or event.cost_usd is None else event.cost_usd + cost

    def entry(self, work: Work, body: Any) -> Entry:
        """What is stored for *work*, written now."""
        now, event = self.clock.now(), work.event
        return Entry(
            body,
            now,
            self.expiry.fresh_until(now, random.random()),  # noqa: S311 -- spreads expiry, guards nothing
            event.model,
            event.input_tokens,
            event.output_tokens,
            event.cost_usd,
            work.about(),
        )

    def _refresh(self, work: Work) -> Flow[None]:
        """Fetch anew in the background, unless somebody does already; on an account of its own."""
        flight, leads = self.flights.join((work.namespace, work.key))
        if leads:
            again = work.apart()
            again.event.outcome = "refresh"
            yield from self._recorded(again.event, self._lead(again, flight, None, True))

    def _release(self, work: Work, term: Term) -> Flow[None]:
        """Let all who wait fetch their own at once: this answer is for nobody else."""
        self._land(term, Landing(released=True))
        if term.lease is not None:
            yield self.leases.tell_refused(work.namespace, work.key)
            yield from self.leases.release(term.lease)

    def _land(self, term: Term, landing: Landing) -> None:
        if term.flight is not None:
            self.flights.land(term.flight, landing)


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, Refused | UnstorableError) else type(error).__name__
